"""Faults injected into the sensors' channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.quaternion import quaternion_from_vector, quaternion_product
from wm_bringup.scenarios.faults import Fault
from wm_control.errors import ParameterError
from wm_control.types import Array

Index = NDArray[np.intp]

PACKET = "observation"
"""Target that stands for the whole packet of one sampling instant."""


@dataclass(frozen=True, slots=True)
class SensorLayout:
    """Where each sensor's values are in one flat sample: 3n + 6 scalars, then the quaternion."""

    joint_names: tuple[str, ...]

    @property
    def n(self) -> int:
        """Number of joints."""
        return len(self.joint_names)

    @property
    def scalars(self) -> int:
        """Length of the part that adds up linearly."""
        return 3 * self.n + 6

    @property
    def size(self) -> int:
        """Length of a sample."""
        return self.scalars + 4

    @property
    def gyro(self) -> slice:
        """Angular velocity in IMU axes."""
        return slice(3 * self.n, 3 * self.n + 3)

    @property
    def accelerometer(self) -> slice:
        """Specific force in IMU axes."""
        return slice(3 * self.n + 3, 3 * self.n + 6)

    @property
    def orientation(self) -> slice:
        """Quaternion xyzw, IMU axes to world."""
        return slice(self.scalars, self.size)

    @property
    def scalar_sensors(self) -> dict[str, slice]:
        """Channels by the sensor's name in SensorParameters."""
        n = self.n
        return {
            "position": slice(0, n),
            "velocity": slice(n, 2 * n),
            "torque": slice(2 * n, 3 * n),
            "gyro": self.gyro,
            "accelerometer": self.accelerometer,
        }

    def targets(self) -> dict[str, Index]:
        """Channel indices by fault target; a joint's name: its encoder, ``gyro.x``: one axis."""
        n, index = self.n, np.arange(self.size, dtype=np.intp)
        targets = {
            PACKET: index,
            "imu": index[3 * n :],
            "gyro": index[self.gyro],
            "accelerometer": index[self.accelerometer],
            "orientation": index[self.orientation],
            "encoders": index[: 2 * n],
            "joint_torque": index[2 * n : 3 * n],
        }
        targets |= {
            f"{sensor}.{axis}": targets[sensor][i : i + 1]
            for sensor in ("gyro", "accelerometer")
            for i, axis in enumerate("xyz")
        }
        return targets | {name: index[[i, n + i]] for i, name in enumerate(self.joint_names)}


class FaultInjector:
    """Applies the faults of a scenario to one flat sample after the other."""

    def __init__(self, faults: tuple[Fault, ...], layout: SensorLayout) -> None:
        """ParameterError names a target that this robot's sensors do not have."""
        targets = layout.targets()
        for fault in faults:
            if fault.target not in targets:
                known = ", ".join(list(targets)[: len(targets) - layout.n])
                raise ParameterError(
                    "faults", fault.target, f"expected one of {known} or the name of a joint"
                )
            if fault.verb in ("bias", "scale") and fault.target in (PACKET, "imu"):
                raise ParameterError(
                    "faults",
                    f"{fault.target}:{fault.verb}",
                    "this verb needs one kind of sensor, e.g. gyro or accelerometer",
                )
        self._layout = layout
        self._faults = [(fault, targets[fault.target]) for fault in faults]
        self._last: Array = np.zeros(layout.size)
        self._seen = False
        self.first: list[float | None] = []
        self.samples: list[int] = []
        self.reset()

    def reset(self) -> None:
        """Forget the last sample, and what each fault has done.

        ``first`` holds when each fault changed its first sample [s], ``samples`` how many it has.
        """
        self._seen = False
        self.first = [None] * len(self._faults)
        self.samples = [0] * len(self._faults)

    def apply(self, time: float, channels: Array, rng: np.random.Generator) -> bool:
        """Change ``channels`` in place; True when this whole sample is missing."""
        if not self._faults:
            return False
        missing = False
        before = self._last if self._seen else channels.copy()
        for number, (fault, index) in enumerate(self._faults):
            if fault.active(time) and (fault.verb != "drop" or rng.random() < fault.value):
                missing |= self._apply(fault, index, channels, before)
                self._count(number, time)
        self._last, self._seen = channels.copy(), True
        return missing

    def _count(self, number: int, time: float) -> None:
        if self.first[number] is None:
            self.first[number] = time
        self.samples[number] += 1

    def _apply(self, fault: Fault, index: Index, channels: Array, before: Array) -> bool:
        if fault.verb == "nan":
            channels[index] = np.nan
        elif fault.verb == "stuck":
            channels[index] = before[index]
            self._stand_still(index, channels)
        elif fault.verb == "drop":
            channels[index] = before[index]
            return fault.target == PACKET
        elif fault.verb == "bias":
            self._add(index, fault.value, channels)
        elif fault.verb == "scale":
            channels[index] *= fault.value
        return False

    def _stand_still(self, index: Index, channels: Array) -> None:
        """Set the velocity that a stuck encoder reports: zero."""
        n = self._layout.n
        if index[0] < n:
            channels[index[(index >= n) & (index < 2 * n)]] = 0.0

    def _add(self, index: Index, value: float, channels: Array) -> None:
        """Offset positions, not the velocities that share their encoder; tilt an orientation."""
        n = self._layout.n
        if index[0] == self._layout.scalars:
            x, y, z, w = channels[index].tolist()
            tilt = quaternion_from_vector(value, 0.0, 0.0)
            channels[index] = quaternion_product((x, y, z, w), tilt)
        else:
            channels[index if index[0] >= n else index[index < n]] += value
