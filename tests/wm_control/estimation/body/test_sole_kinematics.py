"""The soles' kernel beside Pinocchio, and its Jacobians beside differences."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from wm_control.estimation.body.sole_kinematics import PLACE_ROWS, SoleKinematics
from wm_control.robot.model import BASE_DOF, RobotModel

WORLD = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


@pytest.fixture(scope="module")
def model(robot):
    return RobotModel(robot)


@pytest.fixture(scope="module")
def kinematics(model):
    return SoleKinematics(model)


def some_state(model, seed):
    random = np.random.default_rng(seed)
    q = pin.integrate(model.model, pin.neutral(model.model), random.normal(size=model.nv))
    return q, random.normal(size=model.nv)


def updated(kinematics, q, v):
    kinematics.update(np.concatenate((q[:7], v[:6])), q[7:], v[6:])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("foot", [0, 1])
def test_places_velocities_and_jacobians_are_pinocchios(model, kinematics, foot, seed):
    q, v = some_state(model, seed)
    updated(kinematics, q, v)
    pin.computeJointJacobians(model.model, model.data, q)
    placement = pin.updateFramePlacement(model.model, model.data, model.sole_ids[foot])
    jacobian = pin.getFrameJacobian(model.model, model.data, model.sole_ids[foot], WORLD)
    sole = kinematics.soles[13 * foot : 13 * foot + 13]
    np.testing.assert_allclose(sole[:3], placement.translation, atol=1e-12)
    np.testing.assert_allclose(sole[3:9], jacobian @ v, atol=1e-12)
    np.testing.assert_allclose(sole[9:12], placement.rotation[:, 2], atol=1e-12)
    ahead = placement.rotation[:, 0]
    assert sole[12] == pytest.approx(np.arctan2(ahead[1], ahead[0]))
    rows = np.concatenate((np.arange(BASE_DOF), *(BASE_DOF + leg for leg in kinematics.legs)))
    found = kinematics.jacobians[6 * foot : 6 * foot + 6]
    np.testing.assert_allclose(found, jacobian[:, rows], atol=1e-12)


@pytest.mark.parametrize("foot", [0, 1])
def test_the_encoders_noise_goes_through_the_derivative_of_place_and_heading(
    model, kinematics, foot
):
    q, v = some_state(model, 7)
    q[6], q[3:6] = 1.0, 0.0  # level, where the heading's derivative is the rate about z

    def place(step):
        joints = q[7:].copy()
        joints[kinematics.legs[foot]] = step
        kinematics.update(np.concatenate((q[:7], v[:6])), joints, v[6:])
        sole = kinematics.soles[13 * foot : 13 * foot + 13]
        return np.append(sole[:3], 0.0), sole[9:12].copy()

    angles, columns = 0.1 * q[7:][kinematics.legs[foot]], []
    for joint in range(len(angles)):
        step = np.zeros(len(angles))
        step[joint] = 1e-6
        columns.append((place(angles + step)[0] - place(angles - step)[0]) / 2e-6)
    place(angles)
    at = slice(4 * foot, 4 * foot + 4)
    noise, seen = kinematics.place_noise[at, at], np.array(columns).T[:3]
    np.testing.assert_allclose(noise[:3, :3], seen @ seen.T, atol=1e-7)
    leg = slice(BASE_DOF + 6 * foot, BASE_DOF + 6 * foot + 6)
    own = kinematics.jacobians[6 * foot : 6 * foot + 6, leg][list(PLACE_ROWS)]
    np.testing.assert_allclose(noise, own @ own.T, atol=1e-12)
    other = slice(4 - 4 * foot, 8 - 4 * foot)
    assert not kinematics.place_noise[at, other].any()
