"""Faults injected into the sensors' channels."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wm_bringup.faults.fault import ROUNDING, Fault
from wm_bringup.faults.meanings import IMU, JOINTS, PACKET, PATHS
from wm_bringup.faults.schedule import Acted, FaultSchedule
from wm_bringup.faults.spoiling import VALUE_OF, factor
from wm_control.errors import ParameterError
from wm_control.quaternion import quaternion_from_vector, quaternion_product
from wm_control.types import Array, Observation

Index = NDArray[np.intp]

HOLDING: Final = ("off", "drop", "stuck", "delay")
"""Verbs that may put the last sample in place of the next."""


@dataclass(frozen=True, slots=True)
class SensorLayout:
    """Where each sensor's values are in one flat sample: 3n + 6 scalars, then the quaternion."""

    joint_names: tuple[str, ...]
    parts: tuple[slice, ...] = field(init=False)
    """Of joint position, velocity and torque, gyro, accelerometer and orientation."""

    def __post_init__(self) -> None:
        """Note where the parts of an observation are, which every sample needs."""
        parts = (*self.scalar_sensors.values(), self.orientation)
        object.__setattr__(self, "parts", parts)

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
            IMU: index[3 * n :],
            JOINTS: index[: 3 * n],
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

    def flat(self, observation: Observation) -> Array:
        """(3n + 10,) what an observation says, as one flat sample."""
        o = observation
        joints = (o.joint_position, o.joint_velocity, o.joint_torque)
        motion = (o.imu_angular_velocity, o.imu_linear_acceleration)
        return np.concatenate((*joints, *motion, o.imu_orientation))

    def observation(
        self, stamp: float, sequence: int, channels: Array, run: int = 0
    ) -> Observation:
        """Return the observation that a flat sample makes."""
        position, velocity, torque, gyro, accelerometer, orientation = self.parts
        return Observation(
            stamp=stamp,
            sequence=sequence,
            joint_position=channels[position],
            joint_velocity=channels[velocity],
            joint_torque=channels[torque],
            imu_orientation=channels[orientation],
            imu_angular_velocity=channels[gyro],
            imu_linear_acceleration=channels[accelerometer],
            run=run,
        )

    @property
    def rows(self) -> tuple[slice, ...]:
        """Channels among which ``permute`` exchanges: joints, or axes."""
        vector = slice(self.scalars, self.scalars + 3)
        return (*self.scalar_sensors.values(), vector)


def check_sensor_fault(fault: Fault, layout: SensorLayout) -> None:
    """ParameterError for a fault of no sensor of this robot, or that would change nothing."""
    targets = layout.targets()
    if fault.target not in targets:
        sensors = ", ".join([*PATHS, *list(targets)[: len(targets) - layout.n]])
        raise ParameterError(
            "faults", fault.target, f"expected one of {sensors} or the name of a joint"
        )
    alone = targets[fault.target].size == 1 or fault.target in layout.joint_names
    if fault.verb == "permute" and alone:
        raise ParameterError("faults", fault.text, "there is nothing to exchange one value with")


