"""The contact wrench cone against forces at the corners of the sole, which define it."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import linprog

from wm_control.wbc.contact_cone import contact_wrench_cone

X, Y, MU = 0.1, 0.04, 0.5
CONE = contact_wrench_cone(X, Y, MU)


def worst(fx=0.0, fy=0.0, fz=100.0, tx=0.0, ty=0.0, tz=0.0):
    """Largest row for a wrench; positive means that the ground cannot give it."""
    return (CONE @ np.array([fx, fy, fz, tx, ty, tz])).max()


def grasp_map():
    """(6, 12) wrench about the sole's centre of forces at its four corners."""
    corners = [np.array([sx * X, sy * Y, 0.0]) for sx, sy in product((1, -1), repeat=2)]
    columns = [
        np.concatenate((axis, np.cross(corner, axis))) for corner in corners for axis in np.eye(3)
    ]
    return np.array(columns).T


def can_be_given(wrench):
    """Whether some four corner forces inside their friction pyramids make up the wrench."""
    pyramid = np.array([(1, 0, -MU), (-1, 0, -MU), (0, 1, -MU), (0, -1, -MU)], dtype=float)
    rows = np.kron(np.eye(4), pyramid)
    found = linprog(
        np.zeros(12), rows, np.zeros(16), grasp_map(), wrench, bounds=(None, None), method="highs"
    )
    return found.status == 0


def test_there_are_four_friction_four_pressure_and_eight_yaw_rows():
    assert CONE.shape == (16, 6)


def test_weight_in_the_middle_of_the_sole_is_well_inside():
    assert worst() < -1.0


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        ({"fx": 49.0}, {"fx": 51.0}),  # mu fz = 50 N
        ({"fx": -49.0}, {"fx": -51.0}),
        ({"fy": 49.0}, {"fy": 51.0}),
        ({"fy": -49.0}, {"fy": -51.0}),
        ({"tx": 3.9}, {"tx": 4.1}),  # Y fz = 4 N·m: the pressure at the left edge
        ({"tx": -3.9}, {"tx": -4.1}),
        ({"ty": 9.9}, {"ty": 10.1}),  # X fz = 10 N·m: the pressure at the heel
        ({"ty": -9.9}, {"ty": -10.1}),
        ({"tz": 6.9}, {"tz": 7.1}),  # mu (X + Y) fz = 7 N·m
        ({"tz": -6.9}, {"tz": -7.1}),
        # A sole that pushes forward with all its friction has only mu X fz left for yaw.
        ({"fx": 50.0, "tz": 4.9}, {"fx": 50.0, "tz": 5.1}),
        # Pressure at the toe, ty = -X fz: the whole yaw torque is Y's.
        ({"ty": -10.0, "tz": 1.9}, {"ty": -10.0, "tz": 2.1}),
    ],
)
def test_hand_worked_limits(inside, outside):
    assert worst(**inside) <= 1e-9
    assert worst(**outside) > 1e-9


def test_the_ground_does_not_pull():
    assert worst(fz=-1.0) > 0.0


def test_no_force_is_allowed():
    assert worst(fz=0.0) == 0.0


def test_a_wrench_at_the_edge_of_everything_needs_exactly_the_right_yaw_torque():
    # All force at the corner (X, Y), pushing outward with full friction: f = (50, 50, 100).
    at_corner = np.cross([X, Y, 0.0], [50.0, 50.0, 100.0])
    inside = {"fx": 50.0, "fy": 50.0, "tx": at_corner[0], "ty": at_corner[1]}
    assert worst(**inside, tz=at_corner[2]) <= 1e-9
    assert worst(**inside, tz=at_corner[2] + 0.1) > 0.0
    assert worst(**inside, tz=at_corner[2] - 0.1) > 0.0


UNIT = st.floats(-1.0, 1.0)


@settings(deadline=None, max_examples=100)
@given(
    normal=arrays(np.float64, 4, elements=st.floats(0.0, 500.0)),
    slide=arrays(np.float64, (4, 2), elements=UNIT),
)
def test_whatever_the_corners_give_is_inside(normal, slide):
    forces = np.column_stack((slide * MU * normal[:, None], normal))
    wrench = grasp_map() @ forces.ravel()
    assert (CONE @ wrench).max() <= 1e-9 * (1.0 + normal.sum())


@settings(deadline=None, max_examples=60)
@given(
    slide=arrays(np.float64, 2, elements=UNIT),
    pressure=arrays(np.float64, 2, elements=UNIT),
    twist=UNIT,
    size=st.floats(0.5, 1.5),
)
def test_inside_is_exactly_what_the_corners_can_give(slide, pressure, twist, size):
    wrench = size * np.array(
        [MU * slide[0], MU * slide[1], 0.0, Y * pressure[0], X * pressure[1], MU * (X + Y) * twist]
    )
    wrench[2] = 1.0
    margin = (CONE @ wrench).max()
    if abs(margin) > 1e-6:  # the solver's tolerance decides on the surface itself
        assert can_be_given(wrench) == (margin < 0.0)
