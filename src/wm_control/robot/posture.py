"""How a robot stands: the posture of its legs, by inverse kinematics.

Both soles level, parallel, side by side and as far apart as the hips are; the centre of mass over
their middle, the hips as high as ``STANDING`` times the stretched leg. Gauss-Newton over the joints
of the legs, with the base level at the origin (Siciliano et al., Robotics, 2009, section 3.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import acos

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from wm_control.errors import RobotDescriptionError
from wm_control.robot.geometry import Sole
from wm_control.robot.joint_table import LEGS
from wm_control.types import Array

STANDING = 0.92
"""Height of the hips above the soles, standing, per stretched leg."""

LATERAL = 0.7
"""A joint pitches whose axis, all joints at zero, has a larger share along y; hips are inclined."""

BENT = 1.01
"""Length of a leg's bones per height of its hip at zero, from where on it is bent there."""

_ITERATIONS = 60
_LARGEST_STEP = 0.3
"""Of a joint in one iteration [rad]."""

_TOLERANCE = 1e-6
"""Of a posture: metres and radians alike."""

_FROM_LIMIT = 0.01
"""Kept from a joint's limits [rad]."""


@dataclass(frozen=True, slots=True)
class Posture:
    """Legs as they have to be.

    joints: (n,) all joints, others than the legs' where they were [rad]. error: what is left: of
    the soles' places [m] and tilts [rad], the largest.
    """

    joints: Array
    error: float

    @property
    def reached(self) -> bool:
        """Whether the robot can stand so within its joints' limits."""
        return self.error <= 100.0 * _TOLERANCE


class Legs:
    """Kinematics of both legs, base level at the origin.

    names: of the actuated joints, in the tree's order. groups: joint indices by group.
    lower, upper: (n,) limits [rad].
    """

    def __init__(
        self,
        model: pin.Model,
        soles: tuple[Sole, Sole],
        groups: Mapping[str, tuple[int, ...]],
        limits: tuple[Array, Array],
    ) -> None:
        """Take a model with a free-flyer; it is given the soles' frames.

        RobotDescriptionError for a leg without three joints that turn it forward and backward.
        """
        self.model = model
        self.indices = tuple(np.array(groups[leg], dtype=np.intp) for leg in LEGS)
        self._lower, self._upper = limits
        self._soles = tuple(
            add_frame(model, f"{leg}_sole", sole) for leg, sole in zip(LEGS, soles, strict=True)
        )
        self.data = model.createData()
        self._pitch = tuple(lateral_joints(model, indices) for indices in self.indices)
        self._placed = tuple(_placed_by(model, indices) for indices in self.indices)
        for leg, found in zip(LEGS, self._pitch, strict=True):
            if len(found) < 3:
                names = [model.names[2 + joint] for joint in found]
                raise RobotDescriptionError(
                    f"{leg}: {len(found)} joints turn it forward and backward ({names}), expected "
                    "hip, knee and ankle: axes within 45 degrees of the base's y at zero"
                )

    @property
    def pitch(self) -> tuple[tuple[int, ...], ...]:
        """Indices of the joints of each leg that turn it forward and backward, hip first."""
        return self._pitch

    @property
    def rolls(self) -> bool:
        """Whether both legs place the roll of their soles."""
        return all(3 in placed for placed in self._placed)

    @property
    def yaws(self) -> bool:
        """Whether both legs place the yaw of their soles."""
        return all(5 in placed for placed in self._placed)

    def place(self, joints: Array) -> None:
        """Compute where everything is with the joints (n,) at these positions."""
        q = pin.neutral(self.model)
        q[7:] = joints
        pin.computeJointJacobians(self.model, self.data, q)
        pin.updateFramePlacements(self.model, self.data)
        pin.jacobianCenterOfMass(self.model, self.data, q)

    def sole(self, foot: int) -> pin.SE3:
        """Pose of a sole in the base's frame."""
        return self.data.oMf[self._soles[foot]]

    def hip(self, foot: int) -> Array:
        """(3,) of the hip, the first lateral joint, in the base's frame."""
        return np.array(self.data.oMi[2 + self._pitch[foot][0]].translation)

    def sole_jacobian(self, foot: int) -> Array:
        """(6, n) of a sole with respect to the joints, in the base's axes, linear first."""
        frame = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        found: Array = pin.getFrameJacobian(self.model, self.data, self._soles[foot], frame)
        return found[:, 6:]

    def stretched(self) -> float:
        """Length of the left leg from hip to sole, stretched [m].

        The height of the hip with all joints at zero, unless the leg is bent there: then its thigh,
        its shank, seen from the side, and the height of its ankle.
        """
        self.place(np.zeros(self.model.nv - 6))
        hip, knee, ankle = (self.data.oMi[2 + j].translation for j in self._pitch[0][:3])
        sole = self.sole(0).translation
        bones = sum(float(np.hypot(*(a - b)[[0, 2]])) for a, b in ((hip, knee), (knee, ankle)))
        straight, length = float(hip[2] - sole[2]), bones + float(ankle[2] - sole[2])
        return length if length > BENT * straight else straight

    def solve(self, start: Array, goal: FeetGoal) -> Posture:
        """Move the legs from ``start`` (n,) until the soles are where they have to be."""
        joints = np.clip(start, self._lower, self._upper)
        moving = np.concatenate(self.indices)
        lower, upper = self._lower[moving] + _FROM_LIMIT, self._upper[moving] - _FROM_LIMIT
        for _ in range(_ITERATIONS):
            error, jacobian = self._residual(joints, goal, moving)
            if np.max(np.abs(error)) < _TOLERANCE:
                break
            step = -np.linalg.lstsq(jacobian, error, rcond=1e-6)[0]
            step *= min(1.0, _LARGEST_STEP / max(np.max(np.abs(step)), 1e-12))
            joints[moving] = np.clip(joints[moving] + step, lower, upper)
        error, _ = self._residual(joints, goal, moving)
        return Posture(joints, float(np.max(np.abs(error))))

    def _residual(
        self, joints: Array, goal: FeetGoal, moving: NDArray[np.intp]
    ) -> tuple[Array, Array]:
        """Error of both soles and its Jacobian with respect to the moving joints."""
        self.place(joints)
        ahead = float(self.data.com[0][0]) if goal.ahead is None else goal.ahead
        errors, rows = [], []
        for foot, (forward, left, up) in enumerate(goal.feet):
            pose, jacobian = self.sole(foot), self.sole_jacobian(foot)[:, moving]
            height = float(self.hip(foot)[2]) - goal.hip_height + up
            place = pose.translation - np.array([ahead + forward, left, height])
            turned = pin.log3(pose.rotation)
            kept = self._placed[foot]
            errors.append(np.concatenate((place, turned))[kept])
            rows.append(jacobian[kept])
        jacobian = np.vstack(rows)
        if goal.ahead is None:
            share = np.array(self.data.Jcom[0, 6:][moving])
            jacobian[0] -= share
            jacobian[len(errors[0])] -= share
        return np.concatenate(errors), jacobian

    def bent(self, joints: Array, share: float) -> tuple[Array, ...]:
        """Postures (n,) to start from, knees forward and knees backward, hips at ``share``."""
        return tuple(self._bent(joints, angle) for angle in (acos(share), -acos(share)))

    def _bent(self, joints: Array, angle: float) -> Array:
        found = joints.copy()
        for foot, pitch in enumerate(self._pitch):
            self.place(np.zeros_like(joints))
            for joint, share in zip(pitch, (-1.0, 2.0, -1.0), strict=False):
                axis = axis_in_base(self.model, self.data, joint)
                found[joint] = share * angle * np.sign(axis[1])
            found[self.indices[foot]] = np.clip(
                found[self.indices[foot]],
                self._lower[self.indices[foot]],
                self._upper[self.indices[foot]],
            )
        return found


