from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robot_parameters import ENVELOPES, SAFETY

from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.arbiter.velocity_gate import STOP, VelocityGate, bounded, reduction
from wm_control.configuration.parameters import load_parameters, merged
from wm_control.derivation.parts import part_content
from wm_control.errors import ParameterError
from wm_control.types import Action, VelocityCommand

WALK = VelocityCommand(0.4, 0.1, 0.2)
LIMITS = SAFETY.velocity
MPC = ENVELOPES["mpc"]
ROUND = VelocityEnvelope(forward=1.0, backward=0.5, sideways=0.25, turning=2.0, exponent=2.0)
"""An ellipsoid with numbers to reckon with."""

NUMBERS = st.floats(-5.0, 5.0)
ANY = settings(deadline=None)(
    given(
        command=st.builds(VelocityCommand, NUMBERS, NUMBERS, NUMBERS),
        action=st.sampled_from((Action.NOMINAL, Action.LIMITED, Action.FALLBACK)),
    )
)


def parts_of(command: VelocityCommand) -> tuple[float, float, float]:
    """x, y [m/s] and yaw [rad/s]."""
    return command.linear_x, command.linear_y, command.angular_z


def test_before_any_command_the_robot_stands_without_complaint():
    gate = VelocityGate(LIMITS, MPC)
    assert gate.current(0.0) == STOP
    assert gate.cause == ""


def test_a_command_holds_for_half_a_second_and_then_stops_the_robot():
    gate = VelocityGate(LIMITS, MPC)
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
    gate = VelocityGate(LIMITS, MPC)
    gate.receive(WALK, now=0.0)
    refusal = gate.receive(VelocityCommand(**{part: value}), now=0.1)
    assert part in refusal
    assert gate.current(0.1) == STOP
    assert gate.cause == refusal
    assert gate.refused == 1
    gate.receive(WALK, now=0.2)
    assert gate.current(0.2) == WALK
    assert gate.cause == ""


def test_a_clock_that_was_set_back_does_not_keep_a_command_in_force():
    gate = VelocityGate(LIMITS, MPC)
    gate.receive(WALK, now=1000.0)
    assert gate.current(999.9) == WALK  # as far back as clocks are put right all the time
    assert gate.current(940.0) == STOP
    assert "no velocity command" in gate.cause


@pytest.mark.parametrize("command", [(0.3, 1e308, 0.0), (1e308, 1e308, -1e308)])
def test_a_number_that_is_finite_but_cannot_be_reckoned_with_stops_the_robot(command):
    assert bounded(VelocityCommand(*command), LIMITS, Action.NOMINAL, MPC) == STOP


def test_a_clock_that_says_nan_counts_as_silence():
    gate = VelocityGate(LIMITS, MPC)
    gate.receive(WALK, now=0.0)
    assert gate.current(math.nan) == STOP


def test_what_was_measured_as_safe_is_followed_as_it_is():
    assert bounded(WALK, LIMITS, Action.NOMINAL, ROUND) == WALK
    on_the_boundary = VelocityCommand(0.0, 0.25, 0.0)
    assert bounded(on_the_boundary, LIMITS, Action.NOMINAL, ROUND) == on_the_boundary


def test_a_command_outside_is_scaled_as_a_whole_so_that_the_curve_stays():
    # excess sqrt(0.6² + 1.6² + 0) / 1 of an ellipsoid with half-axes 1, 0.25, 2: sqrt(2.92)
    admitted = bounded(VelocityCommand(0.6, 0.4, 0.0), LIMITS, Action.NOMINAL, ROUND)
    assert parts_of(admitted) == pytest.approx((0.6 / 2.92**0.5, 0.4 / 2.92**0.5, 0.0))
    # three times too far: sqrt(2² + 2² + 1²)
    admitted = bounded(VelocityCommand(2.0, 0.5, 2.0), LIMITS, Action.NOMINAL, ROUND)
    assert parts_of(admitted) == pytest.approx((2.0 / 3.0, 0.5 / 3.0, 2.0 / 3.0))


def test_an_operators_limit_acts_besides_and_keeps_the_curve_as_well():
    slow = replace(LIMITS, max_linear_x=0.2)
    admitted = bounded(VelocityCommand(0.5, 0.0, 0.3), slow, Action.NOMINAL, MPC)
    assert parts_of(admitted) == pytest.approx((0.2, 0.0, 0.12))
    backward = VelocityCommand(-0.3, 0.0, 0.0)
    assert bounded(backward, slow, Action.NOMINAL, MPC) == backward
    slow = replace(LIMITS, max_linear_x_backward=0.1)
    assert bounded(backward, slow, Action.NOMINAL, MPC).linear_x == pytest.approx(-0.1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_linear_x", 1.5),
        ("max_linear_x_backward", 1.2),
        ("max_linear_y", 0.5),
        ("max_angular_z", 1.5),
    ],
)
def test_a_limit_beyond_what_was_measured_is_refused_by_name_and_file(name, value):
    content = part_content("g1", "arbiter")
    with pytest.raises(ParameterError, match=rf"velocity\.{name}' in here: {value}.*measured"):
        load_parameters(
            SafetyParameters, merged(content, {"velocity": {name: value}}), origin="here"
        )


