"""Rotations of the kernels beside Pinocchio's, for angles from zero to almost half a turn."""

from __future__ import annotations

import casadi as ca
import numpy as np
import pinocchio as pin
import pytest

from wm_control import kernel

PHI = ca.SX.sym("phi", 3)
AXIS = np.array((0.36, -0.48, 0.8))


def evaluated(expression, value):
    compiled = kernel.Kernel("test", {"phi": PHI}, {"result": expression})
    compiled.inputs["phi"][:] = value
    compiled.run()
    return compiled.outputs["result"].copy()


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 0.5, 3.1])
def test_the_exponential_is_a_rotation_by_its_angle(angle):
    found = evaluated(kernel.exponential(PHI), angle * AXIS)
    np.testing.assert_allclose(found, pin.exp3(angle * AXIS), atol=1e-12)


@pytest.mark.parametrize("rotation", [np.zeros(3), *(3.0 * np.eye(3)), *(-2.5 * np.eye(3)), AXIS])
def test_a_quaternion_gives_back_its_rotation_whatever_component_is_largest(rotation):
    quaternion = evaluated(kernel.quaternion_of(kernel.exponential(PHI)), rotation)
    np.testing.assert_allclose(np.linalg.norm(quaternion), 1.0)
    matrix = pin.Quaternion(quaternion).matrix()
    np.testing.assert_allclose(matrix, pin.exp3(rotation), atol=1e-12)
    again = evaluated(kernel.matrix_of(kernel.quaternion_of(kernel.exponential(PHI))), rotation)
    np.testing.assert_allclose(again, matrix, atol=1e-12)


def test_a_kernel_keeps_its_buffers_apart_from_anothers():
    one = kernel.Kernel("one", {"phi": PHI}, {"twice": 2.0 * PHI})
    other = kernel.Kernel("other", {"phi": PHI}, {"twice": 2.0 * PHI})
    one.inputs["phi"][:], other.inputs["phi"][:] = 1.0, 2.0
    one.run()
    other.run()
    np.testing.assert_array_equal(one.outputs["twice"], (2.0, 2.0, 2.0))
    np.testing.assert_array_equal(other.outputs["twice"], (4.0, 4.0, 4.0))


@pytest.mark.parametrize("angle", [0.0, 1e-9, 1e-3, 1.5, 3.1])
def test_the_logarithm_is_the_inverse_of_the_exponential(angle):
    found = evaluated(kernel.logarithm(kernel.exponential(PHI)), angle * AXIS)
    np.testing.assert_allclose(found, angle * AXIS, atol=1e-10)


def test_the_product_of_quaternions_turns_by_the_second_and_then_by_the_first():
    one, other = np.array((0.3, -0.2, 0.5)), np.array((-0.1, 0.7, 0.2))
    product = kernel.quaternion_product(
        kernel.quaternion_of_vector(PHI), kernel.quaternion_of_vector(ca.SX(other))
    )
    x, y, z, w = evaluated(product, one)
    expected = pin.exp3(one) @ pin.exp3(other)
    np.testing.assert_allclose(pin.Quaternion(w, x, y, z).matrix(), expected, atol=1e-14)


def test_no_rotation_is_the_unit_quaternion():
    found = evaluated(kernel.quaternion_of_vector(PHI), np.zeros(3))
    np.testing.assert_allclose(found, (0.0, 0.0, 0.0, 1.0), atol=1e-15)


def test_kernels_may_read_the_same_memory_in_place():
    memory = {"phi": np.array((0.1, 0.2, 0.3)), "turn": np.zeros((3, 3), order="F")}
    turn = ca.SX.sym("turn", 3, 3)
    one = kernel.Kernel("one", {"phi": PHI}, {"twice": 2.0 * PHI}, memory)
    other = kernel.Kernel("other", {"phi": PHI, "turn": turn}, {"turned": turn @ PHI}, memory)
    memory["phi"][:] = (1.0, 2.0, 3.0)
    memory["turn"][:] = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    one.run()
    other.run()
    np.testing.assert_array_equal(one.outputs["twice"], (2.0, 4.0, 6.0))
    np.testing.assert_array_equal(other.outputs["turned"], (-2.0, 1.0, 3.0))
