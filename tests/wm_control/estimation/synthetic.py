"""A walk without physics: consistent motion, torques and sensor readings of the full model.

For tests and for timing. The base follows a smooth course, the feet stand flat or swing between
footholds, leg joints come from inverse kinematics, torques from inverse dynamics with the ground
reaction shared between the standing soles. Whatever an estimator gets wrong here is its own fault:
nothing slips, bends or bounces.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import numpy as np
import pinocchio as pin
from numpy.typing import NDArray

from wm_control.robot.description import RobotDescription
from wm_control.robot.model import BASE_DOF, RobotModel
from wm_control.types import Array, Observation

_WORLD_ALIGNED = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
_GRAVITY = np.array((0.0, 0.0, 9.81))


@dataclass(frozen=True, slots=True)
class Course:
    """What is walked: rest, then velocity in the heading-aligned frame, reached within a second.

    velocity: forward, left [m/s] and turning [rad/s]. step_time, double_support: [s]. apex: height
    of the swing sole [m]. width: between the soles [m]. crouch: base below the default posture's
    height [m]. sway, nod: amplitude of the base's sideways motion [m] and rotation [rad].
    """

    velocity: tuple[float, float, float] = (0.4, 0.0, 0.0)
    rest: float = 0.5
    step_time: float = 0.38
    double_support: float = 0.06
    apex: float = 0.05
    width: float = 0.18
    crouch: float = 0.04
    sway: float = 0.02
    nod: float = 0.02
    period: float = 0.002


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """Standard deviations of white noise and size of constant errors, as sensors really have them.

    gyro [rad/s], accelerometer [m/s²], encoder [rad], joint_velocity [rad/s], torque [N·m],
    torque_gain [1], tilt [rad].
    """

    gyro: float = 0.005
    gyro_bias: float = 0.01
    accelerometer: float = 0.1
    accelerometer_bias: float = 0.1
    encoder: float = 0.5e-3
    joint_velocity: float = 0.05
    torque: float = 0.5
    torque_gain: float = 0.03
    tilt: float = 1e-3
    tilt_bias: float = 3e-3


NO_ERRORS = SensorErrors(*(0.0,) * 10)


@dataclass(frozen=True, slots=True)
class Walk:
    """The true motion, one row per period.

    stamp: (k,) [s]. configuration: (k, nq) and velocity: (k, nv) of Pinocchio's free-flyer model.
    torque: (k, n) [N·m]. specific_force: (k, 3) at the IMU in IMU axes. wrench: (k, 2, 6) ground
    on sole, world axes. contact: (k, 2) whether the sole stands.
    """

    description: RobotDescription
    stamp: Array
    configuration: Array
    velocity: Array
    torque: Array
    specific_force: Array
    wrench: Array
    contact: NDArray[np.bool_]
    _reported: dict[tuple[SensorErrors, int], tuple[Observation, ...]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def observations(self, errors: SensorErrors, seed: int) -> tuple[Observation, ...]:
        """Return what the sensors report; constant errors are drawn uniformly in their bounds.

        Made once for all who ask, who cannot write to it.
        """
        if (errors, seed) not in self._reported:
            reported = tuple(self._reports(errors, seed))
            for observation in reported:
                _lock(observation)
            self._reported[errors, seed] = reported
        return self._reported[errors, seed]

    def _reports(self, errors: SensorErrors, seed: int) -> Iterator[Observation]:
        random = np.random.default_rng(seed)
        imu_rotation = np.asarray(self.description.imu.rotation)
        n = self.torque.shape[1]
        gyro_bias = errors.gyro_bias * random.uniform(-1.0, 1.0, 3)
        force_bias = errors.accelerometer_bias * random.uniform(-1.0, 1.0, 3)
        gain = 1.0 + errors.torque_gain * random.uniform(-1.0, 1.0, n)
        tilt_bias = errors.tilt_bias * np.append(random.uniform(-1.0, 1.0, 2), 0.0)
        turn = pin.exp3(np.array((0.0, 0.0, random.uniform(-np.pi, np.pi))))
        for k in range(len(self.stamp)):
            base = pin.Quaternion(self.configuration[k, 3:7]).matrix()
            tilt = pin.exp3(tilt_bias + errors.tilt * random.normal(size=3))
            orientation = pin.Quaternion(turn @ base @ imu_rotation @ tilt)
            omega = imu_rotation.T @ self.velocity[k, 3:6]
            yield Observation(
                stamp=float(self.stamp[k]),
                sequence=k,
                joint_position=self.configuration[k, 7:] + errors.encoder * random.normal(size=n),
                joint_velocity=self.velocity[k, 6:] + errors.joint_velocity * random.normal(size=n),
                joint_torque=gain * self.torque[k] + errors.torque * random.normal(size=n),
                imu_orientation=orientation.coeffs(),
                imu_angular_velocity=omega + gyro_bias + errors.gyro * random.normal(size=3),
                imu_linear_acceleration=self.specific_force[k]
                + force_bias
                + errors.accelerometer * random.normal(size=3),
            )


def _lock(observation: Observation) -> None:
    for one in fields(observation):
        value = getattr(observation, one.name)
        if isinstance(value, np.ndarray):
            value.setflags(write=False)


def synthetic_walk(description: RobotDescription, course: Course, seconds: float) -> Walk:
    """Walk ``course`` for ``seconds``, starting at rest as ``Estimator.reset`` expects.

    ValueError when the legs do not reach (step too long, crouch too small).
    """
    robot = RobotModel(description)
    stamp: Array = course.period * np.arange(round(seconds / course.period), dtype=np.float64)
    base = _base_poses(course, stamp, _standing_height(robot) - course.crouch)
    soles, contact = _sole_poses(course, stamp, base)
    configuration = _solve_legs(robot, base, soles)
    velocity = _velocities(robot, configuration, course.period)
    acceleration = np.gradient(velocity, course.period, axis=0)
    torque, wrench = _torques(robot, configuration, velocity, acceleration, contact)
    force = _specific_forces(description, configuration, velocity, acceleration)
    return Walk(description, stamp, configuration, velocity, torque, force, wrench, contact > 0.0)


def _smooth(x: Array) -> Array:
    """0 to 1 with zero first and second derivative at both ends (minimum jerk)."""
    s = np.clip(x, 0.0, 1.0)
    return s**3 * (10.0 - 15.0 * s + 6.0 * s**2)


def _standing_height(robot: RobotModel) -> float:
    """Height of the base over its soles in the default posture [m]."""
    robot.q[:] = pin.neutral(robot.model)
    robot.q[7:] = robot.description.default_position
    pin.framesForwardKinematics(robot.model, robot.data, robot.q)
    return -float(robot.data.oMf[robot.sole_ids[0]].translation[2])


def _base_poses(course: Course, stamp: Array, height: float) -> Array:
    """(k, 6) base position, roll, pitch, yaw."""
    started = _smooth(stamp - course.rest)
    forward, left, turning = np.outer(course.velocity, started)
    yaw = course.period * np.cumsum(turning)
    east = forward * np.cos(yaw) - left * np.sin(yaw)
    north = forward * np.sin(yaw) + left * np.cos(yaw)
    phase = np.pi * (stamp - course.rest) / course.step_time
    sway = course.sway * started * np.sin(phase)
    nod = course.nod * started
    return np.stack(
        (
            course.period * np.cumsum(east) - np.sin(yaw) * sway,
            course.period * np.cumsum(north) + np.cos(yaw) * sway,
            height + 0.2 * course.sway * started * np.cos(2.0 * phase),
            nod * np.sin(phase),
            nod * np.sin(2.0 * phase),
            yaw,
        ),
        axis=1,
    )


def _foothold(course: Course, base: Array, foot: int) -> Array:
    """(4,) x, y, z, yaw of a sole put down beside the base pose (6,)."""
    side = 0.5 * course.width * (1.0 if foot == 0 else -1.0)
    yaw = base[5]
    return np.array((base[0] - np.sin(yaw) * side, base[1] + np.cos(yaw) * side, 0.0, yaw))


def _sole_poses(course: Course, stamp: Array, base: Array) -> tuple[Array, Array]:
    """(k, 2, 4) sole poses and (k, 2) shares of the load, 0 in swing."""
    poses = np.zeros((len(stamp), 2, 4))
    share = np.full((len(stamp), 2), 0.5)
    places = [_foothold(course, base[0], foot) for foot in range(2)]
    poses[:] = places
    steps = int((stamp[-1] - course.rest) / course.step_time)
    for step in range(max(steps, 0)):
        foot = step % 2
        begin = course.rest + step * course.step_time
        target_time = begin + 1.5 * course.step_time
        index = min(int(target_time / course.period), len(stamp) - 1)
        target = _foothold(course, base[index], foot)
        swing = (stamp - begin - course.double_support) / (course.step_time - course.double_support)
        after = swing[:, None] > 0.0
        moved = places[foot] + _smooth(swing)[:, None] * (target - places[foot])
        poses[:, foot] = np.where(after, moved, poses[:, foot])
        inside = (swing > 0.0) & (swing < 1.0)
        poses[inside, foot, 2] = course.apex * np.sin(np.pi * swing[inside]) ** 2
        _share_load(course, stamp - begin, share, foot, last=step == steps - 1)
        places[foot] = target
    return poses, share


def _share_load(course: Course, time: Array, share: Array, foot: int, *, last: bool) -> None:
    """Hand the load over in double support, leave the swing foot none."""
    other = 1 - foot
    now = (time > 0.0) & (time <= course.step_time)
    left_over = np.where(now, 1.0 - np.clip(time / course.double_support, 0.0, 1.0), 0.0)
    share[now, foot] = left_over[now] * share[np.argmax(now), foot]
    share[now, other] = 1.0 - share[now, foot]
    later = time > course.step_time
    if last:
        share[later] = 0.5
    else:
        share[later, foot], share[later, other] = 0.0, 1.0


def _solve_legs(robot: RobotModel, base: Array, soles: Array) -> Array:
    """(k, nq) configurations with the soles where they should be, by Newton's method."""
    configurations = np.zeros((len(base), robot.model.nq))
    legs = [list(robot.description.groups[leg]) for leg in ("left_leg", "right_leg")]
    q = pin.neutral(robot.model)
    q[7:] = robot.description.default_position
    for k in range(len(base)):
        q[:3] = base[k, :3]
        q[3:7] = pin.Quaternion(pin.rpy.rpyToMatrix(base[k, 3:])).coeffs()
        for _ in range(20):
            if _leg_newton_step(robot, q, legs, soles[k]) < 1e-11:
                break
        else:
            raise ValueError(f"the legs do not reach the footholds at sample {k}")
        configurations[k] = q
    return configurations