@pytest.mark.parametrize(
    "command",
    [
        (1.2, -0.4, 1.0),  # fell in 3 of 3
        (-1.2, 0.0, 0.0),  # fell while stopping
        (0.8, 0.0, 0.6),  # fell in 1 of 3
        (0.81, 0.27, 0.0),
        (1.32, 0.0, 0.0),
        (0.938, 0.312, -0.781),
        (-1.19, 0.4, 0.0),
        (0.0, 0.4, 1.0),
        (9.0, -9.0, 9.0),
    ],
)
def test_what_made_the_robot_fall_is_not_admitted(command):
    admitted = bounded(VelocityCommand(*command), LIMITS, Action.NOMINAL, MPC)
    assert MPC.excess(admitted) == pytest.approx(1.0)
    assert np.cross(parts_of(admitted), command) == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert np.dot(parts_of(admitted), command) > 0.0


def test_limited_lowers_the_limits_and_fallback_stops():
    fast = VelocityCommand(MPC.forward, 0.0, 0.0)
    assert bounded(fast, LIMITS, Action.LIMITED, MPC).linear_x == pytest.approx(0.8 * MPC.forward)
    assert bounded(WALK, LIMITS, Action.FALLBACK, MPC) == STOP
    assert bounded(WALK, LIMITS, Action.DAMPING, MPC) == STOP


def test_not_finite_is_never_scaled_into_a_walk():
    assert bounded(VelocityCommand(math.inf, 0.1, 0.0), LIMITS, Action.NOMINAL, MPC) == STOP
    assert bounded(VelocityCommand(0.1, math.nan, 0.0), LIMITS, Action.NOMINAL, MPC) == STOP


@ANY
def test_a_bounded_command_is_inside_and_bounding_it_again_changes_nothing(command, action):
    admitted = bounded(command, LIMITS, action, MPC)
    assert MPC.excess(admitted) <= 1.0 + 1e-12
    assert bounded(admitted, LIMITS, action, MPC) == admitted


@ANY
def test_no_part_of_a_command_grows_or_turns_round(command, action):
    admitted = bounded(command, LIMITS, action, MPC)
    for asked, left in zip(parts_of(command), parts_of(admitted), strict=True):
        assert abs(left) <= abs(asked)
        assert left * asked >= 0.0


@ANY
def test_a_mirrored_command_is_bounded_to_the_mirrored_command(command, action):
    def mirrored(of: VelocityCommand) -> VelocityCommand:
        return VelocityCommand(of.linear_x, -of.linear_y, -of.angular_z)

    assert bounded(mirrored(command), LIMITS, action, MPC) == mirrored(
        bounded(command, LIMITS, action, MPC)
    )


@ANY
def test_a_little_more_is_bounded_to_little_else(command, action):
    little = 1e-6
    more = VelocityCommand(*(part + little for part in parts_of(command)))
    difference = np.subtract(
        parts_of(bounded(more, LIMITS, action, MPC)),
        parts_of(bounded(command, LIMITS, action, MPC)),
    )
    assert np.abs(difference).max() <= 20.0 * little


def test_a_reduction_is_told_with_both_commands_and_the_reason():
    asked = VelocityCommand(2.0, 0.5, 2.0)
    told = reduction(asked, LIMITS, Action.NOMINAL, ROUND)
    assert "velocity command 2 0.5 2 reduced to 0.667 0.167 0.667" in told
    assert "outside what was measured" in told
    slow = replace(LIMITS, max_linear_x=0.2)
    told = reduction(VelocityCommand(0.5, 0.0, 0.3), slow, Action.NOMINAL, MPC)
    assert told == (
        "velocity command 0.5 0 0.3 reduced to 0.2 0 0.12: beyond velocity.max_linear_x 0.2"
    )
    told = reduction(VelocityCommand(0.5, 0.0, 0.0), LIMITS, Action.FALLBACK, MPC)
    assert told.endswith("reduced to 0 0 0: the arbiter's action is FALLBACK")
    assert reduction(WALK, LIMITS, Action.NOMINAL, MPC) == ""


def test_the_gate_tells_what_it_reduces_without_calling_it_a_fault():
    gate = VelocityGate(LIMITS, MPC)
    gate.receive(VelocityCommand(1.2, -0.4, 1.0), now=0.0)
    gate.current(0.1)
    assert gate.cause == ""
    assert gate.reduction().startswith("velocity command 1.2 -0.4 1 reduced to ")
    gate.receive(WALK, now=0.2)
    gate.current(0.2)
    assert gate.reduction() == ""
    gate.receive(VelocityCommand(9.0, 0.0, 0.0), now=0.3)
    gate.current(1.0)
    assert gate.reduction() == ""  # a stop, for silence
