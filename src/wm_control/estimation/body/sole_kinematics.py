"""Where both soles are, how they move, and how well the encoders tell it.

Forward kinematics of the two chains from base to sole as one kernel (kernel.py), a third of what
the same takes through a library call per quantity; a test compares it with Pinocchio.
"""

from __future__ import annotations

import casadi as ca
import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from wm_control.errors import WmError
from wm_control.kernel import Kernel, matrix_of
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array

BASE = 13
"""Base state: position (3) in world, quaternion xyzw (4), linear (3) and angular (3) velocity in
base axes."""

PLACE_ROWS = (0, 1, 2, 5)
"""Of a sole's Jacobian: what a placed sole is known by, its place and its heading."""

Indices = NDArray[np.intp]


class SoleChainError(WmError):
    """A leg is not a chain of revolute joints."""


class SoleKinematics:
    """Kinematics of both soles; all arrays are those of the last ``update``, world axes.

    chains: joints from base to left and right sole. legs: (l,) those of them that only move one
    sole, in joint order: all, unless the base is above the waist. jacobians: (12, 6 + 2 l) of
    left and right sole, linear rows first, columns of the base, the left leg's joints and the
    right's. place_noise: (8, 8) J Jᵀ over the chains of ``PLACE_ROWS`` of left and right sole:
    their covariance by encoders of unit variance. soles: (26,) of each sole in turn the position
    (3), linear (3) and angular (3) velocity, z axis (3) and heading (1).
    """

    def __init__(self, robot: RobotModel) -> None:
        """Write down both chains. SoleChainError when a joint of them is not revolute."""
        left, right = robot.sole_ids
        self.chains = (_chain(robot, left), _chain(robot, right))
        shared = len(np.intersect1d(*self.chains))  # the first ones
        self.legs = (self.chains[0][shared:], self.chains[1][shared:])
        self._both = np.concatenate(self.chains)
        self._kernel = _kernel(robot, self.chains, shared)
        self.base, self._position, self._velocity = self._kernel.inputs.values()
        self.soles = self._kernel.outputs["soles"]
        self.jacobians = self._kernel.outputs["jacobians"]
        self.place_noise = self._kernel.outputs["place_noise"]

    def update(self, base: Array, joint_position: Array, joint_velocity: Array) -> None:
        """Refresh everything. base: (13,) as ``BASE``; joints: (n,)."""
        self.base[:] = base
        joint_position.take(self._both, out=self._position, mode="clip")
        joint_velocity.take(self._both, out=self._velocity, mode="clip")
        self._kernel.run()


def _chain(robot: RobotModel, frame: int) -> Indices:
    """(l,) indices of the joints that carry a frame, from the base on."""
    model, joints = robot.model, []
    joint = model.frames[frame].parentJoint
    while joint > 1:
        if model.joints[joint].nv != 1:
            raise SoleChainError(f"joint {model.names[joint]}: expected revolute, found another")
        joints.append(model.joints[joint].idx_v - BASE_DOF)
        joint = model.parents[joint]
    return np.array(joints[::-1], dtype=np.intp)


def _kernel(robot: RobotModel, chains: tuple[Indices, Indices], shared: int) -> Kernel:
    size = [len(chain) for chain in chains]
    base = ca.SX.sym("base", BASE)
    position, velocity = (ca.SX.sym(name, sum(size)) for name in ("position", "velocity"))
    soles, rows, noise = [], [], []
    for foot, chain in enumerate(chains):
        part = slice(0, size[0]) if foot == 0 else slice(size[0], sum(size))
        place, rotation, own = _sole(robot, foot, chain, base, position[part])
        lever = place - base[:3]
        turn = matrix_of(base[3:7])
        of_base = ca.vertcat(
            ca.horzcat(turn, -ca.skew(lever) @ turn), ca.horzcat(ca.SX(3, 3), turn)
        )
        others = [ca.SX(6, n - shared) for n in size]
        others[foot] = own[:, shared:]
        rows.append(ca.horzcat(of_base, *others))
        motion = of_base @ base[7:] + own @ velocity[part]
        heading = ca.atan2(rotation[1, 0], rotation[0, 0])
        soles += [place, motion, rotation[:, 2], heading]
        seen = own[list(PLACE_ROWS), :]
        noise.append(seen @ seen.T)
    return Kernel(
        "soles",
        {"base": base, "position": position, "velocity": velocity},
        {
            "soles": ca.vertcat(*soles),
            "jacobians": ca.vertcat(*rows),
            "place_noise": ca.diagcat(*noise),
        },
    )


def _sole(
    robot: RobotModel, foot: int, leg: Indices, base: ca.SX, angles: ca.SX
) -> tuple[ca.SX, ca.SX, ca.SX]:
    """Place (3,), rotation to world (3, 3) and Jacobian (6, l) over the leg of one sole."""
    model = robot.model
    place, rotation = base[:3], matrix_of(base[3:7])
    axes, origins = [], []
    for k, index in enumerate(leg):
        joint = _joint_of(model, int(index))
        placement = model.jointPlacements[joint]
        place = place + rotation @ _constant(placement.translation)
        rotation = rotation @ _constant(placement.rotation)
        axis = _axis(model, joint)
        axes.append(rotation @ _constant(axis))
        origins.append(place)
        rotation = rotation @ _turn(axis, angles[k])
    placement = model.frames[robot.sole_ids[foot]].placement
    place = place + rotation @ _constant(placement.translation)
    rotation = rotation @ _constant(placement.rotation)
    columns = [
        ca.vertcat(ca.cross(axis, place - origin), axis)
        for axis, origin in zip(axes, origins, strict=True)
    ]
    return place, rotation, ca.horzcat(*columns)


def _joint_of(model: pin.Model, index: int) -> int:
    """Pinocchio's number of the joint with this index in joint order."""
    found = [j for j in range(2, model.njoints) if model.joints[j].idx_v == BASE_DOF + index]
    return int(found[0])


def _axis(model: pin.Model, joint: int) -> Array:
    """(3,) unit axis of a revolute joint, in its own frame: the rotation that half a radian is."""
    data, q = model.createData(), pin.neutral(model)
    q[model.joints[joint].idx_q] = 0.5
    pin.forwardKinematics(model, data, q)
    turned = model.jointPlacements[joint].rotation.T @ data.liMi[joint].rotation
    axis: Array = pin.log3(turned) / 0.5
    if not abs(np.linalg.norm(axis) - 1.0) <= 1e-6:
        raise SoleChainError(f"joint {model.names[joint]}: expected revolute, found another")
    return axis


def _turn(axis: Array, angle: ca.SX) -> ca.SX:
    """(3, 3) rotation about a constant unit axis (Rodrigues)."""
    skew = _constant(pin.skew(axis))
    return ca.SX.eye(3) + ca.sin(angle) * skew + (1.0 - ca.cos(angle)) * (skew @ skew)


def _constant(values: Array) -> ca.SX:
    """Numbers with rounding errors beside zero and one removed, so that they cost nothing."""
    rounded = np.round(values)
    exact = np.where(np.abs(values - rounded) < 1e-12, rounded, values)
    return ca.SX(ca.sparsify(ca.DM(exact)))
