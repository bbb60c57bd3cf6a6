"""What a robot measures: the few numbers that its parameters follow from."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pinocchio as pin

from wm_control.constants import GRAVITY
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel, legs_of

REFERENCE_LEG = 0.6892
"""Of the G1, whose gait all others' is a likeness of (Froude) [m]."""

MOST_FORWARD = 1.1
"""Speed that the G1 was measured to walk at [m/s]."""

STANDING_SHARE, LEG_SHARE = 0.927, 0.84
"""Height of the hip above the sole on the spot and for the longest steps, per stretched leg."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Sizes of a robot, in SI units.

    leg: stretched, from hip to sole. rise: of the centre of mass above the hips, standing.
    half_length, half_width: of the soles. apart: distance of the soles with all joints at zero.
    base_height: above the soles, standing. mass: of all. stiffness, damping: the largest of the
    joints' own. turns: whether the legs turn the soles. forward: speed at which the swing leg's
    joints are as fast as they shall be.
    """

    leg: float
    rise: float
    half_length: float
    half_width: float
    apart: float
    base_height: float
    mass: float
    stiffness: float
    damping: float
    turns: bool
    forward: float

    @property
    def com_height(self) -> float:
        """Of the centre of mass above the stance sole, for the longest steps [m]."""
        return self.rise + LEG_SHARE * self.leg

    @property
    def tau(self) -> float:
        """Time constant of the template, a pendulum of that height [s]."""
        return sqrt(self.com_height / GRAVITY)

    @property
    def pace(self) -> float:
        """Speed at which this robot walks as the G1 does at 1 m/s: of equal Froude number [m/s]."""
        return sqrt(self.leg / REFERENCE_LEG)

    @property
    def small(self) -> float:
        """Share of the G1's size, at most 1: of lengths that no larger robot needs more of."""
        return min(1.0, self.leg / REFERENCE_LEG)


def measure(description: RobotDescription) -> Measures:
    """Measure a robot that stands as its description says; ``forward`` is 0 as yet."""
    model = RobotModel(description)
    soles = description.soles
    standing = _placed(model, description.default_position)
    stretched = _placed(model, np.zeros(model.n))
    hip = standing.oMi[model.hip_ids[0]].translation
    left, right = (standing.oMf[sole].translation for sole in model.sole_ids)
    return Measures(
        leg=model.leg_length(),
        rise=float(standing.com[0][2] - hip[2]),
        half_length=min(sole.half_length for sole in soles),
        half_width=min(sole.half_width for sole in soles),
        apart=float(np.subtract(*(stretched.oMf[sole].translation[1] for sole in model.sole_ids))),
        base_height=-0.5 * float(left[2] + right[2]),
        mass=model.mass,
        stiffness=float(np.max(description.stiffness)),
        damping=float(np.max(description.damping)),
        turns=legs_of(description).yaws,
        forward=0.0,
    )


def _placed(model: RobotModel, joints: np.ndarray) -> pin.Data:
    """Return where everything is with the base level at the origin."""
    q = pin.neutral(model.model)
    q[7:] = joints
    data = model.model.createData()
    pin.framesForwardKinematics(model.model, data, q)
    pin.centerOfMass(model.model, data, q)
    return data
