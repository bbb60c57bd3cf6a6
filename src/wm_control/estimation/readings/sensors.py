"""Which readings may be believed: finite, inside the sensor's range, and not stuck.

An unbelievable reading is replaced by a prediction and named, never fused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.estimation.parameters import SensorParameters
from wm_control.estimation.readings.stuck import (
    ACCELEROMETER,
    GYRO,
    IMU,
    JOINTS,
    ORIENTATION,
    TORQUES,
    Mask,
    SensorVector,
    StuckDetector,
)
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Observation

_RAIL = 0.999
"""Share of a sensor's full scale at which it no longer says how much, but only: at least this."""

_ROUNDING = 1.001
"""Share of it up to which a reading is still one of this sensor's."""

_COAST = 0.98
"""Factor per sample on the velocity of a joint that is not seen: it coasts for some 0.1 s."""


@dataclass(slots=True)
class Readings:
    """One observation after the check; believable everywhere.

    Not frozen, as one is made for every sample and a frozen one takes a microsecond more.

    position, velocity, torque: (n,). orientation: (4,) or None. gyro, specific_force: (3,) in IMU
    axes, or None. bad_joints: (n,) whose position or velocity is predicted, None when all are good.
    faults: group of sensors -> what is wrong; empty when all is well. missed: (6,) by how much gyro
    and specific force may be wrong because they left their range, IMU axes; None when neither did.
    A reading at the end of the range is kept, it says "at least this"; a finite one past it is not,
    as no sensor reports it.
    """

    position: Array
    velocity: Array
    torque: Array
    orientation: Array | None
    gyro: Array | None
    specific_force: Array | None
    bad_joints: Mask | None
    faults: dict[str, str]
    missed: Array | None = None


