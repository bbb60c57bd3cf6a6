"""The loop where estimates and proposals come by message: told as stories over a clock of ours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, N, estimate_of, observation_at
from robot_parameters import SAFETY as G1_SAFETY

from wm_bringup.cycle.message_cycle import GO_ON_PERIOD, MessageCycle
from wm_control.arbiter.operator import OperatorInput
from wm_control.controllers.proposal import Proposal
from wm_control.types import (
    Action,
    Command,
    ControllerResult,
    SolveReport,
    Status,
    VelocityCommand,
)

DT = 0.002
TRANSPORT = 0.001
AHEAD = 1e9
SAFETY = replace(G1_SAFETY, arbiter=replace(G1_SAFETY.arbiter, ramp_time=0.0))


class World:
    """A cycle, and who sends to it: estimate ``k`` is of ``k`` ticks, on a clock ahead of ours.

    It arrives a transport time later, and a proposal 0.5 ms after that.
    """

    def __init__(self, drivers=("mpc",), shadows=()) -> None:
        self.time, self.tick, self.run, self.ahead = 50.0, 0, 7, AHEAD
        self.records = []
        self.cycle = MessageCycle(
            G1,
            SAFETY,
            self.records.append,
            drivers=drivers,
            shadows=shadows,
            clock=lambda: self.time,
        )

    def estimate(self, tick=None, **changes):
        """Let an estimate arrive: the next, or that of a tick of the past."""
        if tick is None:
            self.tick += 1
            tick = self.tick
            self.time = 50.0 + DT * tick + TRANSPORT
        observation = observation_at(self.ahead + 50.0 + DT * tick, tick, run=self.run)
        self.cycle.take_estimate(estimate_of(observation, **changes))

    def propose(self, name="mpc", tick=None, position=None, holds_for=0.0, plan_age=0.0):
        self.time += 0.0005
        tick = self.tick if tick is None else tick
        stamp = self.ahead + 50.0 + DT * tick
        zero = np.zeros(N)
        position = G1.default_position if position is None else position
        command = Command(stamp, tick, position, zero, G1.stiffness, G1.damping, zero)
        solves = (SolveReport(name, Status.OK, plan_age, 0.0, 1, 0.001, "", holds_for),)
        result = ControllerResult(name, command, Status.OK, "", solves)
        self.cycle.take_proposal(Proposal(stamp, tick, result))

    def exchange(self, count, *names):
        """Let estimates come, each answered by all that are named."""
        for _ in range(count):
            self.estimate()
            for name in names:
                self.propose(name)

    def stand(self, seconds):
        """Let nothing come for a time; the timer goes on."""
        end = self.time + seconds
        while self.time < end:
            self.time += GO_ON_PERIOD
            self.cycle.go_on()

    def ask(self, **request):
        self.cycle.loop.request(OperatorInput(**request))

    @property
    def decision(self):
        return self.records[-1].decision


@pytest.fixture
def armed():
    world = World()
    world.ask(arm=True)
    world.exchange(2, "mpc")
    assert world.decision.action == Action.NOMINAL
    return world


@pytest.fixture
def both():
    world = World(drivers=("mpc", "policy"))
    world.ask(arm=True)
    world.exchange(2, "policy", "mpc")
    assert world.decision.source == "mpc"
    return world


def ticks_of(world):
    return [record.observation.sequence for record in world.records]


def test_every_estimate_is_decided_on_once_as_soon_as_it_is_answered():
    world = World()
    world.exchange(4, "mpc")
    assert ticks_of(world) == [1, 2, 3, 4]
    assert world.records[-1].results["mpc"].solves[0].age == 0.0
    # decided half a millisecond after it came, on the clock of its stamp
    age = world.decision.stamp - world.records[-1].observation.stamp
    assert age == pytest.approx(0.0005, abs=1e-6)


def test_nothing_moves_before_the_operator_arms(armed):
    world = World()
    world.exchange(3, "mpc")
    assert world.decision.action == Action.DAMPING
    assert not world.decision.command.stiffness.any()
    assert armed.decision.command.stiffness == pytest.approx(G1.stiffness)
    assert armed.decision.command.sequence == armed.tick


def test_an_estimate_without_an_answer_is_decided_on_when_the_next_one_comes(armed):
    armed.estimate()
    assert ticks_of(armed) == [1, 2]
    armed.estimate()
    assert ticks_of(armed) == [1, 2, 3]
    assert armed.decision.source == "mpc"
    age = armed.records[-1].results["mpc"].solves[0].age
    assert age == pytest.approx(DT, abs=1e-6), "the last proposal is held, and has grown older"
    armed.propose()
    assert ticks_of(armed) == [1, 2, 3, 4]


def test_a_proposal_that_was_made_to_hold_is_not_waited_for():
    world = World(drivers=("policy",))
    world.estimate()
    world.propose("policy", holds_for=0.02)
    for _ in range(9):
        world.estimate()
    assert ticks_of(world) == list(range(1, 11))
    world.estimate()
    assert ticks_of(world)[-1] == 10, "after 20 ms the policy's next answer is due"
    world.propose("policy", holds_for=0.02)
    assert ticks_of(world)[-1] == 11


def test_a_repeated_a_late_and_a_lost_estimate_restart_nothing(armed):
    armed.estimate(tick=armed.tick)
    armed.estimate(tick=1)
    armed.tick += 1  # lost
    armed.exchange(2, "mpc")
    assert ticks_of(armed) == [1, 2, 4, 5]
    assert armed.decision.action == Action.NOMINAL


def test_when_the_controller_falls_silent_its_own_rules_stop_the_robot(armed):
    armed.exchange(30)
    assert armed.decision.action == Action.FALLBACK
    assert armed.decision.first_cause.rule == "plan_old"
    armed.exchange(120)
    assert armed.decision.action == Action.DAMPING


def test_a_follower_whose_planner_is_gone_goes_on_with_its_own(armed):
    for k in range(250):
        armed.estimate()
        armed.propose(plan_age=DT * k)
    assert armed.decision.first_cause.rule == "plan_old"
    assert (armed.decision.action, armed.decision.source) == (Action.FALLBACK, "mpc")


def test_when_estimates_stay_away_cycles_go_on_and_the_state_grows_old(armed):
    armed.stand(0.025)
    assert armed.decision.action < Action.FALLBACK
    armed.stand(0.05)
    assert armed.decision.first_cause.rule == "state_old"
    assert armed.decision.action == Action.FALLBACK
    armed.stand(2.0)
    assert armed.decision.action == Action.DAMPING
    assert not armed.decision.armed


def test_that_its_own_process_stood_still_is_told_like_the_stall_of_any_loop(armed):
    """Stopped for half a second: the robot's watchdog has damped it, and nothing may go on."""
    armed.tick += 250
    armed.exchange(1, "mpc")
    assert armed.decision.action == Action.DAMPING
    assert armed.decision.first_cause.rule == "loop_lost"
    armed.exchange(100, "mpc")
    assert armed.decision.action == Action.DAMPING


