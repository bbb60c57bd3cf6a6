"""Estimation with an IMU above the waist: believed where the IMU is, told where the base is.

An estimator as any other believes in the robot whose base is F (``robot.carriage``), fixed to the
link with the IMU. Its IMU is then one on its base: neither gyro nor accelerometer has anything to
be corrected by, and the waist is part of both legs. What it believes of F, the joints between turn
into pose and twist of base_link, exactly. With R, p the rotation to base axes and origin of F in
base_link, and ω, v of F in base_link by the speeds of these joints:

    ω_base = R ω_F - ω,    v_base = R v_F - ω_base x p - v,
    R_base = R_F Rᵀ,          p_base = p_F - R_base p

The speeds' noise is then the base's as well: it is halved first (``body/joint_motion.py``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from wm_control.estimation.body.joint_motion import JointMotion
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.fast_init import replace
from wm_control.kernel import Kernel, matrix_of, quaternion_of
from wm_control.robot.carriage import ImuCarriage, rooted_at_imu
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation

_BASE = 13
"""Base state, as ``sole_kinematics.BASE``."""

_ANGLE_NOISE, _SPEED_NOISE = 0.0003, 0.03
"""Of the joints between, as ``JointMotion`` has it [rad], [rad/s]."""


class CarriedImuEstimator:
    """A ``types.Estimator`` for an IMU that joints move against the base.

    inside: the estimator of F; joints in its own order.
    """

    def __init__(
        self, description: RobotDescription, make: Callable[[RobotDescription], GuardedEstimator]
    ) -> None:
        """make: builds an estimator for an IMU on the base."""
        self._carriage = ImuCarriage(description)
        rooted = rooted_at_imu(description)
        self.inside = make(rooted)
        self._inwards = _places(rooted.joint_names, description.joint_names)
        self._outwards = _places(description.joint_names, rooted.joint_names)
        self._joints = JointMotion(self._outwards[self._carriage.joints])
        self._kernel = _kernel(self._carriage)
        self._started = False
        self._turn: Array = np.eye(3)
        self._last: Estimate | None = None

    @property
    def figures(self) -> Mapping[str, float]:
        """As of ``inside``."""
        return self.inside.figures

    @property
    def slipping(self) -> tuple[bool, bool]:
        """As of ``inside``."""
        return self.inside.slipping

    def reset(self, observation: Observation) -> Estimate:
        """Start from rest with both soles on flat ground; see ``types.Estimator``."""
        self._last = None
        self._joints.reset()
        asked = self._in_its_order(observation)
        inside = self.inside.reset(asked)
        self._started = inside.healthy
        self._kernel.inputs["heading"][0] = 0.0
        self._kernel.inputs["heading"][0] = -_heading(self._base(inside))
        cosine, sine = (f(self._kernel.inputs["heading"][0]) for f in (math.cos, math.sin))
        self._turn = np.array(((cosine, -sine, 0.0), (sine, cosine, 0.0), (0.0, 0.0, 1.0)))
        return self._told(inside, asked, observation)

    def update(self, observation: Observation) -> Estimate:
        """Take in the next observation; never raises."""
        if not self._started:
            return self.reset(observation)
        asked = self._in_its_order(observation)
        return self._told(self.inside.update(asked), asked, observation)

    def _in_its_order(self, o: Observation) -> Observation:
        """Return the observation with its joints in the order of ``inside``."""
        rows = (o.joint_position, o.joint_velocity, o.joint_torque)
        if any(row.shape != self._inwards.shape for row in rows):
            return o  # it says itself what is wrong with that
        position, velocity, torque = (row[self._inwards] for row in rows)
        return replace(o, joint_position=position, joint_velocity=velocity, joint_torque=torque)

    def _told(self, inside: Estimate, asked: Observation, observation: Observation) -> Estimate:
        """Say of base_link what ``inside`` says of F, when it was asked about an observation."""
        if self._last is not None and inside.observation is not asked:
            observation = self._last.observation  # it stays with what it believed last
        base, known = self._base(inside), self._kernel.outputs
        to_pose, to_twist = known["to_pose"], known["to_twist"]
        self._last = Estimate(
            observation,
            base[:3],
            base[3:7],
            base[7:10],
            base[10:],
            inside.joint_position[self._outwards],
            inside.joint_velocity[self._outwards],
            inside.contact_probability,
            inside.foot_wrench.reshape(4, 3).dot(self._turn.T).reshape(2, 6),
            to_pose @ inside.pose_covariance @ to_pose.T + known["pose_noise"],
            to_twist @ inside.twist_covariance @ to_twist.T + known["twist_noise"],
            inside.healthy,
            inside.cause,
        )
        return self._last

    def _base(self, inside: Estimate) -> Array:
        """(13,) position, orientation and twist of base_link; the kernel's outputs with it."""
        inputs, joints = self._kernel.inputs, self._joints
        joints.see(inside)
        inputs["frame"][:3] = inside.base_position_in_world
        inputs["frame"][3:7] = inside.base_orientation
        inputs["frame"][7:10] = inside.base_velocity_in_base
        inputs["frame"][10:] = inside.base_angular_velocity_in_base
        inputs["position"][:], inputs["velocity"][:] = joints.position, joints.velocity
        self._kernel.run()
        return self._kernel.outputs["base"].copy()