class SensorGuard:
    """Compares every observation with the sensors' ranges and with earlier observations."""

    def __init__(self, description: RobotDescription, parameters: SensorParameters) -> None:
        """Derive the ranges from the robot's limits."""
        self._names = description.joint_names
        self._layout = SensorVector(len(self._names))
        self._quaternion = self._layout.imu[ORIENTATION]
        self._middle, self._limit = _ranges(description, parameters)
        self._inertial = slice(self._layout.imu[GYRO].start, self._layout.imu[ACCELEROMETER].stop)
        self._full_scale = np.full(self._layout.size, -1.0)  # nothing saturates but the IMU
        for name, full_scale in _full_scales(parameters).items():
            self._full_scale[self._layout.imu[name]] = full_scale
        self._stuck = StuckDetector(self._layout, parameters)
        self._last: Array | None = None

    def reset(self) -> None:
        """Forget all earlier readings."""
        self._stuck.reset()
        self._last = None

    def check(self, observation: Observation, dt: float) -> Readings:
        """Return what may be believed of ``observation``, dt seconds after the last one."""
        try:
            values = self._layout.pack(observation)
        except ValueError as error:
            return self._blind(dt, str(error))
        stuck = self._stuck.update(values, dt)
        good = np.abs(values - self._middle) <= self._limit  # written so that NaN fails
        x, y, z, w = values[self._quaternion].tolist()
        unit = 0.9 <= x * x + y * y + z * z + w * w <= 1.1
        if stuck is not None or not unit or np.count_nonzero(good) < len(good):
            good[self._quaternion] &= unit
            stuck = np.zeros_like(good) if stuck is None else stuck
            return self._repaired(values, good, stuck, dt)
        self._last = values
        return Readings(
            observation.joint_position,
            observation.joint_velocity,
            observation.joint_torque,
            observation.imu_orientation,
            observation.imu_angular_velocity,
            observation.imu_linear_acceleration,
            None,
            {},
        )

    def _repaired(self, values: Array, good: Mask, stuck: Mask, dt: float) -> Readings:
        """Replace what is bad by a prediction, and name it; what is saturated is kept, and named.

        good: (3 n + 10,) inside its range.
        """
        layout = self._layout
        outside = ~good & np.isfinite(values)
        saturated = outside & (np.abs(values) <= self._full_scale * _ROUNDING)
        bad = ~(good | saturated) | stuck
        believed = np.where(bad, self._prediction(dt), values)
        self._last = believed
        joints = bad[layout.position] | bad[layout.velocity]
        imu = {name: None if bad[part].any() else values[part] for name, part in layout.imu.items()}
        return Readings(
            believed[layout.position],
            believed[layout.velocity],
            believed[layout.torque],
            imu[ORIENTATION],
            imu[GYRO],
            imu[ACCELEROMETER],
            joints if joints.any() else None,
            self._saturation(saturated) | self._faults(bad, stuck),
            self._missed(outside, bad),
        )

    def _missed(self, outside: Mask, bad: Mask) -> Array | None:
        """(6,) full scale where it was left; of a sensor that is not believed in all its axes."""
        if not outside[self._inertial].any():
            return None
        missed = np.where(outside, self._full_scale, 0.0)
        for name in (GYRO, ACCELEROMETER):
            part = self._layout.imu[name]
            if (outside & bad)[part].any():
                missed[part] = self._full_scale[part]
        return missed[self._inertial]

    def _saturation(self, saturated: Mask) -> dict[str, str]:
        return {
            name: f"{name} at the end of its range, {self._full_scale[part][0]:.4g}"
            for name, part in self._layout.imu.items()
            if saturated[part].any()
        }

    def _prediction(self, dt: float) -> Array:
        """(3 n + 10,) joints coasting on from the last believable readings, the rest held."""
        if self._last is None:
            return np.zeros(self._layout.size)
        prediction = self._last.copy()
        position, velocity = self._layout.position, self._layout.velocity
        prediction[position] += dt * prediction[velocity]
        prediction[velocity] *= _COAST
        return prediction

    def _faults(self, bad: Mask, stuck: Mask) -> dict[str, str]:
        layout, faults = self._layout, {}
        joints = bad[layout.position] | bad[layout.velocity]
        if joints.any():
            what = _reason(joints & (stuck[layout.position] | stuck[layout.velocity]))
            faults[JOINTS] = f"encoder of {self._which(joints)} {what}"
        if bad[layout.torque].any():
            faults[TORQUES] = f"torque of {self._which(bad[layout.torque])} {_reason(stuck[:0])}"
        for name in IMU:
            part = layout.imu[name]
            if bad[part].any():
                faults[name] = f"{name} {_reason(stuck[part])}"
        return faults

    def _which(self, bad: Mask) -> str:
        indices = np.flatnonzero(bad)
        more = f" and {len(indices) - 1} more" if len(indices) > 1 else ""
        return self._names[int(indices[0])] + more

    def _blind(self, dt: float, cause: str) -> Readings:
        """Answer to an observation of the wrong shape: nothing in it is believed."""
        nothing = np.zeros(self._layout.size, dtype=np.bool_)
        unknown = np.full(self._layout.size, np.nan)
        readings = self._repaired(unknown, nothing, nothing, dt)
        return Readings(
            readings.position,
            readings.velocity,
            readings.torque,
            None,
            None,
            None,
            readings.bad_joints,
            dict.fromkeys((JOINTS, TORQUES, *IMU), cause),
        )


def _reason(stuck: Mask) -> str:
    return "is stuck" if stuck.any() else "is not finite or out of range"


def _full_scales(p: SensorParameters) -> dict[str, float]:
    return {GYRO: p.gyro_range, ACCELEROMETER: p.accelerometer_range}


def _ranges(description: RobotDescription, p: SensorParameters) -> tuple[Array, Array]:
    """(3 n + 10,) middle of what may be believed of every reading, and how far from it."""
    lower, upper = description.position_lower, description.position_upper
    width = 3 * len(lower) + 10
    middle = np.zeros(width)
    middle[: len(lower)] = 0.5 * (lower + upper)
    reach = np.concatenate(
        (
            0.5 * (upper - lower) + p.joint_margin,
            description.velocity_limit * p.range_factor,
            description.torque_limit * p.range_factor,
            np.full(4, 1.1),
            *(np.full(3, _RAIL * full_scale) for full_scale in _full_scales(p).values()),
        )
    )
    return middle, reach
