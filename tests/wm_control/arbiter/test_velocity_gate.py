from __future__ import annotations

import math

import pytest

from wm_control.arbiter.parameters import VelocityParameters
from wm_control.arbiter.velocity_gate import STOP, VelocityGate, bounded
from wm_control.types import Action, VelocityCommand

WALK = VelocityCommand(0.5, 0.1, 0.2)
LIMITS = VelocityParameters()


def test_before_any_command_the_robot_stands_without_complaint():
    gate = VelocityGate()
    assert gate.current(0.0) == STOP
    assert gate.cause == ""


def test_a_command_holds_for_half_a_second_and_then_stops_the_robot():
    gate = VelocityGate()
    gate.receive(WALK, now=1.0)
    assert gate.current(1.5) == WALK
    assert gate.cause == ""
    assert gate.current(1.501) == STOP
    assert "0.5 s" in gate.cause
    gate.receive(WALK, now=2.0)
    assert gate.current(2.1) == WALK


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("part", ["linear_x", "linear_y", "angular_z"])
def test_a_command_that_is_not_finite_is_refused_by_name_and_stops_the_robot(part, value):
    gate = VelocityGate()
    gate.receive(WALK, now=0.0)
    refusal = gate.receive(VelocityCommand(**{part: value}), now=0.1)
    assert part in refusal
    assert gate.current(0.1) == STOP
    assert gate.cause == refusal
    assert gate.refused == 1
    gate.receive(WALK, now=0.2)
    assert gate.current(0.2) == WALK
    assert gate.cause == ""


def test_a_clock_that_says_nan_counts_as_silence():
    gate = VelocityGate()
    gate.receive(WALK, now=0.0)
    assert gate.current(math.nan) == STOP


def test_commands_are_clamped_to_the_limits():
    assert bounded(VelocityCommand(9.0, -9.0, 9.0), LIMITS, Action.NOMINAL) == VelocityCommand(
        1.2, -0.4, 1.0
    )
    assert bounded(WALK, LIMITS, Action.NOMINAL) == WALK


def test_limited_lowers_the_limits_and_fallback_stops():
    assert bounded(
        VelocityCommand(1.0, 0.0, 0.0), LIMITS, Action.LIMITED
    ).linear_x == pytest.approx(0.96)
    assert bounded(WALK, LIMITS, Action.FALLBACK) == STOP
    assert bounded(WALK, LIMITS, Action.DAMPING) == STOP


def test_not_finite_is_never_clamped_into_a_walk():
    assert bounded(VelocityCommand(math.inf, 0.1, 0.0), LIMITS, Action.NOMINAL) == STOP
    assert bounded(VelocityCommand(0.1, math.nan, 0.0), LIMITS, Action.NOMINAL) == STOP
