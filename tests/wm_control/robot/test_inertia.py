"""Merging, moving and loading rigid-body inertias."""

import numpy as np
import pytest

from wm_control.robot.inertia import LinkInertia
from wm_control.robot.rotations import rotation_from_rpy, rpy_from_rotation


def point_mass(mass, x, y, z):
    return LinkInertia(mass, np.array([x, y, z], dtype=float), np.zeros((3, 3)))


def test_two_point_masses_make_a_dumbbell():
    # 1 kg at x = 0 and 3 kg at x = 2: com at 1.5; Iyy = 1 * 1.5² + 3 * 0.5² = 3.
    body = point_mass(1.0, 0, 0, 0).merged(point_mass(3.0, 2, 0, 0))
    assert body.mass == 4.0
    np.testing.assert_allclose(body.com, [1.5, 0.0, 0.0])
    np.testing.assert_allclose(body.inertia, np.diag([0.0, 3.0, 3.0]))


def test_a_body_cut_in_two_and_merged_is_the_same_body():
    # Cube of 2 kg and edge 2 m: I = m a² / 6 = 4/3. Halves: 1 kg, edges 1, 2, 2.
    half = np.diag([8.0, 5.0, 5.0]) / 12.0
    left = LinkInertia(1.0, np.array([-0.5, 0.0, 0.0]), half)
    right = LinkInertia(1.0, np.array([0.5, 0.0, 0.0]), half)
    np.testing.assert_allclose(left.merged(right).inertia, np.eye(3) * 4.0 / 3.0)


def test_a_quarter_turn_swaps_the_axes():
    body = LinkInertia(1.0, np.array([1.0, 0.0, 0.0]), np.diag([1.0, 2.0, 3.0]))
    turned = body.placed(rotation_from_rpy(np.array([0.0, 0.0, np.pi / 2])), np.zeros(3))
    np.testing.assert_allclose(turned.com, [0.0, 1.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(turned.inertia, np.diag([2.0, 1.0, 3.0]), atol=1e-15)


def test_a_rotor_adds_its_inertia_about_its_axis_and_half_about_the_others():
    body = LinkInertia(1.0, np.zeros(3), np.diag([1e-5, 1e-5, 1e-5]))
    loaded = body.with_rotor(np.array([0.0, 1.0, 0.0]), 0.01)
    np.testing.assert_allclose(loaded.inertia, np.diag([0.00501, 0.01001, 0.00501]))
    assert loaded.problem() == ""


def test_a_rotor_on_one_axis_alone_would_break_the_triangle_inequality():
    body = LinkInertia(1.0, np.zeros(3), np.diag([1e-5, 1e-2, 1e-5]))
    assert "triangle" in body.problem()


@pytest.mark.parametrize("mass", [0.0, -1.0, float("nan")])
def test_a_mass_that_is_not_positive_is_a_problem(mass):
    assert "mass" in LinkInertia(mass, np.zeros(3), np.eye(3)).problem()


@pytest.mark.parametrize("rpy", [(0.1, -0.2, 0.3), (3.0, 1.5, -3.0), (0.4, np.pi / 2, 0.0)])
def test_rotations_read_back_from_roll_pitch_yaw(rpy):
    rotation = rotation_from_rpy(np.array(rpy))
    np.testing.assert_allclose(rotation_from_rpy(rpy_from_rotation(rotation)), rotation, atol=1e-15)