def _places(wanted: tuple[str, ...], given: tuple[str, ...]) -> NDArray[np.intp]:
    """(n,) where each of the wanted joints is among the given ones."""
    return np.array([given.index(name) for name in wanted], dtype=np.intp)


def _heading(base: Array) -> float:
    x, y, z, w = base[3:7].tolist()
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def _kernel(carriage: ImuCarriage) -> Kernel:
    """Write down the way from F to base_link, and how errors go along.

    heading: by which all is turned about the world's z, so that the base starts with none [rad].
    Covariances are to first order: with δp, φ in world and δv, δω in base axes, as errors of F and
    of the joints' angles and speeds make them.
    """
    k = len(carriage.path)
    frame, heading = ca.SX.sym("frame", _BASE), ca.SX.sym("heading")
    position, velocity = ca.SX.sym("position", k), ca.SX.sym("velocity", k)
    rotation, origin, axes = carriage.frame_in_base(position)
    shift = ca.jacobian(origin, position)
    c, s = ca.cos(heading), ca.sin(heading)
    turn = ca.vertcat(ca.horzcat(c, -s, 0.0), ca.horzcat(s, c, 0.0), ca.horzcat(0.0, 0.0, 1.0))
    upright = turn @ matrix_of(frame[3:7]) @ rotation.T
    place = turn @ frame[:3] - upright @ origin
    omega = rotation @ frame[10:] - axes @ velocity
    speed = rotation @ frame[7:10] - ca.cross(omega, origin) - shift @ velocity

    lever = ca.skew(upright @ origin)
    to_pose = _blocks(turn, lever @ turn)
    to_twist = _blocks(rotation, ca.skew(origin) @ rotation)
    by_angles = ca.vertcat(lever @ upright @ axes + upright @ shift, upright @ axes)
    by_speeds = ca.vertcat(ca.skew(origin) @ axes + shift, axes)
    return Kernel(
        "base_of_carried_imu",
        {"frame": frame, "position": position, "velocity": velocity, "heading": heading},
        {
            "base": ca.vertcat(place, quaternion_of(upright), speed, omega),
            "to_pose": to_pose,
            "to_twist": to_twist,
            "pose_noise": _ANGLE_NOISE**2 * by_angles @ by_angles.T,
            "twist_noise": _SPEED_NOISE**2 * by_speeds @ by_speeds.T,
        },
    )


def _blocks(rotation: ca.SX, lever: ca.SX) -> ca.SX:
    """(6, 6) of linear and angular errors: the rotation of both, and what turning shifts."""
    return ca.vertcat(ca.horzcat(rotation, lever), ca.horzcat(ca.SX(3, 3), rotation))
