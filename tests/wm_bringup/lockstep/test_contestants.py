"""Contestants in lock-step: what each does beside the loop, and when."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from policy_files import G1, deploy_yaml, estimate, write_yaml
from tiny_networks import linear

from wm_bringup.cycle.loop import Stamps, TickRecord
from wm_bringup.judging.episodes import WalkSetup, check_policy_setup, policy_facts, run_episode
from wm_bringup.lockstep.contestants import LearnedContestant, ModelBasedContestant, SideBySide
from wm_bringup.lockstep.watched import Thought, Watch, Watched
from wm_bringup.robots.base import Blindfold
from wm_bringup.scenarios.scenario import Push, Scenario, VelocitySegment
from wm_control.controllers.beside import PlannerBeside
from wm_control.errors import ParameterError
from wm_control.types import (
    Action,
    Command,
    ControllerResult,
    Decision,
    SolveReport,
    Status,
    VelocityCommand,
)
from wm_policy.beside import PolicyBeside


class Planner:
    def __init__(self):
        self.plans = 0

    def reset(self, estimate):
        pass

    def step(self, estimate, velocity, *, in_shadow=False):
        self.plans += 1
        return self.plans


def record(stamp):
    """What the loop hands to a contestant after a tick at ``stamp``."""
    believed = estimate(stamp)
    row = np.zeros(29)
    decision = Decision(stamp, Action.NOMINAL, "policy", Command(stamp, 0, *[row] * 5), True)
    stamps = Stamps(0.0, 0.0, 0.0, 0.0)
    return TickRecord(
        believed.observation, believed, VelocityCommand(), {}, decision, stamps, decision.source
    )


class Follower:
    plan = None

    def __init__(self):
        self.received = []

    def receive(self, plan):
        self.received.append(plan)


def test_the_model_based_contestant_plans_every_fourth_tick_and_waits_for_the_plan():
    planner, follower = Planner(), Follower()
    contestant = ModelBasedContestant(PlannerBeside(planner, 0.008, 0.002), follower, lambda: 0.003)
    contestant.prepare(estimate())
    contestant.start()
    assert follower.received == [1]
    for tick in range(9):
        contestant.deliver(0.002 * tick)
        contestant.think(record(0.002 * tick))
        if tick == 5:
            assert follower.received == [1]
    # tick 0 is the instant that was planned from before the start; then ticks 4 and 8
    assert planner.plans == 3
    contestant.deliver(0.019)
    assert follower.received == [1, 2, 3]


def test_a_plan_from_an_old_observation_arrives_no_earlier_than_it_was_made():
    planner, follower = Planner(), Follower()
    contestant = ModelBasedContestant(PlannerBeside(planner, 0.008, 0.002), follower, lambda: 0.003)
    contestant.deliver(0.030)
    contestant.think(record(0.010))
    contestant.deliver(0.032)
    assert follower.received == []
    contestant.deliver(0.034)
    assert follower.received == [1]


class Policy:
    """Answers every tenth tick with the number of its answer in every entry."""

    name = "policy"

    def __init__(self):
        self.answers = 0

    def reset(self, estimate):
        self.answers = 0

    def shadow(self, executed):
        assert executed is None  # it drives

    def see(self, estimate):
        """Nothing happens between its answers."""

    def is_due(self, stamp, dt):
        return round(stamp / dt) % 10 == 0

    def step(self, estimate, velocity, dt, executed=None):
        self.answers += 1
        if self.answers == 3:
            return ControllerResult(self.name, None, Status.FAILED, "lost its mind")
        row = np.full(estimate.joint_position.shape, float(self.answers))
        observation = estimate.observation
        command = Command(observation.stamp, observation.sequence, row, row, row, row, row)
        report = SolveReport(self.name, Status.OK, 0.0, 1.5, 1, 1e-4, holds_for=0.02)
        return ControllerResult(self.name, command, Status.OK, "", (report,))


def test_a_policys_proposals_arrive_after_their_time_and_are_held_until_the_next():
    contestant = LearnedContestant(PolicyBeside(Policy(), 0.002), G1, lambda: 0.003)
    contestant.prepare(estimate())
    contestant.controller.reset(estimate())
    contestant.start()
    held = []
    for tick in range(24):
        now = 0.002 * tick
        contestant.deliver(now)
        result = contestant.controller.step(estimate(now), VelocityCommand(), 0.002)
        held.append(0.0 if result.command is None else result.command.position[0])
        contestant.think(record(now))
    # a step before the start, then at ticks 10 and 20, each heeded 3 ms later: at ticks 12 and 22;
    # the one at tick 20 is the policy's third, which failed
    assert held == [1.0] * 12 + [2.0] * 10 + [0.0] * 2
    assert contestant.plan is None
    assert math.isnan(contestant.gait_phase(1.0))


def test_so_does_a_proposal():
    contestant = LearnedContestant(PolicyBeside(Policy(), 0.002), G1, lambda: 0.003)
    contestant.prepare(estimate())
    contestant.controller.reset(estimate())

    def proposed(now):
        contestant.deliver(now)
        return contestant.controller.step(estimate(now), VelocityCommand(), 0.002).command

    proposed(0.030)
    contestant.think(record(0.020))
    assert proposed(0.032) is None
    assert proposed(0.034).position[0] == 2.0


@pytest.fixture
def policy(tmp_path):
    """A policy that stands: its targets are its default pose, whatever it sees."""
    linear(tmp_path / "policy.onnx", 96, 29, matrix=np.zeros((96, 29)))
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    return tmp_path


def test_a_policy_walks_in_lock_step_with_the_same_judge(policy):
    scenario = Scenario(duration=0.3, noise="nominal")
    setup = WalkSetup(scenario, controller="policy", policy=policy)
    first, again = run_episode(setup, 0), run_episode(setup, 0)
    assert not first.fell
    assert first["degraded"] == 0.0
    assert first.notes["trace_sha256"] == again.notes["trace_sha256"]


def test_a_result_says_which_policy_walked_and_what_it_was_trained_for(policy):
    facts = policy_facts(WalkSetup(Scenario(), controller="policy", policy=policy))
    assert facts["family"] == "unitree_deploy"
    assert facts["trained_for"]["angular_z"] == [-0.2, 0.2]
    assert len(facts["sha256"]) == 64
    assert policy_facts(WalkSetup(Scenario())) is None


def test_a_policy_needs_a_file_and_knows_no_gait_phase(policy):
    good = WalkSetup(Scenario(), controller="policy", policy=policy)
    check_policy_setup(good)
    with pytest.raises(ParameterError, match="--policy FILE"):
        check_policy_setup(replace(good, policy=None))
    with pytest.raises(ParameterError, match="step_in_place"):
        check_policy_setup(replace(good, step_in_place=True))
    pushed = Scenario(pushes=(Push((5.0, 0.0, 0.0), phase=0.3),), velocity=(VelocitySegment(),))
    with pytest.raises(ParameterError, match="phase"):
        check_policy_setup(replace(good, scenario=pushed))


class SlowLane:
    """Takes its time."""

    doubt = ""

    def reset(self):
        """Nothing to forget."""

    def see(self, estimate, velocity):
        """Nothing to take in."""

    def work_ahead(self, executed):
        began = time.thread_time()
        while time.thread_time() - began < 0.01:
            pass


def test_the_time_of_the_lane_is_none_that_a_policy_is_charged_for():
    contestant = LearnedContestant(PolicyBeside(Policy(), 0.002), G1, lambda: 0.003, SlowLane())
    thought = Thought()
    one = Watched(contestant, Watch("policy", Blindfold()), thought)
    one.prepare(estimate())
    one.controller.reset(estimate())
    before = thought.beside
    SideBySide([one], lambda: "policy").think(record(0.0))
    assert thought.in_loop >= 0.01
    assert thought.beside - before < 0.01
