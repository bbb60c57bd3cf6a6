"""What the soles tell about the base, against Pinocchio."""

from __future__ import annotations

import numpy as np
import pinocchio
import pytest
from training_parameters import LEGS, STUDENT

from wm_control.robot.description import load_robot
from wm_training.learning.leg_kinematics import FASTEST, LegKinematics
from wm_training.learning.mirror import ROTATION
from wm_training.learning.observing import SOLES_MIRROR

ROBOT = load_robot("g1")
KINEMATICS: LegKinematics = STUDENT.kinematics
MODEL = pinocchio.buildModelFromXML(ROBOT.urdf, pinocchio.JointModelFreeFlyer())


def moving(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Joint positions and speeds (1, 12) and turning (1, 3) of a walker."""
    rng = np.random.default_rng(seed)
    position = KINEMATICS.posture + rng.normal(0.0, 0.3, 12)
    return position[None], rng.normal(0.0, 1.5, (1, 12)), rng.normal(0.0, 0.7, (1, 3))


@pytest.mark.parametrize("seed", range(5))
def test_places_and_velocities_are_those_of_pinocchio(seed: int) -> None:
    """A base that turns in place: its velocity is the opposite of the sole's."""
    position, velocity, gyro = moving(seed)
    q, v, data = pinocchio.neutral(MODEL), np.zeros(MODEL.nv), MODEL.createData()
    for name, angle, speed in zip(STUDENT.legs.names, position[0], velocity[0], strict=True):
        joint = MODEL.joints[MODEL.getJointId(name)]
        q[joint.idx_q], v[joint.idx_v] = angle, speed
    v[3:6] = gyro[0]
    pinocchio.forwardKinematics(MODEL, data, q, v)
    base, places = KINEMATICS.motion(position, velocity, gyro)
    for foot, sole in enumerate(ROBOT.soles):
        joint = MODEL.getJointId(STUDENT.legs.names[6 * foot + 5])
        turn = data.oMi[joint].rotation
        place = data.oMi[joint].translation + turn @ sole.position
        motion = data.v[joint]
        moved = turn @ (motion.linear + np.cross(motion.angular, sole.position))
        own = slice(3 * foot, 3 * foot + 3)
        assert places[0, own] + KINEMATICS.default[foot] == pytest.approx(place, abs=1e-9)
        assert base[0, own] == pytest.approx(-moved, abs=2e-3)


def test_a_mirrored_robot_has_mirrored_soles() -> None:
    position, velocity, gyro = moving(9)
    found = KINEMATICS.motion(position, velocity, gyro)
    mirrored = KINEMATICS.motion(LEGS(position), LEGS(velocity), ROTATION(gyro))
    for straight, image in zip(found, mirrored, strict=True):
        assert image == pytest.approx(SOLES_MIRROR(straight), abs=1e-3)


def test_the_default_posture_is_where_places_are_counted_from() -> None:
    nothing = np.zeros((1, 12))
    base, places = KINEMATICS.motion(KINEMATICS.posture[None], nothing, np.zeros((1, 3)))
    assert places == pytest.approx(np.zeros((1, 6)), abs=1e-12)
    assert base == pytest.approx(np.zeros((1, 6)), abs=1e-12)


def test_velocities_of_a_robot_that_flails_are_bounded() -> None:
    base, _ = KINEMATICS.motion(KINEMATICS.posture[None], np.full((1, 12), 40.0), np.ones((1, 3)))
    assert np.abs(base).max() == FASTEST
