"""The policy beside the loop: repeated estimates, restarts, and whose command it observes."""

from dataclasses import replace

import numpy as np
import pytest
from policy_files import estimate

from wm_control.types import (
    Action,
    AdmittedVelocity,
    Command,
    ControllerResult,
    Executed,
    Status,
    VelocityCommand,
)
from wm_policy.beside import PolicyBeside

DT = 0.002
ROW = np.zeros(29)


class FakePolicy:
    """Due every tenth tick; notes what it was told."""

    name = "policy"

    def __init__(self):
        self.resets, self.steps, self.told, self.seen = [], [], [], []

    def reset(self, estimate):
        self.resets.append(estimate.stamp)

    def see(self, estimate):
        self.seen.append(estimate.stamp)

    def is_due(self, stamp, dt):
        return not self.steps or stamp >= DT * (self.steps[-1] + 10) - 0.5 * dt

    def step(self, estimate, velocity, dt, executed=None):
        self.told.append(executed)
        self.steps.append(round(estimate.stamp / DT))
        return ControllerResult(self.name, None, Status.FAILED, str(velocity.linear_x))


@pytest.fixture
def policy():
    return FakePolicy()


@pytest.fixture
def beside(policy):
    return PolicyBeside(policy, DT)


def seen(tick, run=0):
    believed = estimate(DT * tick)
    return replace(believed, observation=replace(believed.observation, run=run))


def driven_by(source, tick=0, speed=0.5):
    return AdmittedVelocity(DT * tick, 0, VelocityCommand(speed), Action.NOMINAL, source)


def test_it_answers_at_the_policys_rate(beside, policy):
    answers = [tick for tick in range(22) if beside.answer(seen(tick)) is not None]
    assert answers == [0, 10, 20]


def test_repeated_late_and_reordered_estimates_restart_nothing(beside, policy):
    for tick in (0, 1, 1, 1, 9, 8, 9, 11, 3, 12, 21):
        beside.answer(seen(tick))
    assert policy.resets == [0.0]
    assert policy.steps == [0, 11, 21]


def test_another_run_restarts_it_and_is_answered_at_once(beside, policy):
    for tick, run in ((0, 0), (3, 0), (3, 1), (4, 1)):
        beside.answer(seen(tick, run))
    assert policy.resets == [0.0, 3 * DT]


def test_it_is_told_what_was_executed_and_who_drove(beside, policy):
    command = Command(0.0, 0, *[ROW] * 5)
    beside.answer(seen(0))
    beside.hear(driven_by("mpc"))
    beside.observe_executed(command)
    beside.answer(seen(10))
    assert not beside.drives
    beside.hear(driven_by("policy", 20))
    beside.answer(seen(20))
    assert beside.drives
    assert policy.told == [None, Executed(command, "mpc"), Executed(command, "policy")]


def test_what_was_executed_is_told_as_the_arbiters_until_it_is_heard_who_drives(beside, policy):
    beside.answer(seen(0))
    beside.observe_executed(Command(0.0, 0, *[ROW] * 5))
    beside.answer(seen(10))
    assert policy.told[-1].source == "arbiter"


def test_a_restart_forgets_what_was_executed(beside, policy):
    beside.hear(driven_by("mpc"))
    beside.observe_executed(Command(0.0, 0, *[ROW] * 5))
    beside.answer(seen(0))
    beside.answer(seen(10))
    assert policy.told == [None, None]


def test_it_follows_the_admitted_velocity_and_stops_without_one(beside):
    assert beside.answer(seen(0)).cause == "0.0"
    beside.hear(driven_by("policy", 10))
    assert beside.answer(seen(10)).cause == "0.5"
    assert beside.answer(seen(100)).cause == "0.0"
