"""Messages that tell of the robot: what it senses, what is believed of it, what is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from wm_bringup.wire.messages import (
    JointStateEncoder,
    MultiArrayEncoder,
    fill_imu,
    imu_encoder,
    odometry_encoder,
)
from wm_bringup.wire.vectors import ESTIMATE_HEADER, estimate_size, pack_estimate
from wm_control.types import Array, Estimate, Observation


class BaseMotion(Protocol):
    """Where the base is and how it moves: a ``GroundTruth``, or the part of it that is told."""

    @property
    def stamp(self) -> float:
        """When [s]."""

    @property
    def base_position_in_world(self) -> Array:
        """(3,) [m]."""

    @property
    def base_orientation(self) -> Array:
        """(4,) quaternion xyzw, base to world."""

    @property
    def base_velocity_in_base(self) -> Array:
        """(3,) [m/s]."""

    @property
    def base_angular_velocity_in_base(self) -> Array:
        """(3,) [rad/s]."""


class ObservationEncoder:
    """``joint_states`` and ``imu``, which are one observation."""

    def __init__(self, joint_names: Sequence[str]) -> None:
        """Lay out both."""
        self._joints = JointStateEncoder(joint_names)
        self._imu = imu_encoder("imu_link")

    def joints(self, observation: Observation) -> bytes:
        """Fill in ``joint_states``."""
        o = observation
        return self._joints.encode(o.stamp, o.joint_position, o.joint_velocity, o.joint_torque)

    def imu(self, observation: Observation) -> bytes:
        """Fill in ``imu``."""
        o = observation
        motion = (o.imu_angular_velocity, o.imu_linear_acceleration)
        fill_imu(self._imu.floats, o.imu_orientation, *motion)
        return self._imu.encode(o.stamp)


class EstimateEncoder:
    """``state_estimator/estimate``, whole."""

    def __init__(self, n: int) -> None:
        """Lay out an estimate of ``n`` joints."""
        size = estimate_size(n) - len(ESTIMATE_HEADER)
        self._message = MultiArrayEncoder((("estimate", size),), len(ESTIMATE_HEADER))

    def encode(self, estimate: Estimate) -> bytes:
        """Fill in one estimate."""
        pack_estimate(estimate, self._message.floats)
        return self._message.encode()


class TruthEncoder:
    """``ground_truth/odom``: the true motion of a simulated robot's base."""

    def __init__(self) -> None:
        """Lay it out; covariances stay zero."""
        self._message = odometry_encoder("world", "base_link")

    def encode(self, truth: BaseMotion) -> bytes:
        """Fill in one truth."""
        floats = self._message.floats
        floats[0:3], floats[3:7] = truth.base_position_in_world, truth.base_orientation
        floats[43:46] = truth.base_velocity_in_base
        floats[46:49] = truth.base_angular_velocity_in_base
        return self._message.encode(truth.stamp)
