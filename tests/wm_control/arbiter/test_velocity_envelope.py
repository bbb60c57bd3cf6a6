"""Which commands are admitted: the shape of the set, and that it lies inside what was measured."""

from __future__ import annotations

import csv
import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from robot_parameters import ENVELOPES
from scipy.spatial import ConvexHull

from wm_control.arbiter.velocity_envelope import VelocityEnvelope, widest_of
from wm_control.configuration.share import share_directory
from wm_control.robot.sources import robots_folder
from wm_control.types import VelocityCommand

MPC, WIDEST = ENVELOPES["mpc"], widest_of(ENVELOPES)
MEASURED = robots_folder() / "g1" / "velocity_envelope.csv"
ROUND = VelocityEnvelope(forward=1.0, backward=0.5, sideways=0.25, turning=2.0, exponent=2.0)
NUMBERS = st.floats(-3.0, 3.0)
COMMANDS = st.builds(VelocityCommand, NUMBERS, NUMBERS, NUMBERS)


@pytest.mark.parametrize(
    ("command", "excess"),
    [
        ((0.0, 0.0, 0.0), 0.0),
        ((1.0, 0.0, 0.0), 1.0),
        ((-1.0, 0.0, 0.0), 2.0),  # backward, half as much is allowed
        ((0.0, 0.25, 0.0), 1.0),
        ((0.0, 0.0, -1.0), 0.5),
        ((0.6, 0.2, 0.0), 1.0),  # sqrt(0.6² + 0.8²)
        ((-0.3, 0.0, 1.6), 1.0),  # sqrt(0.6² + 0.8²)
        ((2.0, 0.5, 2.0), 3.0),  # sqrt(2² + 2² + 1²)
    ],
)
def test_of_an_ellipsoid_the_excess_is_a_scaled_length(command, excess):
    assert ROUND.excess(VelocityCommand(*command)) == pytest.approx(excess)


def test_exponents_one_and_infinity_are_an_octahedron_and_a_box():
    octahedron = VelocityEnvelope(1.0, 1.0, 0.5, 1.0, exponent=1.0)
    box = VelocityEnvelope(1.0, 1.0, 0.5, 1.0, exponent=math.inf)
    command = VelocityCommand(0.5, 0.1, -0.3)
    assert octahedron.excess(command) == pytest.approx(0.5 + 0.2 + 0.3)
    assert box.excess(command) == pytest.approx(0.5)


@given(COMMANDS, st.floats(0.0, 10.0))
def test_twice_the_command_is_twice_the_excess(command, factor):
    longer = VelocityCommand(
        factor * command.linear_x, factor * command.linear_y, factor * command.angular_z
    )
    assert MPC.excess(longer) == pytest.approx(factor * MPC.excess(command), rel=1e-9, abs=1e-9)


@given(COMMANDS, COMMANDS, st.floats(0.0, 1.0))
@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
def test_the_straight_way_between_two_commands_is_no_further_out_than_the_further(
    envelope, one, other, share
):
    between = VelocityCommand(
        *(
            (1.0 - share) * getattr(one, part) + share * getattr(other, part)
            for part in ("linear_x", "linear_y", "angular_z")
        )
    )
    further = max(envelope.excess(one), envelope.excess(other))
    assert envelope.excess(between) <= further * (1.0 + 1e-9) + 1e-12


@given(COMMANDS)
def test_left_is_as_right(command):
    mirrored = VelocityCommand(command.linear_x, -command.linear_y, -command.angular_z)
    assert MPC.excess(mirrored) == MPC.excess(command)


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
def test_the_widest_box_holds_every_driver(envelope):
    for sign, name in ((1, "forward"), (-1, "backward")):
        assert WIDEST.excess(VelocityCommand(sign * getattr(envelope, name))) <= 1.0
    assert WIDEST.excess(VelocityCommand(0.0, envelope.sideways, envelope.turning)) <= 1.0


MARGIN = {"mpc": 1.1, "policy": 1.03}
"""Nothing may have fallen up to here, times the boundary; why: docs/decisions/0014."""


def rows_of(driver: str) -> list[dict[str, str]]:
    """What was measured with a driver, one row per course that was walked."""
    with MEASURED.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["driver"] == driver]


def command_of(row: dict[str, str], prefix: str = "") -> VelocityCommand:
    """Return the command of a row, or with ``reverse_`` what the robot was reversed to."""
    return VelocityCommand(*(float(row[prefix + part]) for part in ("x", "y", "yaw")))


def survived(driver: str) -> np.ndarray:
    """(k, 3) commands that were walked, reversed and stopped without a fall, mirrored ones too."""
    fell = {command_of(row) for row in rows_of(driver) if row["falls"] != "0"}
    points = []
    for row in rows_of(driver):
        if row["course"] == "reversal" and command_of(row) not in fell:
            for command in (command_of(row), command_of(row, "reverse_")):
                x, y, yaw = command.linear_x, command.linear_y, command.angular_z
                points += [(x, y, yaw), (x, -y, -yaw)]
    return np.array(points)


@pytest.mark.parametrize("driver", ENVELOPES)
def test_nothing_fell_where_the_admitted_set_ends_nor_somewhat_beyond(driver):
    margin, envelope = MARGIN[driver] + 0.005, ENVELOPES[driver]  # points are rounded
    near = [row for row in rows_of(driver) if envelope.excess(command_of(row)) <= margin]
    assert sum(row["course"] == "reversal" for row in near) >= 9
    assert min(int(row["episodes"]) for row in near) >= 3
    assert [row for row in near if row["falls"] != "0"] == []


@pytest.mark.parametrize("driver", ENVELOPES)
def test_all_that_is_admitted_lies_inside_what_was_measured(driver):
    hull = ConvexHull(survived(driver)).equations
    envelope = ENVELOPES[driver]
    grid = np.linspace(-1.0, 1.0, 21)
    for direction in product(grid, grid, grid):
        excess = envelope.excess(VelocityCommand(*direction))
        if excess == 0.0:
            continue
        boundary = np.array(direction) / excess
        assert (hull[:, :3] @ boundary + hull[:, 3] <= 1e-9).all(), boundary


@pytest.mark.parametrize("driver", ENVELOPES)
def test_the_documented_numbers_are_those_in_force(driver):
    e = ENVELOPES[driver]
    row = (
        f"| `{driver}` | {e.forward:g}, {e.backward:g} m/s | {e.sideways:g} m/s "
        f"| {e.turning:g} rad/s | {e.exponent:g} |"
    )
    assert row in (share_directory() / "docs" / "safety.md").read_text(encoding="utf-8")
