"""Three-vectors as tuples do what numpy does."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from wm_control import vector3 as v3

A, B = (1.0, -2.0, 0.5), (0.3, 4.0, -1.0)
ROTATION = pin.exp3(np.array((0.3, -0.7, 1.1)))


def test_sums_are_numpys():
    a, b = np.array(A), np.array(B)
    np.testing.assert_allclose(v3.plus(A, 0.5, B), a + 0.5 * b)
    np.testing.assert_allclose(v3.minus(A, B), a - b)
    np.testing.assert_allclose(v3.weighted(2.0, A, -3.0, B), 2.0 * a - 3.0 * b)


def test_products_are_numpys():
    np.testing.assert_allclose(v3.cross(A, B), np.cross(A, B))
    np.testing.assert_allclose(v3.rotate(ROTATION.tolist(), A), ROTATION @ np.array(A))
    np.testing.assert_allclose(v3.rotate_back(ROTATION.tolist(), A), ROTATION.T @ np.array(A))


def test_only_long_vectors_are_shortened():
    assert v3.shortened((3.0, 0.0, 4.0), 5.0) == (3.0, 0.0, 4.0)
    np.testing.assert_allclose(v3.shortened((3.0, 0.0, 4.0), 2.5), (1.5, 0.0, 2.0))
