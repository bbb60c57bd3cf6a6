"""A loop whose parts fail on purpose, told tick by tick."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, FakeController, FakeEstimator, estimate_of, observation_at
from robot_parameters import SAFETY

from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.faults.fault import Fault, parse_all
from wm_control.errors import ParameterError
from wm_control.types import Action, Command, Status, VelocityCommand

DT = 0.002
N = 29


def command(stamp):
    row = np.full(N, stamp)
    return Command(stamp, 0, row, row, row, row, row)


class Rig:
    """A loop of fakes with faults, ticked."""

    def __init__(self, *texts) -> None:
        self.controller = FakeController()
        safety = replace(SAFETY, arbiter=replace(SAFETY.arbiter, ramp_time=0.0))
        self.loop = ControlLoop(G1, FakeEstimator(), [self.controller], safety, clock=lambda: 0.0)
        self.faults = LoopFaults(self.loop, G1, parse_all(texts))
        self.loop.reset(observation_at(0.0, 0), armed=True)
        self.k = 0

    def tick(self):
        observation = self.faults.observation(observation_at(DT * self.k, self.k))
        decision = self.loop.tick(observation, VelocityCommand(), self.faults.now(DT * self.k))
        self.k += 1
        return decision

    def ticks(self, count):
        return [self.tick() for _ in range(count)]


def test_a_controller_that_is_off_is_a_failed_one_with_its_cause():
    rig = Rig("mpc:off@0.01")
    rig.ticks(6)
    result = rig.loop.last.results["mpc"]
    assert result.status == Status.FAILED
    assert "fault injected into the mpc" in result.cause


def test_a_controller_that_is_stuck_repeats_its_last_command_as_if_it_were_of_now():
    rig = Rig("mpc:stuck@0.01")
    rig.ticks(5)
    rig.controller.answer = {"command": command(0.01)}
    rig.tick()
    repeated = rig.loop.last.results["mpc"].command
    assert (repeated.stamp, repeated.sequence) == (pytest.approx(0.01), 5)
    np.testing.assert_array_equal(repeated.position, G1.default_position)


def test_a_command_of_the_controller_that_is_not_finite_is_held_against_it():
    rig = Rig("mpc:nan@0.01")
    decision = rig.ticks(6)[-1]
    assert "command_not_finite" in {cause.rule for cause in decision.causes}
    assert np.isfinite(decision.command.position).all()


def test_an_estimator_that_raises_makes_the_estimate_unhealthy():
    rig = Rig("estimator:off@0.01")
    rig.ticks(6)
    assert not rig.loop.last.estimate.healthy
    assert "InjectedFaultError" in rig.loop.last.estimate.cause


def test_a_clock_that_jumps_makes_the_state_old():
    rig = Rig("clock:bias=0.05@0.01")
    decision = rig.ticks(6)[-1]
    assert decision.action == Action.FALLBACK
    assert "state_old" in {cause.rule for cause in decision.causes}


def test_sensors_fail_in_what_a_robot_says_as_they_do_in_a_simulated_one():
    seen = []
    rig = Rig("gyro:bias=0.5@0.004+0.002", "observation:off@0.008+0.004")
    for _ in range(8):
        rig.tick()
        observation = rig.loop.last.observation
        seen.append((observation.sequence, observation.imu_angular_velocity[0]))
    assert seen == [(0, 0), (1, 0), (2, 0.5), (3, 0), (3, 0), (3, 0), (6, 0), (7, 0)]


def test_packets_that_are_late_come_with_their_own_stamps_and_in_order():
    rig = Rig("observation:delay=0.004@0.004+0.004")
    seen = []
    for _ in range(8):
        rig.tick()
        seen.append(rig.loop.last.observation.sequence)
    assert seen == [0, 1, 1, 1, 2, 5, 6, 7]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("observation:off@0+0.006", [0, 0, 0, 3, 4, 5]),
        ("observation:drop@0+0.006", [0, 0, 0, 3, 4, 5]),
        ("observation:delay=0.004@0", [0, 0, 0, 1, 2, 3]),
    ],
)
@pytest.mark.parametrize("scripted", [True, False])
def test_of_a_run_that_begins_without_packets_the_first_is_repeated(text, seen, scripted):
    rig = Rig(*([text] if scripted else []))
    if not scripted:
        rig.faults.ask(Fault.parse(text), 0.0)
    found = []
    for _ in range(6):
        rig.tick()
        found.append(rig.loop.last.observation.sequence)
    assert found == seen


def test_what_was_asked_for_holds_packets_back_over_the_beginning_of_the_next_run():
    rig = Rig()
    rig.ticks(2)
    rig.faults.ask(Fault.parse("observation:off@0"), DT * rig.k)
    rig.faults.begin(DT * rig.k)
    rig.tick()
    assert rig.loop.last.observation.sequence == 1


def test_faults_that_are_asked_for_while_the_loop_runs_act_from_then_on():
    rig = Rig()
    rig.ticks(3)
    assert rig.loop.last.results["mpc"].status == Status.OK
    rig.faults.ask(Fault.parse("mpc:off@0.002"), DT * rig.k)
    statuses = []
    for _ in range(3):
        rig.tick()
        statuses.append(rig.loop.last.results["mpc"].status)
    assert statuses == [Status.OK, Status.FAILED, Status.FAILED]
    assert [(one.fault.text, one.count) for one in rig.faults.acted] == [("mpc:off@0.002", 2)]


def test_a_fault_of_no_sensor_here_is_refused_when_it_is_asked_for():
    rig = Rig()
    with pytest.raises(ParameterError, match="name of a joint"):
        rig.faults.ask(Fault.parse("left_wing_joint:nan@0"), 0.0)


def test_without_faults_loop_and_robot_see_what_they_would_see():
    rig = Rig()
    observation, sent = observation_at(1.0, 500), command(1.0)
    assert rig.faults.observation(observation) is observation
    assert rig.faults.command(sent) is sent
    assert rig.faults.now(1.0) == 1.0
    assert rig.loop.controllers == (rig.controller,)
    assert estimate_of(observation).stamp == 1.0
