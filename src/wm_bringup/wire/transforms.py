"""Where every link of the robot is, as /tf and /tf_static tell it.

A joint turns its link about an axis that is fixed in its parent: the translation between the two
never changes, and with the half angle of the joint the quaternion is

    q(theta) = a cos(theta / 2) + b sin(theta / 2),

a being that of the joint's placement, and b = a * (axis, 0). So no kinematics need be computed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote
from xml.sax.saxutils import unescape

import numpy as np
import pinocchio as pin

from wm_bringup.wire.cdr import HEADER, Writer, split_stamp
from wm_control.robot.description import RobotDescription
from wm_control.types import LEFT, RIGHT, Array, Estimate

ODOM, BASE, IMU, SOLES = "odom", "base_link", "imu_link", ("l_sole", "r_sole")
"""Frames of REP 103, 105 and 120."""

TF_TICKS = 8
"""Control cycles per message on ``tf``: 62.5 Hz, every second estimate that the graph publishes."""

_IDENTITY = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)


class TransformsEncoder:
    """tf2_msgs/TFMessage with transforms between the same frames every time."""

    def __init__(self, edges: Sequence[tuple[str, str]]) -> None:
        """Lay out the message. edges: parent and child frame of each transform."""
        writer = Writer()
        writer.uint32(len(edges))
        stamps, floats = [], []
        for parent, child in edges:
            stamps.append(writer.stamp())
            writer.string(parent)
            writer.string(child)
            floats.append(writer.float64(7))
        self._buffer = writer.finish()
        begin, size = len(HEADER), len(self._buffer) - len(HEADER)  # alignment counts from there
        self._seconds = (np.array(stamps) - begin) // 4
        self._numbers = (np.array(floats)[:, None] - begin) // 8 + np.arange(7)
        self._as_int32 = np.frombuffer(self._buffer, np.int32, size // 4, begin)
        self._as_float64 = np.frombuffer(self._buffer, np.float64, size // 8, begin)

    def encode(self, stamp: float, transforms: Array) -> bytes:
        """Fill in (k, 7): translation [m] and quaternion xyzw of each child in its parent."""
        seconds, nanoseconds = split_stamp(stamp)
        self._as_int32[self._seconds] = seconds
        self._as_int32[self._seconds + 1] = nanoseconds
        self._as_float64[self._numbers] = transforms
        return bytes(self._buffer)


class LinkTransforms:
    """Encodes where the links of one robot are.

    moving: parent and child of every transform on ``tf``; fixed: of every one on ``tf_static``.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Read joints and fixed frames off the description."""
        model = pin.buildModelFromXML(description.urdf, pin.JointModelFreeFlyer())
        root = description.base_link
        links = {f.parentJoint: f.name for f in model.frames if f.type == pin.FrameType.BODY}
        joints = range(2, model.njoints)  # behind universe and base
        self.moving = (
            (ODOM, BASE),
            *((links[model.parents[joint]], links[joint]) for joint in joints),
        )
        self._values = np.zeros((len(self.moving), 7))
        self._values[1:, :3] = [model.jointPlacements[joint].translation for joint in joints]
        self._begin = np.array([_quaternion(model.jointPlacements[joint]) for joint in joints])
        axes = [_axis(model, joint) for joint in joints]
        self._turn = np.array([_times(a, axis) for a, axis in zip(self._begin, axes, strict=True)])
        self._encoder = TransformsEncoder(self.moving)
        fixed = [(root, IMU, _placed(description.imu.position, description.imu.rotation))]
        fixed += [
            (sole.link, SOLES[foot], _placed(sole.position, sole.rotation))
            for foot, sole in zip((LEFT, RIGHT), description.soles, strict=True)
        ]
        if root != BASE:
            fixed.insert(0, (BASE, root, np.array(_IDENTITY)))
        self.fixed = tuple((parent, child) for parent, child, _ in fixed)
        self._fixed = np.array([transform for _, _, transform in fixed])

    def encode(self, estimate: Estimate) -> bytes | None:
        """Return tf2_msgs/TFMessage of ``tf`` by an estimate; None where that is not finite."""
        values, half = self._values, 0.5 * estimate.joint_position[:, None]
        values[0, :3], values[0, 3:] = estimate.base_position_in_world, estimate.base_orientation
        values[1:, 3:] = self._begin * np.cos(half) + self._turn * np.sin(half)
        if not np.isfinite(values).all():
            return None
        return self._encoder.encode(estimate.stamp, values)

    def encode_fixed(self, stamp: float) -> bytes:
        """Return tf2_msgs/TFMessage of ``tf_static``."""
        return TransformsEncoder(self.fixed).encode(stamp, self._fixed)


def _axis(model: pin.Model, joint: int) -> Array:
    """(3,) unit vector that a joint turns about, in its own axes."""
    data, q = model.createData(), pin.neutral(model)
    q[model.joints[joint].idx_q] = 1.0
    pin.forwardKinematics(model, data, q)
    turned = model.jointPlacements[joint].rotation.T @ data.liMi[joint].rotation
    axis: Array = pin.log3(turned)
    return axis


def _quaternion(placement: pin.SE3) -> Array:
    quaternion: Array = pin.SE3ToXYZQUAT(placement)[3:]
    return quaternion


def _placed(position: Array, rotation: Array) -> Array:
    """(7,) translation and quaternion xyzw."""
    transform: Array = pin.SE3ToXYZQUAT(pin.SE3(np.asarray(rotation), np.asarray(position)))
    return transform


def _times(a: Array, axis: Array) -> Array:
    """(4,) quaternion product of a, xyzw, and (axis, 0)."""
    vector, w = a[:3], a[3]
    return np.array([*(w * axis + np.cross(vector, axis)), -vector @ axis])


def description_for_viewers(urdf: str) -> str:
    """URDF in which files of meshes are addresses: viewers know no plain paths."""
    return re.sub(r'filename="(/[^"]*)"', _as_address, urdf)


def _as_address(found: re.Match[str]) -> str:
    return f'filename="file://{quote(unescape(found[1]))}"'
