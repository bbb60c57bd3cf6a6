"""Between frames and what the program speaks of: which motor drives which joint, in which units.

Frames know motors by slot and quaternions as w, x, y, z, in single precision; everything else here
knows joints by the order of ``RobotDescription.joint_names`` and quaternions as x, y, z, w. Units
are the same, and no motor turns against its joint.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.unitree.frames import (
    COMMAND,
    ENABLED,
    MOTORS,
    SERIES,
    STATE,
    Frame,
    empty,
    seal,
)
from wm_control.errors import ParameterError
from wm_control.types import Array, Command, Observation

_TICK = 0.001
"""Unit of a state's tick [s]."""

_WXYZ, _XYZW = [3, 0, 1, 2], [1, 2, 3, 0]


@dataclass(frozen=True, slots=True)
class Wiring:
    """How the motors of one body are wired.

    slots: of each joint, by name, in [0, 35). machines: the ``mode_machine`` of states by which
    bodies that fit tell themselves.
    """

    slots: Mapping[str, int]
    machines: tuple[int, ...]


class JointFrames:
    """Frames of the joints of one robot, read and written.

    Values of all joints are read in one go, as 32-bit words of a frame: field by field takes three
    times as long.
    """

    def __init__(self, joint_names: Sequence[str], wiring: Wiring) -> None:
        """ParameterError for a joint that has no slot, and for one that shares or exceeds its."""
        self.slots = slots = _slots(joint_names, wiring)
        self._commanded = _words(COMMAND, slots, "q", "dq", "kp", "kd", "tau")
        self._measured = _words(STATE, slots, "q", "dq", "tau_est")

    def command_frame(self, command: Command, machine: int) -> Frame:
        """Write a command down, sealed: joints enabled, all other motors off.

        machine: ``mode_machine``, as the robot's states say it.
        """
        frame = empty(COMMAND)
        frame["mode_pr"], frame["mode_machine"] = SERIES, machine
        frame["motor"]["mode"][0, self.slots] = ENABLED
        frame.view("<f4")[self._commanded] = (
            command.position,
            command.velocity,
            command.stiffness,
            command.damping,
            command.torque,
        )
        seal(frame)
        return frame

    def command(self, frame: Frame, stamp: float, sequence: int) -> Command:
        """Read a command as its motors follow it: those that are not enabled give no torque."""
        values = frame.view("<f4")[self._commanded].astype(np.float64)
        values[:, frame["motor"]["mode"][0, self.slots] != ENABLED] = 0.0
        return Command(stamp, sequence, *values)

    def observation(self, frame: Frame, sequence: int, stamp: float | None = None) -> Observation:
        """Read what a state says of joints and IMU. stamp: None: the tick [s]."""
        position, velocity, torque = frame.view("<f4")[self._measured].astype(np.float64)
        imu = frame["imu"][0]
        return Observation(
            stamp=_TICK * int(frame["tick"][0]) if stamp is None else stamp,
            sequence=sequence,
            joint_position=position,
            joint_velocity=velocity,
            joint_torque=torque,
            imu_orientation=imu["quaternion"][_XYZW].astype(np.float64),
            imu_angular_velocity=imu["gyroscope"].astype(np.float64),
            imu_linear_acceleration=imu["accelerometer"].astype(np.float64),
        )

    def write_observation(self, frame: Frame, observation: Observation) -> None:
        """Write joints, IMU and tick into a state; the stamp is rounded to its unit."""
        frame["tick"] = round(observation.stamp / _TICK) % 2**32
        frame.view("<f4")[self._measured] = (
            observation.joint_position,
            observation.joint_velocity,
            observation.joint_torque,
        )
        write_imu(
            frame["imu"],
            observation.imu_orientation,
            observation.imu_angular_velocity,
            observation.imu_linear_acceleration,
        )


def write_imu(
    frame: Frame, orientation: Array, angular_velocity: Array, linear_acceleration: Array
) -> None:
    """Write into a frame of an IMU what it measures, in its own axes.

    orientation: (4,) quaternion xyzw. angular_velocity: (3,) [rad/s]. linear_acceleration: (3,)
    specific force [m/s²].
    """
    frame["quaternion"] = orientation[_WXYZ]
    frame["gyroscope"] = angular_velocity
    frame["accelerometer"] = linear_acceleration
    frame["rpy"] = _roll_pitch_yaw(orientation)


def _slots(joint_names: Sequence[str], wiring: Wiring) -> NDArray[np.intp]:
    taken: dict[int, str] = {}
    for name in joint_names:
        slot = wiring.slots.get(name)
        if slot is None or not 0 <= slot < MOTORS or slot in taken:
            said = "no slot" if slot is None else slot
            raise ParameterError(
                f"slots.{name}", said, f"must be one of 0 to {MOTORS - 1} that no other joint has"
            )
        taken[slot] = name
    return np.array(list(taken), dtype=np.intp)


def _words(layout: np.dtype[Any], slots: NDArray[np.intp], *names: str) -> NDArray[np.intp]:
    """Where fields of the motors are in a frame, in 32-bit words: (fields, n)."""
    assert layout.fields is not None
    motors, begin = layout.fields["motor"][:2]
    motor = motors.base
    assert motor.fields is not None
    offsets = np.array([begin + motor.fields[name][1] for name in names])
    return np.asarray((offsets[:, None] + motor.itemsize * slots) // 4, dtype=np.intp)


def _roll_pitch_yaw(orientation: Array) -> tuple[float, float, float]:
    """Angles [rad] about x, then y, then z of the world: R = Rz Ry Rx."""
    x, y, z, w = orientation.tolist()
    pitch = math.asin(min(1.0, max(-1.0, 2.0 * (w * y - z * x))))
    roll = math.atan2(2.0 * (w * x + y * z), 1.0 - 2.0 * (x * x + y * y))
    yaw = math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
    return roll, pitch, yaw
