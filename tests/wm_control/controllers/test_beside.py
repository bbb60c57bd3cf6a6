"""What works beside the loop: due times, lost, repeated and reordered estimates, restarts."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from robot_states import at

from wm_control.controllers.beside import (
    VELOCITY_PATIENCE,
    Arrival,
    EstimateOrder,
    PlanFollowerBeside,
    PlannerBeside,
    VelocityInForce,
)
from wm_control.types import (
    Action,
    AdmittedVelocity,
    Command,
    ControllerResult,
    Executed,
    Status,
    VelocityCommand,
)

DT = 0.002
WALK = VelocityCommand(0.5, 0.1, 0.2)


class FakePlanner:
    """Notes the stamps it was reset at and planned from, and the velocities."""

    def __init__(self):
        self.resets, self.planned, self.velocities, self.in_shadow = [], [], [], []

    def reset(self, estimate):
        self.resets.append(estimate.stamp)

    def step(self, estimate, velocity, *, in_shadow=False):
        self.planned.append(round(estimate.stamp / DT))
        self.velocities.append(velocity)
        self.in_shadow.append(in_shadow)
        return estimate.stamp


@pytest.fixture
def planner():
    return FakePlanner()


@pytest.fixture
def beside(planner):
    return PlannerBeside(planner, 0.008, DT)


@pytest.fixture
def seen(standing):
    """An estimate of a tick of a run."""

    def seen(tick, run=0):
        estimate = at(standing, DT * tick)
        return replace(estimate, observation=replace(estimate.observation, run=run))

    return seen


def admitted(tick=0, command=WALK, action=Action.NOMINAL, run=0, source="mpc"):
    return AdmittedVelocity(DT * tick, run, command, action, source)


def test_it_plans_at_once_and_then_once_per_period(beside, planner, seen):
    for tick in range(10):
        beside.answer(seen(tick))
    assert planner.planned == [0, 4, 8]
    assert planner.resets == [0.0]
    assert (beside.planned, beside.late) == (3, 0)


def test_a_repeated_estimate_is_neither_a_restart_nor_a_reason_to_plan(beside, planner, seen):
    for tick in (0, 1, 2, 3, 3, 3, 5, 6, 7, 8, 9):
        beside.answer(seen(tick))
    assert planner.planned == [0, 5, 9]  # 4 was lost: planned from the next one that came
    assert planner.resets == [0.0]
    assert beside.order.repeated == 2


def test_estimates_out_of_order_are_passed_over(beside, planner, seen):
    for tick in (0, 8, 4, 7, 12):
        beside.answer(seen(tick))
    assert planner.planned == [0, 8, 12]
    assert planner.resets == [0.0]
    assert beside.order.late == 2


def test_a_burst_of_lost_estimates_makes_one_plan_late(beside, planner, seen):
    for tick in (*range(5), *range(15, 20)):
        beside.answer(seen(tick))
    assert planner.planned == [0, 4, 15, 19]
    assert beside.late == 1


def test_another_run_starts_anew_even_if_time_stands_still(beside, planner, seen):
    for tick, run in ((0, 3), (4, 3), (4, 4), (5, 4), (8, 4)):
        beside.answer(seen(tick, run))
    assert planner.planned == [0, 4, 4, 8]
    assert planner.resets == [0.0, 4 * DT]


def test_a_straggler_of_the_run_before_does_not_restart(beside, planner, seen):
    for tick, run in ((0, 0), (4, 0), (8, 1), (6, 0), (12, 1)):
        beside.answer(seen(tick, run))
    assert planner.resets == [0.0, 8 * DT]
    assert planner.planned == [0, 4, 8, 12]


def test_a_run_counter_that_began_again_is_believed_after_a_while(seen):
    order = EstimateOrder()
    order.sort(seen(0, run=1000))
    answers = [order.sort(seen(tick, run=1)) for tick in range(1, 14)]
    assert answers.count(Arrival.START) == 1
    assert answers[-1] is Arrival.NEW


def test_an_estimate_without_a_time_is_passed_over(beside, planner, seen):
    beside.answer(seen(0))
    for nonsense in (float("nan"), float("inf"), -float("inf")):
        estimate = seen(4)
        beside.answer(replace(estimate, observation=replace(estimate.observation, stamp=nonsense)))
    beside.answer(seen(4))
    assert planner.planned == [0, 4]


def test_the_admitted_velocity_is_followed(beside, planner, seen):
    beside.answer(seen(0))
    beside.hear(admitted(4))
    beside.answer(seen(4))
    assert planner.velocities == [VelocityCommand(), WALK]


def test_a_velocity_of_another_time_is_a_stop():
    velocity = VelocityInForce()
    assert velocity.at(0.0) == VelocityCommand()
    assert velocity.cause == "no velocity admitted yet"
    velocity.hear(admitted(0))
    assert velocity.at(VELOCITY_PATIENCE - DT) == WALK
    assert velocity.at(VELOCITY_PATIENCE + DT) == VelocityCommand()
    velocity.hear(AdmittedVelocity(1e12, 0, WALK, Action.NOMINAL, "mpc"))
    assert velocity.at(1.0) == VelocityCommand()


def test_an_older_velocity_does_not_replace_a_newer_one():
    velocity = VelocityInForce()
    velocity.hear(admitted(5))
    velocity.hear(admitted(4, VelocityCommand(9.0)))
    assert velocity.at(5 * DT) == WALK
    velocity.hear(admitted(0, VelocityCommand(0.1), run=1))
    assert velocity.at(0.0) == VelocityCommand(0.1)


def test_it_says_which_action_stops_it():
    velocity = VelocityInForce()
    velocity.hear(admitted(0, VelocityCommand(), Action.SAFE_POSTURE))
    assert velocity.cause == "stopped by SAFE_POSTURE"


def test_the_planner_is_in_shadow_while_another_driver_has_the_robot(beside, planner, seen):
    for tick, source in ((0, None), (4, "mpc"), (8, "policy"), (12, "arbiter"), (16, "mpc")):
        if source is not None:
            beside.hear(admitted(tick, source=source))
        beside.answer(seen(tick))
    assert planner.in_shadow == [False, False, True, False, False]


class FakeFollower:
    """Notes what it was told, and answers with the stamp of the plan in hand as its cause."""

    name = "mpc"

    def __init__(self):
        self.resets, self.told, self.plan, self.error = [], [], None, None

    def reset(self, estimate):
        self.resets.append(round(estimate.stamp / DT))
        self.plan = None

    def receive(self, plan):
        self.plan = plan

    def step(self, estimate, velocity, dt, executed=None):
        if self.error:
            raise self.error
        self.told.append(executed)
        plan = "none" if self.plan is None else str(round(self.plan.stamp / DT))
        return ControllerResult(self.name, None, Status.FAILED, plan)


@dataclass(frozen=True)
class FakePlan:
    stamp: float


@pytest.fixture
def follower():
    return FakeFollower()


@pytest.fixture
def following(follower):
    return PlanFollowerBeside(follower, DT)


def test_a_follower_answers_every_estimate_once_and_restarts_for_another_run_only(
    following, follower, seen
):
    ticks = ((0, 0), (1, 0), (1, 0), (3, 0), (2, 0), (3, 1), (4, 1))
    answered = [following.answer(seen(tick, run)) is not None for tick, run in ticks]
    assert answered == [True, True, False, True, False, True, True]
    assert follower.resets == [0, 3]


def test_a_plan_that_came_before_its_run_is_followed_and_one_of_the_run_before_is_not(
    following, seen
):
    following.receive(FakePlan(0.0))
    assert following.answer(seen(0)).cause == "0"
    assert following.answer(seen(4, run=1)).cause == "none"
    following.receive(FakePlan(DT * 9))  # the planner saw the next run's first estimate sooner
    assert following.answer(seen(8, run=2)).cause == "9"


def test_a_follower_learns_in_whose_shadow_it_runs(following, follower, seen):
    command = Command(0.0, 0, *[np.zeros(29)] * 5)
    following.answer(seen(0))
    following.observe_executed(command)
    following.answer(seen(1))
    following.hear(admitted(2, source="policy"))
    following.answer(seen(2))
    assert follower.told == [None, Executed(command, "arbiter"), Executed(command, "policy")]
    assert [told.driven_by_another("mpc") for told in follower.told[1:]] == [False, True]
    assert not following.drives


def test_a_controller_beside_the_loop_that_raises_has_failed_with_the_exception_as_cause(
    following, follower, seen
):
    follower.error = RuntimeError("singular matrix")
    result = following.answer(seen(0))
    assert (result.controller, result.status, result.command) == ("mpc", Status.FAILED, None)
    assert result.cause == "mpc raised RuntimeError: singular matrix"
