"""Which readings may be believed: finite, inside the sensor's range, and not stuck.

A sensor counts as stuck when its reading stays bit-identical for a number of samples *and* another
sensor says that it should have changed; a robot at rest with noiseless sensors is thus no fault.
An unbelievable reading is replaced by a prediction and counted, never fused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.estimation.parameters import SensorParameters
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Observation

JOINTS, TORQUES, ORIENTATION, GYRO, ACCELEROMETER = (
    "joint sensors",
    "joint torques",
    "IMU orientation",
    "gyro",
    "accelerometer",
)
GROUPS = (JOINTS, TORQUES, ORIENTATION, GYRO, ACCELEROMETER)

_COAST = 0.98
"""Factor per sample on the velocity of a joint that is not seen: it coasts for some 0.1 s."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Readings:
    """One observation after the check; believable everywhere.

    position, velocity, torque: (n,). orientation: (4,) or None. gyro, specific_force: (3,) in IMU
    axes, or None. bad_joints: (n,) whose position or velocity is predicted, None when all are good.
    faults: group -> what was wrong, empty when all is well.
    """

    position: Array
    velocity: Array
    torque: Array
    orientation: Array | None
    gyro: Array | None
    specific_force: Array | None
    bad_joints: Mask | None
    faults: dict[str, str]


class SensorGuard:
    """Compares every observation with ranges and with the previous ones."""

    def __init__(self, description: RobotDescription, parameters: SensorParameters) -> None:
        """Derive the ranges from the robot's limits."""
        self.parameters = parameters
        self._names = description.joint_names
        n = len(self._names)
        self._n = n
        p = parameters
        joint = np.maximum(np.abs(description.position_lower), np.abs(description.position_upper))
        self._limit = np.concatenate(
            (
                joint + p.joint_margin,
                description.velocity_limit * p.range_factor,
                description.torque_limit * p.range_factor,
                np.full(4, 1.1),
                np.full(3, p.gyro_range),
                np.full(3, p.accelerometer_range),
            )
        )
        self._all = np.zeros(3 * n + 10)
        self._stuck = StuckDetector(n, parameters)
        self._last: Readings | None = None

    def reset(self) -> None:
        """Forget all earlier readings."""
        self._stuck = StuckDetector(self._n, self.parameters)
        self._last = None

    def check(self, observation: Observation, dt: float, sole_turn: Array) -> Readings:
        """Return what may be believed of ``observation``.

        sole_turn: (3,) angular velocity of the standing soles by the last estimate [rad/s]; a
        gyro that tells the truth keeps it near zero.
        """
        shape_fault = self._wrong_shape(observation)
        if shape_fault:
            return self._predicted(dt, shape_fault)
        in_range = self._in_range(observation)
        stuck = self._stuck.none
        if in_range is None:
            stuck = self._stuck.update(observation, dt, sole_turn)
        if in_range is None and not stuck.any:
            readings = Readings(
                observation.joint_position,
                observation.joint_velocity,
                observation.joint_torque,
                observation.imu_orientation,
                observation.imu_angular_velocity,
                observation.imu_linear_acceleration,
                None,
                {},
            )
        else:
            good = np.ones(len(self._all), dtype=np.bool_) if in_range is None else in_range
            readings = self._repaired(observation, good, stuck, dt)
        self._last = readings
        return readings

    def _wrong_shape(self, o: Observation) -> str:
        n = self._n
        if len(o.joint_position) == len(o.joint_velocity) == len(o.joint_torque) == n:
            return ""
        return f"an array of the observation does not have {n} joints"

    def _in_range(self, o: Observation) -> Mask | None:
        """None when every reading is inside its range; a NaN is not."""
        n, values = self._n, self._all
        values[:n] = o.joint_position
        values[n : 2 * n] = o.joint_velocity
        values[2 * n : 3 * n] = o.joint_torque
        values[3 * n : 3 * n + 4] = o.imu_orientation
        values[3 * n + 4 : 3 * n + 7] = o.imu_angular_velocity
        values[3 * n + 7 :] = o.imu_linear_acceleration
        good = np.abs(values) <= self._limit
        x, y, z, w = values[3 * n : 3 * n + 4].tolist()
        if not (0.9 <= x * x + y * y + z * z + w * w <= 1.1):
            good[3 * n : 3 * n + 4] = False
        return None if good.all() else good

    def _predicted(self, dt: float, cause: str) -> Readings:
        """Carry the last believable joints on, ever slower; nothing else is known."""
        faults = dict.fromkeys(GROUPS, cause)
        zero = np.zeros(self._n)
        if self._last is None:
            return Readings(zero, zero, zero, None, None, None, zero == 0.0, faults)
        last = self._last
        position = last.position + dt * last.velocity
        velocity = _COAST * last.velocity
        self._last = Readings(
            position, velocity, last.torque, None, None, None, zero == 0.0, faults
        )
        return self._last

    def _repaired(self, o: Observation, good: Mask, stuck: Stuck, dt: float) -> Readings:
        """Replace what is out of range or stuck; name it."""
        n, faults = self._n, {}
        old = self._last
        was = (o.joint_position, o.joint_velocity, o.joint_torque)
        if old is not None:
            was = (old.position + dt * old.velocity, _COAST * old.velocity, old.torque)
        good_position = good[:n] & ~stuck.position
        good_velocity = good[n : 2 * n] & ~stuck.velocity
        good_torque = good[2 * n : 3 * n]
        bad = ~(good_position & good_velocity)
        if bad.any():
            faults[JOINTS] = self._joint_fault(bad, stuck.position | stuck.velocity)
        if not good_torque.all():
            faults[TORQUES] = self._joint_fault(~good_torque, np.zeros(n, dtype=np.bool_))
        fields = {
            ORIENTATION: (o.imu_orientation, good[3 * n : 3 * n + 4]),
            GYRO: (o.imu_angular_velocity, good[3 * n + 4 : 3 * n + 7]),
            ACCELEROMETER: (o.imu_linear_acceleration, good[3 * n + 7 :]),
        }
        imu: dict[str, Array | None] = {}
        for name, (value, fine) in fields.items():
            imu[name] = value if fine.all() and name not in stuck.imu else None
            if name in stuck.imu:
                faults[name] = f"{name} is stuck"
            elif not fine.all():
                faults[name] = f"{name} is not finite or out of range"
        return Readings(
            np.where(good_position, o.joint_position, _finite(was[0])),
            np.where(good_velocity, o.joint_velocity, _finite(was[1])),
            np.where(good_torque, o.joint_torque, _finite(was[2])),
            imu[ORIENTATION],
            imu[GYRO],
            imu[ACCELEROMETER],
            bad if bad.any() else None,
            faults,
        )

    def _joint_fault(self, bad: Mask, stuck: Mask) -> str:
        first = int(np.flatnonzero(bad)[0])
        more = int(bad.sum()) - 1
        what = "is stuck" if stuck[first] else "is not finite or out of range"
        others = f" and {more} more" if more else ""
        return f"reading of {self._names[first]}{others} {what}"