def _leg_newton_step(robot: RobotModel, q: Array, legs: list[list[int]], goals: Array) -> float:
    """Improve the leg joints of ``q`` in place; return the error before the step."""
    pin.computeJointJacobians(robot.model, robot.data, q)
    worst = 0.0
    for foot, frame in enumerate(robot.sole_ids):
        place = pin.updateFramePlacement(robot.model, robot.data, frame)
        goal = pin.SE3(pin.exp3(np.array((0.0, 0.0, goals[foot, 3]))), goals[foot, :3])
        error = pin.log6(place.actInv(goal)).vector
        jacobian = pin.getFrameJacobian(robot.model, robot.data, frame, pin.ReferenceFrame.LOCAL)
        columns = [BASE_DOF + joint for joint in legs[foot]]
        q[[7 + joint for joint in legs[foot]]] += np.linalg.solve(jacobian[:, columns], error)
        worst = max(worst, float(np.abs(error).max()))
    return worst


def _velocities(robot: RobotModel, configuration: Array, period: float) -> Array:
    """(k, nv) central differences on the configuration manifold; zero at the first sample."""
    velocity = np.zeros((len(configuration), robot.nv))
    for k in range(1, len(configuration) - 1):
        ahead = pin.difference(robot.model, configuration[k], configuration[k + 1])
        behind = pin.difference(robot.model, configuration[k], configuration[k - 1])
        velocity[k] = (ahead - behind) / (2.0 * period)
    velocity[-1] = velocity[-2]
    return velocity


