"""PyBullet computes with the very robot that Pinocchio computes with."""

import numpy as np
import pinocchio as pin
import pytest

from wm_bringup.robots.pybullet.bullet import connect, pybullet
from wm_control.robot.description import load_robot

SAMPLES = 5

NAIL = (
    '<link name="world"><inertial><mass value="1"/>'
    '<inertia ixx="1" ixy="0" ixz="0" iyy="1" iyz="0" izz="1"/></inertial></link>'
    '<joint name="nail" type="fixed"><parent link="world"/><child link="pelvis"/></joint>'
)


@pytest.fixture(scope="module")
def g1():
    return load_robot("g1")


@pytest.fixture(scope="module")
def fixed(g1, tmp_path_factory):
    """Return the robot with its base nailed to a link at the world's origin: client and body.

    PyBullet's inverse dynamics ignore how the base's own inertial frame is turned, so the base
    must be a link whose frame is not.
    """
    path = tmp_path_factory.mktemp("urdf") / "robot.urdf"
    path.write_text(g1.urdf.replace("</robot>", NAIL + "</robot>"))
    client = connect()
    body = pybullet.loadURDF(
        str(path),
        useFixedBase=True,
        flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
        physicsClientId=client,
    )
    pybullet.setGravity(0, 0, -9.81, physicsClientId=client)
    yield client, body
    pybullet.disconnect(client)


def random_states(g1):
    """Joint states inside the limits."""
    rng = np.random.default_rng(7)
    for _ in range(SAMPLES):
        share = rng.uniform(0.1, 0.9, len(g1.joint_names))
        q = g1.position_lower + share * (g1.position_upper - g1.position_lower)
        yield q, rng.uniform(-2.0, 2.0, q.size), rng.uniform(-5.0, 5.0, q.size)


def set_joints(client, body, q, dq):
    for index, (position, velocity) in enumerate(zip(q, dq, strict=True), start=1):
        pybullet.resetJointState(body, index, position, velocity, physicsClientId=client)


def test_total_mass_is_equal(g1, fixed):
    client, body = fixed
    links = range(len(g1.joint_names) + 1)
    masses = [pybullet.getDynamicsInfo(body, i, physicsClientId=client)[0] for i in links]
    model = pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())
    assert sum(masses) == pytest.approx(pin.computeTotalMass(model), abs=1e-9)


def test_centre_of_mass_is_equal(g1, fixed):
    client, body = fixed
    model = pin.buildModelFromXML(g1.urdf, pin.JointModelFreeFlyer())
    data = model.createData()
    for q, dq, _ in random_states(g1):
        set_joints(client, body, q, dq)
        links = range(len(g1.joint_names) + 1)
        states = pybullet.getLinkStates(
            body, list(links), computeForwardKinematics=1, physicsClientId=client
        )
        masses = [pybullet.getDynamicsInfo(body, i, physicsClientId=client)[0] for i in links]
        found = np.average([state[0] for state in states], axis=0, weights=masses)
        expected = pin.centerOfMass(model, data, np.concatenate((pin.neutral(model)[:7], q)))
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_the_mass_matrix_is_equal(g1, fixed):
    client, body = fixed
    model = pin.buildModelFromXML(g1.urdf)
    for q, dq, _ in random_states(g1):
        set_joints(client, body, q, dq)
        found = pybullet.calculateMassMatrix(body, q.tolist(), physicsClientId=client)
        expected = pin.crba(model, model.createData(), q)
        np.testing.assert_allclose(np.array(found), expected, atol=1e-13)


def test_inverse_dynamics_are_equal(g1, fixed):
    client, body = fixed
    model = pin.buildModelFromXML(g1.urdf)
    for q, dq, ddq in random_states(g1):
        found = pybullet.calculateInverseDynamics(
            body, q.tolist(), dq.tolist(), ddq.tolist(), physicsClientId=client
        )
        expected = pin.rnea(model, model.createData(), q, dq, ddq)
        np.testing.assert_allclose(found, expected, atol=1e-12)