class FaultInjector:
    """Applies faults to one flat sample after the other."""

    def __init__(self, faults: Iterable[Fault], layout: SensorLayout) -> None:
        """ParameterError names a target that this robot's sensors do not have."""
        self._layout, self._targets = layout, layout.targets()
        faults = tuple(faults)
        for fault in faults:
            check_sensor_fault(fault, layout)
        self._schedule = FaultSchedule(faults)
        self._last: Array = np.zeros(layout.size)
        self.reset()

    def reset(self, zero: float = 0.0) -> None:
        """Forget the last sample and what each fault has done.

        zero: time from which those count that come with every run [s].
        """
        self._schedule.begin(zero)
        self._seen = False
        self._history: dict[int, deque[tuple[float, Array]]] = {}
        self._held: dict[int, Array] = {}

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on [s]; ParameterError as at the start."""
        check_sensor_fault(fault, self._layout)
        self._schedule.ask(fault, time)

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._schedule)

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault: when it changed its first sample, and how many it has."""
        return self._schedule.acted

    def late(self, time: float) -> float:
        """By how much packets of ``time`` come later than without faults [s]."""
        if not self._schedule:
            return 0.0  # as in most episodes
        on = (fault for _, fault in self._schedule.on(time))
        return sum((f.value for f in on if f.target == PACKET and f.verb == "delay"), 0.0)

    def apply(self, time: float, channels: Array, rng: np.random.Generator) -> bool:
        """Change ``channels`` in place; True when this whole sample is missing.

        What a fault holds is as it was where the fault acts, before those that are written later:
        they meet it anew.
        """
        if not self._schedule:
            return False
        missing = False
        acting = dict(self._schedule.acting(time, rng))
        for number, fault in enumerate(self._schedule.faults):
            if number in acting:
                before = self._before(number, channels)
                missing |= self._act(number, fault, time, channels, before)
            if fault.verb in HOLDING:
                self._held[number] = channels.copy()
        self._last, self._seen = channels.copy(), True
        return missing

    def _before(self, number: int, channels: Array) -> Array:
        """Return the last sample as it was where a fault acts; this one where there is none."""
        last = self._last if self._seen else channels.copy()
        return self._held.get(number, last)

    def _act(self, number: int, fault: Fault, time: float, channels: Array, before: Array) -> bool:
        """Let one fault act; True when it makes this whole sample missing."""
        lost = fault.target == PACKET and fault.verb in ("off", "drop")
        if lost:
            channels[:] = before
        elif fault.target != PACKET or fault.verb != "delay":
            self._apply(number, fault, time, channels, before)
        return lost

    def _apply(
        self, number: int, fault: Fault, time: float, channels: Array, before: Array
    ) -> None:
        index = self._targets[fault.target]
        if fault.verb in VALUE_OF:
            channels[index] = VALUE_OF[fault.verb]
        elif fault.verb == "off":
            channels[index] = 0.0
        elif fault.verb == "drop":
            channels[index] = before[index]
        elif fault.verb == "stuck":
            channels[index] = before[index]
            self._stand_still(index, channels)
        elif fault.verb == "delay":
            due = time - fault.value + ROUNDING
            channels[index] = self._delayed(number, time, due, channels[index], before[index])
        elif fault.verb == "permute":
            self._exchange(index, channels)
        elif fault.verb == "bias":
            self._add(index, fault.value, channels)
        else:
            self._multiply(index, fault, channels)

    def _delayed(self, number: int, time: float, due: float, now: Array, held: Array) -> Array:
        """Return the channels as they were at ``due``; held until there is such a sample."""
        history = self._history.setdefault(number, deque())
        history.append((time, now.copy()))
        while len(history) > 1 and history[1][0] <= due:
            history.popleft()
        return history[0][1] if history[0][0] <= due else held

    def _stand_still(self, index: Index, channels: Array) -> None:
        """Set the velocity that a stuck encoder reports: zero."""
        n = self._layout.n
        if index[0] < n:
            channels[index[(index >= n) & (index < 2 * n)]] = 0.0

    def _exchange(self, index: Index, channels: Array) -> None:
        """Give every joint, or axis, what belongs to the one before it."""
        for row in self._layout.rows:
            if row.start in index:
                channels[row] = np.roll(channels[row], 1)

    def _multiply(self, index: Index, fault: Fault, channels: Array) -> None:
        """Multiply scalars; the negative of an orientation is its inverse, its parts are not."""
        scalars = self._layout.scalars
        turned = slice(scalars, scalars + 3)
        channels[index[index < scalars]] *= factor(fault)
        if scalars in index:
            channels[turned if fault.verb == "sign" else index[index >= scalars]] *= factor(fault)

    def _add(self, index: Index, value: float, channels: Array) -> None:
        """Offset positions, not the velocities that share their encoder; tilt an orientation."""
        n = self._layout.n
        if index[0] == self._layout.scalars:
            x, y, z, w = channels[index].tolist()
            tilt = quaternion_from_vector(value, 0.0, 0.0)
            channels[index] = quaternion_product((x, y, z, w), tilt)
        else:
            channels[index if index[0] >= n else index[index < n]] += value