def test_an_estimate_from_before_a_stall_is_not_decided_on_after_it(armed):
    armed.estimate()  # not answered before all stands still for 30 ms
    armed.tick += 15
    armed.exchange(1, "mpc")
    assert ticks_of(armed) == [1, 2, 19]
    assert armed.decision.first_cause.rule == "loop_stalled"
    assert armed.decision.action == Action.FALLBACK
    armed.exchange(500, "mpc")
    assert armed.decision.action == Action.NOMINAL


def test_what_was_proposed_during_a_stall_waits_for_the_estimate_that_it_answers(armed):
    """After 30 ms the timer and a proposal come to be read before the newest estimate."""
    armed.estimate()
    armed.tick += 14
    armed.time += 14 * DT
    armed.cycle.go_on()
    armed.propose()
    assert ticks_of(armed) == [1, 2]
    armed.estimate(tick=armed.tick)
    assert ticks_of(armed) == [1, 2, 17]
    assert not armed.cycle.refusals.counts
    assert armed.decision.first_cause.rule == "loop_stalled"


def test_an_estimate_that_was_long_on_its_way_is_as_old_as_it_is(armed):
    """The fastest transport is the best that is known of the other clock."""
    armed.tick += 1
    armed.time = 50.0 + DT * armed.tick + 0.016  # 15 ms longer than the others took
    armed.estimate(tick=armed.tick)
    armed.propose()
    age = armed.decision.stamp - armed.records[-1].observation.stamp
    assert age == pytest.approx(0.0155, abs=1e-6)