@dataclass(frozen=True, slots=True)
class FeetGoal:
    """Where the soles have to be.

    feet: forward, left, up of each sole [m]: forward of ``ahead``, left of the base, up above the
    level that is ``hip_height`` below the hips. ahead: in the base's frame [m]; None: under the
    centre of mass, wherever that comes to be.
    """

    feet: tuple[tuple[float, float, float], tuple[float, float, float]]
    hip_height: float
    ahead: float | None = None


def link_frame(model: pin.Model, link: str) -> int:
    """Index of a link's frame; a joint may be called the same."""
    return int(model.getFrameId(link, pin.FrameType.BODY))


def add_frame(model: pin.Model, name: str, sole: Sole) -> int:
    """Add a sole's frame to the model; returns its index."""
    link = link_frame(model, sole.link)
    frame = model.frames[link]
    placement = frame.placement * pin.SE3(np.asarray(sole.rotation), np.asarray(sole.position))
    added = pin.Frame(name, frame.parentJoint, link, placement, pin.FrameType.OP_FRAME)
    return int(model.addFrame(added))


def _placed_by(model: pin.Model, indices: Iterable[int]) -> list[int]:
    """Of x, y, z, roll, pitch and yaw of a sole, what these joints place.

    All of it, or less with fewer than six: without an axis along z no yaw, without two along x,
    of which one places the sole sideways, no roll.
    """
    axes = [int(np.argmax(np.abs(axis))) for axis in _axes_at_zero(model, indices).values()]
    rolls, yaws = axes.count(0) > 1, axes.count(2) > 0
    if len(axes) >= 6:
        return [0, 1, 2, 3, 4, 5]
    return [0, 1, 2, *([3] if rolls else []), 4, *([5] if yaws else [])]


def lateral_joints(model: pin.Model, indices: Iterable[int]) -> tuple[int, ...]:
    """Of these actuated joints, those that turn about the base's y axis at zero, in order.

    An inclined axis counts with ``LATERAL`` of its length along y.
    """
    axes = _axes_at_zero(model, indices)
    return tuple(joint for joint, axis in axes.items() if abs(axis[1]) > LATERAL)


def _axes_at_zero(model: pin.Model, indices: Iterable[int]) -> dict[int, Array]:
    """Axis (3,) in the base's frame of each of these actuated joints, all joints at zero."""
    data = model.createData()
    pin.computeJointJacobians(model, data, pin.neutral(model))
    return {int(joint): axis_in_base(model, data, int(joint)) for joint in indices}


def axis_in_base(model: pin.Model, data: pin.Data, joint: int) -> Array:
    """(3,) axis of an actuated joint in the base's frame, of the placement in ``data``."""
    first = model.idx_vs[2 + joint]
    return np.array(data.J[3:, first])


def standing_posture(legs: Legs, joints: Array, share: float = STANDING) -> Posture:
    """Stand with the hips at ``share`` of the stretched leg.

    joints: (n,) where the arms and the rest are. Of knees forward and knees backward, what the
    joints' limits allow; the better one where neither is reached.
    """
    stretched = legs.stretched()
    apart = tuple(float(legs.sole(foot).translation[1]) for foot in range(2))
    goal = FeetGoal(((0.0, apart[0], 0.0), (0.0, apart[1], 0.0)), share * stretched)
    found = [legs.solve(start, goal) for start in legs.bent(joints, share)]
    return min(found, key=lambda posture: (not posture.reached, posture.error))
