"""The recursions whose operations are counted give Pinocchio's numbers."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from wm_bringup.costs.expression_work import expression_work
from wm_bringup.costs.rigid_body_work import centroidal_terms, whole_body_terms
from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel

ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED


@pytest.fixture(scope="module")
def robot():
    return RobotModel(load_robot("g1"))


@pytest.fixture(scope="module")
def state(robot):
    rng = np.random.default_rng(3)
    q = pin.integrate(robot.model, pin.neutral(robot.model), rng.normal(0.0, 0.4, robot.nv))
    return q, rng.normal(0.0, 1.0, robot.nv)


def test_mass_matrix_bias_momentum_and_jacobians_are_pinocchios(robot, state):
    model, data, (q, v) = robot.model, robot.data, state
    found = [np.array(output) for output in whole_body_terms(robot)(q, v)]
    pin.crba(model, data, q, pin.Convention.WORLD)
    np.testing.assert_allclose(np.triu(found[0]), np.triu(data.M), atol=1e-9)
    pin.nonLinearEffects(model, data, q, v)
    np.testing.assert_allclose(found[1][:, 0], data.nle, atol=1e-9)
    pin.computeCentroidalMomentumTimeVariation(model, data, q, v, np.zeros(robot.nv))
    np.testing.assert_allclose(found[2], data.Ag, atol=1e-9)
    np.testing.assert_allclose(found[3][:, 0], data.dhg.np, atol=1e-9)
    pin.computeJointJacobians(model, data, q)
    pin.updateFramePlacements(model, data)
    for frame, jacobian in zip((robot.base_id, *robot.sole_ids), found[4:], strict=True):
        wanted = pin.getFrameJacobian(model, data, frame, ALIGNED)
        np.testing.assert_allclose(jacobian, wanted, atol=1e-9)


def test_centroidal_momentum_and_centre_of_mass_are_pinocchios(robot, state):
    q, v = state
    matrix, momentum, centre = (np.array(output) for output in centroidal_terms(robot)(q, v))
    pin.ccrba(robot.model, robot.data, q, v)
    np.testing.assert_allclose(matrix, robot.data.Ag, atol=1e-9)
    np.testing.assert_allclose(momentum[:, 0], robot.data.hg.np, atol=1e-9)
    np.testing.assert_allclose(centre[:, 0], robot.data.com[0], atol=1e-9)


def test_the_dynamics_of_29_joints_take_some_ten_thousand_operations(robot):
    whole, planner = (expression_work(f(robot)) for f in (whole_body_terms, centroidal_terms))
    assert 5e3 < planner.flop < whole.flop < 4e4


def test_a_sliding_joint_is_refused_by_name(robot):
    model = pin.Model()
    model.addJoint(0, pin.JointModelPZ(), pin.SE3.Identity(), "lift")
    sliding = type("Sliding", (), {"model": model, "base_id": 0, "sole_ids": ()})()
    with pytest.raises(RobotDescriptionError, match="lift"):
        centroidal_terms(sliding)