def _torques(robot: RobotModel, q: Array, v: Array, a: Array, share: Array) -> tuple[Array, Array]:
    """(k, n) joint torques and (k, 2, 6) sole wrenches of the motion.

    The standing soles share what the base cannot provide; each takes its part of the whole wrench.
    """
    torque, wrench = np.zeros((len(q), robot.n)), np.zeros((len(q), 2, 6))
    for k in range(len(q)):
        pin.computeJointJacobians(robot.model, robot.data, q[k])
        jacobians = []
        for frame in robot.sole_ids:
            pin.updateFramePlacement(robot.model, robot.data, frame)
            jacobians.append(
                pin.getFrameJacobian(robot.model, robot.data, frame, _WORLD_ALIGNED).copy()
            )
        force = pin.rnea(robot.model, robot.data, q[k], v[k], a[k]).copy()
        needed = force[:BASE_DOF].copy()
        for foot in range(2):
            base_rows = jacobians[foot][:, :BASE_DOF].T
            wrench[k, foot] = np.linalg.solve(base_rows, share[k, foot] * needed)
            force -= jacobians[foot].T @ wrench[k, foot]
        torque[k] = force[BASE_DOF:]
    return torque, wrench


def _specific_forces(description: RobotDescription, q: Array, v: Array, a: Array) -> Array:
    """(k, 3) what an ideal accelerometer at the IMU measures, IMU axes."""
    place = np.asarray(description.imu.position)
    rotation = np.asarray(description.imu.rotation)
    forces = np.zeros((len(q), 3))
    for k in range(len(q)):
        base = pin.Quaternion(q[k, 3:7]).matrix()
        linear, omega, alpha = v[k, :3], v[k, 3:6], a[k, 3:6]
        at_base = a[k, :3] + np.cross(omega, linear)
        at_imu = at_base + np.cross(alpha, place) + np.cross(omega, np.cross(omega, place))
        forces[k] = rotation.T @ (at_imu + base.T @ _GRAVITY)
    return forces
