from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, FakeController, FakeEstimator, N, observation_at
from robot_parameters import SAFETY

from wm_bringup.cycle.loop import GOOD_LOOKS, WAIT_LOOKS, ControlLoop, OverrunCounter
from wm_control.arbiter.operator import OperatorInput
from wm_control.types import Action, Status, VelocityCommand

DT = 0.002
STOP = VelocityCommand()
WALK = VelocityCommand(0.5, 0.0, 0.0)


class CountingClock:
    """Every reading is a millisecond later than the one before."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


class Bench:
    def __init__(self, armed: bool = True) -> None:
        self.estimator, self.controller = FakeEstimator(), FakeController()
        self.loop = ControlLoop(
            G1, self.estimator, [self.controller], SAFETY, clock=CountingClock()
        )
        self.loop.reset(observation_at(0.0, 0), armed=armed)
        self.cycle = 0

    def tick(self, velocity=STOP, **observed):
        self.cycle += 1
        now = DT * self.cycle
        return self.loop.tick(observation_at(now, self.cycle, **observed), velocity, now)

    def ticks(self, count, **inputs):
        return [self.tick(**inputs) for _ in range(count)]


@pytest.mark.parametrize(("planned", "looks"), [(True, GOOD_LOOKS), (False, WAIT_LOOKS)])
def test_the_driver_that_is_wanted_most_is_waited_for_before_another_one_begins(planned, looks):
    mpc, policy = FakeController(), FakeController(name="policy")
    if not planned:
        mpc.answer = {"status": Status.DEGRADED, "cause": "no plan yet"}
    loop = ControlLoop(
        G1,
        FakeEstimator(),
        [mpc, policy],
        SAFETY,
        clock=CountingClock(),
        drivers=["mpc", "policy"],
    )
    loop.reset(observation_at(0.0, 0))
    needed = 0
    while not loop.ready_to_start:
        needed += 1
        loop.hold(observation_at(DT * needed, needed), STOP, DT * needed)
    assert needed == looks


def test_a_healthy_cycle_sends_the_controllers_command():
    decision = Bench().tick(WALK)
    assert decision.action == Action.NOMINAL
    assert decision.source == "mpc"
    assert decision.command.sequence == 1
    assert decision.command.stiffness == pytest.approx(G1.stiffness)
    assert not decision.clipped.any()


def test_unarmed_it_damps_until_a_request_from_any_thread_arms_it():
    bench = Bench(armed=False)
    assert bench.tick().action == Action.DAMPING
    bench.loop.request(OperatorInput(arm=True))
    first = bench.tick()
    assert first.armed
    assert not first.command.stiffness.any(), "gains ramp up from zero"
    assert bench.ticks(500)[-1].command.stiffness == pytest.approx(G1.stiffness)


def test_requests_of_one_cycle_act_together_and_stop_wins():
    bench = Bench()
    bench.loop.request(OperatorInput(stop=True))
    bench.loop.request(OperatorInput(arm=True))
    decision = bench.tick()
    assert decision.action == Action.DAMPING
    assert decision.first_cause.rule == "operator_stop"


def test_a_controller_that_raises_is_a_failed_controller_with_the_exception_as_cause():
    bench = Bench()
    bench.tick()
    bench.controller.error = RuntimeError("singular matrix")
    decision = bench.ticks(2)[-1]
    assert decision.action == Action.SAFE_POSTURE
    assert "RuntimeError: singular matrix" in decision.first_cause.text
    assert bench.ticks(50)[-1].action == Action.DAMPING


def test_an_estimator_that_raises_is_unhealthy_and_its_last_belief_grows_old():
    bench = Bench()
    bench.tick()
    bench.estimator.error = ValueError("bad sample")
    decisions = bench.ticks(510)
    assert decisions[4].action == Action.FALLBACK
    assert "ValueError: bad sample" in decisions[4].first_cause.text
    assert decisions[-1].action == Action.DAMPING
    assert np.isfinite(decisions[-1].command.position).all()


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_belief_that_is_no_number_is_the_one_before_and_unhealthy(value):
    bench = Bench()
    bench.tick()
    before = bench.loop.last.estimate
    bench.estimator.changes = {"base_velocity_in_base": np.array([0.0, value, 0.0])}
    decisions = bench.ticks(5)
    estimate = bench.loop.last.estimate
    assert not estimate.healthy
    assert estimate.cause == "estimator: 1 of its beliefs are not finite"
    assert estimate.base_velocity_in_base.tolist() == before.base_velocity_in_base.tolist()
    assert estimate.stamp == pytest.approx(0.012)
    assert decisions[-1].action == Action.FALLBACK
    bench.estimator.changes = {}
    assert bench.ticks(50)[-1].action == Action.NOMINAL


def test_velocity_is_bounded_before_any_controller_sees_it():
    bench = Bench()
    bench.tick(VelocityCommand(5.0, -5.0, 5.0))
    bench.tick(VelocityCommand(math.nan, 0.0, 0.0))
    admitted, stop = bench.controller.velocities
    # 5 / 1.1 + 5 / 0.3 + 5 / 0.9 = 26.77 times too much
    assert admitted.linear_x == pytest.approx(5.0 / 26.77, abs=1e-4)
    assert admitted.linear_x == -admitted.linear_y == admitted.angular_z
    assert stop == VelocityCommand()


def test_fallback_stops_the_velocity_command_from_the_next_cycle_on():
    bench = Bench()
    bench.controller.answer = {"status": Status.DEGRADED, "cause": "plan is old"}
    bench.ticks(2, velocity=WALK)
    assert bench.controller.velocities == [WALK, VelocityCommand()]
    assert bench.loop.last.admitted.command == VelocityCommand()


def test_late_cycles_reach_the_arbiter():
    bench = Bench()
    for _ in range(11):
        bench.loop.report_late(True)
    assert bench.tick().action == Action.LIMITED


def test_overruns_are_counted_in_a_row_and_over_the_window():
    counter = OverrunCounter(period=0.25)
    for late in (True, False, True, True):
        counter.add(late)
    assert (counter.overruns.in_a_row, counter.overruns.share) == (2, 0.75)
    counter.add(False)
    assert (counter.overruns.in_a_row, counter.overruns.share) == (0, 0.5)


def test_periods_that_were_given_up_are_misses_and_the_next_cycle_knows_for_how_long():
    """Four cycles make a second; three of them are given up: 0.75 s."""
    counter = OverrunCounter(period=0.25)
    counter.add(False)
    counter.skip(3)
    overruns = counter.overruns
    assert (overruns.in_a_row, overruns.share, overruns.stall) == (3, 0.75, 0.75)
    counter.add(False)
    overruns = counter.overruns
    assert (overruns.in_a_row, overruns.share, overruns.stall) == (0, 0.75, 0.0)
    counter.skip(1_000_000)
    assert counter.overruns.share == 1.0


def test_a_held_robot_starts_anew_every_cycle_until_armed():
    bench = Bench(armed=False)
    for _ in range(3):
        assert not bench.loop.hold(observation_at(0.0, 0), WALK, 0.0).armed
    assert bench.estimator.resets == bench.controller.resets == 4
    bench.loop.request(OperatorInput(arm=True))
    assert bench.loop.hold(observation_at(0.0, 0), WALK, 0.0).armed


def test_every_stage_is_stamped_with_the_clock_that_was_handed_in():
    """Four readings of a clock that goes on by 1 ms each: start, estimated, controlled, decided."""
    bench = Bench()
    bench.tick()
    sample = bench.loop.last.latency(-0.008, 0.0, 0.006, deadline_missed=True, backend_time=0.5)
    assert sample.t_start == pytest.approx(0.001)
    assert sample.t_end == pytest.approx(0.004)
    assert sample.estimator_time == pytest.approx(0.001)
    assert sample.controller_time == pytest.approx(0.001)
    assert sample.arbiter_time == pytest.approx(0.001)
    assert sample.path == pytest.approx(0.014)
    assert sample.controller == "mpc"
    assert sample.iterations == 3
    assert sample.deadline_missed


def test_the_filter_bounds_whatever_the_controller_says_and_the_decision_tells_which_joints():
    bench = Bench()
    proposal = bench.controller.step(bench.estimator.reset(observation_at(0.0, 0)), WALK, DT)
    torque = np.zeros(N)
    torque[3] = 1000.0
    bench.controller.answer = {"command": replace(proposal.command, torque=torque)}
    decision = bench.tick()
    assert decision.clipped.nonzero()[0].tolist() == [3]
    assert decision.command.torque[3] == pytest.approx(G1.torque_limit[3])


def skipping(bench, periods):
    """Let a joint move by 0.21 rad at 5 rad/s meanwhile; return its torque by what is sent [N·m].

    Feed-forward is all that it can give, and the stiffness of 400 N·m/rad asks for 84 N·m more.
    """
    joint, stiff, full = 3, 400.0, G1.torque_limit[3]
    proposal = bench.controller.step(bench.estimator.reset(observation_at(0.0, 0)), WALK, DT)
    parts = {name: getattr(proposal.command, name).copy() for name in ("stiffness", "torque")}
    parts["stiffness"][joint], parts["torque"][joint] = stiff, -full
    bench.controller.answer = {"command": replace(proposal.command, **parts)}
    bench.tick()
    if periods:
        bench.loop.report_skipped(periods)
    bench.cycle += periods
    position, velocity = G1.default_position.copy(), np.zeros(N)
    position[joint] += 0.21
    velocity[joint] = 5.0
    sent = bench.tick(joint_position=position, joint_velocity=velocity).command
    pull = sent.stiffness * (sent.position - position) + sent.damping * (sent.velocity - velocity)
    return sent.torque[joint] + pull[joint]


def test_a_joint_that_moved_while_the_loop_stood_still_keeps_its_torque_bound():
    assert skipping(Bench(), 20) == pytest.approx(-G1.torque_limit[3])


def test_only_the_cycle_after_a_stall_is_as_long_as_the_stall():
    """Without one, no joint gets that far: its reading is not believed, nor bounded against."""
    bench = Bench()
    bench.loop.report_skipped(20)
    bench.tick()
    assert skipping(bench, 0) < -G1.torque_limit[3] - 80.0


def test_a_loop_that_begins_again_has_skipped_nothing():
    bench = Bench()
    periods = []
    apply = bench.loop.filter.apply
    bench.loop.filter.apply = lambda *given: periods.append(given[2]) or apply(*given)
    bench.loop.report_skipped(20)
    bench.loop.reset(observation_at(0.0, 0), armed=True)
    bench.ticks(2)
    assert periods == [DT, DT]


class TwoBench(Bench):
    def __init__(self, drivers=None) -> None:
        super().__init__()
        self.shadow = FakeController(name="policy")
        both = [self.controller, self.shadow]
        clock = CountingClock()
        self.loop = ControlLoop(G1, self.estimator, both, SAFETY, clock=clock, drivers=drivers)
        self.loop.reset(observation_at(0.0, 0), armed=True)


def test_every_controller_is_told_what_was_executed_and_who_drove():
    bench = TwoBench()
    first, second = bench.tick(), bench.tick()
    for controller in (bench.controller, bench.shadow):
        assert controller.executed[0] is None
        assert controller.executed[1].command is first.command
        assert controller.executed[1].source == "mpc"
    bench.loop.reset(observation_at(second.stamp, 3), armed=True)
    bench.tick()
    assert bench.controller.executed[2] is None


def test_unless_told_otherwise_the_first_controller_drives_and_the_others_are_in_shadow():
    bench = TwoBench()
    bench.controller.answer = {"status": Status.FAILED, "command": None}
    assert {decision.source for decision in bench.ticks(100)} == {"arbiter"}
    assert bench.loop.last.driver == "mpc"
    assert set(bench.loop.last.results) == {"mpc", "policy"}


def test_a_second_driver_takes_over_from_one_that_has_failed():
    bench = TwoBench(drivers=("mpc", "policy"))
    bench.tick()
    bench.controller.answer = {"status": Status.FAILED, "command": None}
    assert bench.ticks(2)[-1].source == "policy"
    assert bench.loop.last.driver == "policy"


def test_a_limping_shadow_is_charged_to_nobody_but_itself():
    bench = TwoBench()
    bench.shadow.answer = {"status": Status.DEGRADED, "cause": "limps"}
    decision = bench.tick()
    assert (decision.source, decision.action, decision.first_cause) == ("mpc", Action.NOMINAL, None)
    assert [cause.controller for cause in decision.causes] == ["policy"]
    assert bench.loop.last.latency(0.0, 0.0, 0.0).status == Status.OK
    bench.controller.answer = {"status": Status.DEGRADED, "cause": "x"}
    bench.tick()
    assert bench.loop.last.latency(0.0, 0.0, 0.0).status == Status.DEGRADED


def test_the_velocity_is_admitted_for_whoever_drives():
    bench = TwoBench(drivers=("mpc", "policy"))
    beyond = VelocityCommand(0.9, 0.3, 0.0)  # the policy was measured in a box, the mpc was not
    bench.tick(beyond)
    assert bench.controller.velocities[-1].linear_x < 0.9
    bench.controller.answer = {"status": Status.FAILED, "command": None}
    bench.ticks(3, velocity=beyond)
    assert bench.shadow.velocities[-1] == beyond