def test_another_run_starts_the_loop_again_unarmed_and_forgets_what_was_proposed(armed):
    armed.run += 1
    armed.estimate()
    armed.propose(tick=armed.tick - 1)  # an answer to the run before
    armed.estimate()
    assert not armed.decision.armed
    assert armed.records[-1].results["mpc"].command is None
    armed.exchange(20, "mpc")
    assert not armed.decision.armed
    armed.ask(arm=True)
    armed.exchange(1, "mpc")
    assert armed.decision.action == Action.NOMINAL


def test_another_run_may_tell_another_time(armed):
    armed.run += 1
    armed.ahead = -50.0  # a simulation that counts from zero
    armed.exchange(2, "mpc")
    assert armed.decision.stamp == pytest.approx(DT * armed.tick + 0.0005)


def test_another_run_does_not_undo_the_operators_stop(armed):
    armed.ask(stop=True)
    armed.exchange(1, "mpc")
    armed.run += 1
    armed.exchange(2, "mpc")
    assert armed.decision.first_cause.rule == "operator_stop"


def test_a_second_driver_takes_over_from_one_that_falls_silent_and_nobody_waits_for_the_first(both):
    both.exchange(60, "policy")
    assert both.decision.source == "policy"
    assert both.records[-1].driver == "policy"
    seen = both.tick
    both.exchange(3, "policy")
    assert ticks_of(both)[-3:] == [seen + 1, seen + 2, seen + 3]


def test_nobody_waits_for_a_shadow_and_its_command_reaches_nobody():
    world = World(shadows=("policy",))
    world.ask(arm=True)
    world.exchange(1, "mpc", "policy")
    world.exchange(50, "policy")
    assert {record.decision.source for record in world.records} <= {"mpc", "arbiter"}
    assert set(world.records[-1].results) == {"mpc", "policy"}
    world.exchange(1, "mpc")
    assert ticks_of(world)[-1] == world.tick


def test_a_proposal_of_somebody_unknown_is_nothing(armed):
    before = len(armed.records)
    armed.estimate()
    armed.propose("somebody")
    assert len(armed.records) == before
    assert set(armed.records[-1].results) == {"mpc"}


def test_an_impossible_proposal_is_refused_counted_and_not_followed(armed):
    armed.estimate()
    armed.propose(position=G1.default_position + 10.0)
    assert armed.decision.command.position == pytest.approx(G1.default_position)
    assert armed.cycle.refusals.counts == {"command: room of the position targets": 1}


def test_the_filter_bounds_what_any_driver_says(armed):
    position = G1.default_position.copy()
    position[3] += 1.0
    armed.estimate()
    armed.propose(position=position)
    assert armed.decision.clipped.nonzero()[0].tolist() == [3]
    assert armed.cycle.safeguards().clips["rate"] == 1


def test_the_operators_velocity_is_admitted_within_limits_and_goes_stale(armed):
    armed.cycle.take_velocity(VelocityCommand(0.5, 0.0, 0.0))
    armed.exchange(1, "mpc")
    assert armed.records[-1].admitted.command == VelocityCommand(0.5, 0.0, 0.0)
    assert armed.records[-1].admitted.run == 7
    armed.exchange(260, "mpc")
    assert armed.records[-1].admitted.command == VelocityCommand()
    armed.cycle.take_velocity(VelocityCommand(float("nan"), 0.0, 0.0))
    assert armed.cycle.safeguards().refused == 1


def test_limits_change_from_the_next_cycle_on(armed):
    narrow = replace(SAFETY, velocity=replace(SAFETY.velocity, max_linear_x=0.25))
    armed.cycle.change_safety(narrow)
    armed.cycle.take_velocity(VelocityCommand(0.5, 0.0, 0.0))
    armed.exchange(1, "mpc")
    assert armed.records[-1].velocity.linear_x == pytest.approx(0.25)
    assert "max_linear_x" in armed.cycle.safeguards().velocity_reduction


def test_shutting_down_ends_with_damping(armed):
    armed.cycle.shut_down()
    assert armed.decision.action == Action.DAMPING
    assert not armed.decision.command.stiffness.any()
    World().cycle.shut_down()  # before anything came there is nobody to tell
