"""Commands that no controller can have meant."""

from dataclasses import replace

import numpy as np
import pytest
from robot_story import hold, standing

from wm_control.arbiter.command_check import (
    CommandBounds,
    implausible_command,
    implausible_timing,
)

KNEE = 3


@pytest.fixture
def command(g1):
    return hold(standing(g1, 1.0, 500), g1).command


@pytest.fixture
def bounds(g1):
    return CommandBounds.of(g1)


def with_knee(command, field, value):
    row = getattr(command, field).copy()
    row[KNEE] = value
    return replace(command, **{field: row})


def test_a_command_to_stand_is_followed_and_so_is_one_with_a_target_outside_the_range(
    command, bounds, g1
):
    assert implausible_command(command, bounds) is None
    beyond = with_knee(command, "position", g1.position_upper[KNEE] + 2.0)
    assert implausible_command(beyond, bounds) is None


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("position", 12.0, "position"),
        ("position", -1e6, "position"),
        ("velocity", 1e4, "speed"),
        ("stiffness", 1e9, "stiffness"),
        ("stiffness", -1.0, "stiffness"),
        ("damping", 1e9, "damping"),
        ("damping", -0.5, "damping"),
        ("torque", 2000.0, "torque"),
    ],
)
def test_what_is_far_outside_is_refused_and_named(command, bounds, field, value, said):
    refusal = implausible_command(with_knee(command, field, value), bounds)
    assert refusal is not None
    assert said in refusal.what


@pytest.mark.parametrize("field", ["position", "velocity", "stiffness", "damping", "torque"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_refused(command, bounds, field, value):
    assert implausible_command(with_knee(command, field, value), bounds) is not None


@pytest.mark.parametrize(
    ("ahead", "age", "holds_for", "said"),
    [
        (1e12, 0.0, 0.02, "ahead"),
        (0.017, 0.0, 0.02, "ahead"),
        (np.nan, 0.0, 0.02, "ahead"),
        (0.0, -0.1, 0.02, "age"),
        (0.0, np.nan, 0.02, "age"),
        (0.0, 0.0, 1e9, "hold"),
        (0.0, 0.0, -1.0, "hold"),
        (0.0, 0.0, np.nan, "hold"),
    ],
)
def test_times_that_cannot_be_are_refused(ahead, age, holds_for, said):
    assert said in implausible_timing(ahead, age, holds_for).what


def test_an_old_command_is_no_nonsense_and_how_old_it_may_be_is_for_others_to_say():
    assert implausible_timing(-10.0, 0.5, 0.02) is None