def _finite(values: Array) -> Array:
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


@dataclass(frozen=True, slots=True)
class Stuck:
    """position, velocity: (n,) joints; imu: names of stuck groups; any: whether there is one."""

    position: Mask
    velocity: Mask
    imu: tuple[str, ...]
    any: bool


class StuckDetector:
    """Counts bit-identical readings and what other sensors say happened meanwhile."""

    def __init__(self, n: int, parameters: SensorParameters) -> None:
        """n: joints."""
        self.parameters = parameters
        self.none = Stuck(np.zeros(n, np.bool_), np.zeros(n, np.bool_), (), False)
        self._previous: Observation | None = None
        self._position_count = np.zeros(n)
        self._position_path = np.zeros(n)
        self._velocity_count = np.zeros(n)
        self._velocity_path = np.zeros(n)
        self._imu_count = dict.fromkeys((ORIENTATION, GYRO, ACCELEROMETER), 0)
        self._imu_path = {name: np.zeros(3) for name in self._imu_count}
        self._watching = False

    def update(self, o: Observation, dt: float, sole_turn: Array) -> Stuck:
        """Compare with the previous observation. Arguments as in ``SensorGuard.check``."""
        old, self._previous = self._previous, o
        if old is None:
            return self.none
        same_position = o.joint_position == old.joint_position
        same_velocity = o.joint_velocity == old.joint_velocity
        same_imu = (
            bool((o.imu_orientation == old.imu_orientation).all()),
            bool((o.imu_angular_velocity == old.imu_angular_velocity).all()),
            bool((o.imu_linear_acceleration == old.imu_linear_acceleration).all()),
        )
        suspicious = any(same_imu) or bool(same_position.any()) or bool(same_velocity.any())
        if not suspicious and not self._watching:
            return self.none
        self._watching = suspicious
        step = o.joint_position - old.joint_position
        position = self._stuck_positions(same_position, dt * o.joint_velocity)
        velocity = self._stuck_velocities(same_velocity, step - dt * o.joint_velocity)
        imu = self._stuck_imu(same_imu, dt * o.imu_angular_velocity, dt * sole_turn)
        found = bool(imu) or bool(position.any()) or bool(velocity.any())
        return Stuck(position, velocity, imu, found)

    def _stuck_positions(self, same: Mask, told: Array) -> Mask:
        """Find positions that stay while the joint's own velocity says that it moved."""
        self._position_count = (self._position_count + 1.0) * same
        self._position_path = np.where(same, self._position_path + told, 0.0)
        return self._verdict(self._position_count, self._position_path)

    def _stuck_velocities(self, same: Mask, surplus: Array) -> Mask:
        """Find velocities that stay while the joint moves otherwise than they say."""
        self._velocity_count = (self._velocity_count + 1.0) * same
        self._velocity_path = np.where(same, self._velocity_path + surplus, 0.0)
        return self._verdict(self._velocity_count, self._velocity_path)

    def _verdict(self, count: Array, path: Array) -> Mask:
        p = self.parameters
        return (count >= p.stuck_samples) & (np.abs(path) > p.stuck_angle)

    def _stuck_imu(
        self, same: tuple[bool, bool, bool], turned: Array, sole_turned: Array
    ) -> tuple[str, ...]:
        """Orientation against gyro, gyro against the standing soles, accelerometer against gyro.

        Gyro and accelerometer share a chip: one that is silent while the other is not, is broken.
        """
        same_orientation, same_gyro, same_force = same
        self._count(ORIENTATION, same_orientation, turned)
        self._count(GYRO, same_gyro, sole_turned)
        self._count(ACCELEROMETER, same_force and not same_gyro, turned)
        p = self.parameters
        return tuple(
            name
            for name, count in self._imu_count.items()
            if count >= p.stuck_samples
            and (name == ACCELEROMETER or float(np.abs(self._imu_path[name]).max()) > p.stuck_angle)
        )

    def _count(self, name: str, same: bool, told: Array) -> None:
        self._imu_count[name] = self._imu_count[name] + 1 if same else 0
        self._imu_path[name] = self._imu_path[name] + told if same else np.zeros(3)
