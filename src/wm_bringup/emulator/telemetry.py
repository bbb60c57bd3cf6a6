"""What the robot says of itself: frames of its state, of the IMU in its torso, of its battery."""

from __future__ import annotations

import numpy as np

from wm_bringup.emulator.motors import Battery, MotorHeat
from wm_bringup.robots.simulation.engine import BaseState
from wm_bringup.robots.simulation.imu import TrueImu
from wm_bringup.robots.unitree.frames import (
    BATTERY_STATE,
    ENABLED,
    IMU,
    SERIES,
    STATE,
    Frame,
    empty,
    seal,
)
from wm_bringup.robots.unitree.wiring import JointFrames, write_imu
from wm_control.constants import CONTROL_PERIOD
from wm_control.robot.geometry import ImuPlacement
from wm_control.types import Array, Command, Observation

_CASING, _WINDING = 0, 1


class StateFrames:
    """Makes one state per period."""

    def __init__(self, joints: JointFrames, machine: int) -> None:
        """machine: ``mode_machine`` that the robot tells."""
        self._joints, self._machine = joints, machine
        self._before: Array | None = None

    def frame(
        self,
        observation: Observation,
        tick: int,
        command: Command,
        heat: MotorHeat,
        voltage: float,
        remote: Array,
    ) -> Frame:
        """Write down one instant, sealed.

        tick: of the robot's clock [ms]. command: that acts on the motors. voltage: of all [V].
        remote: (40,) bytes.
        """
        frame = empty(STATE)
        self._joints.write_observation(frame, observation)
        frame["mode_pr"], frame["mode_machine"], frame["tick"] = SERIES, self._machine, tick
        motor, slots = frame["motor"], self._joints.slots
        velocity = observation.joint_velocity
        before = velocity if self._before is None else self._before
        self._before = velocity
        acts = (command.stiffness > 0.0) | (command.damping > 0.0) | (command.torque != 0.0)
        motor["mode"][0, slots] = np.where(acts, ENABLED, 0)
        motor["ddq"][0, slots] = (velocity - before) / CONTROL_PERIOD
        motor["temperature"][0, slots, _CASING] = np.rint(heat.casing)
        motor["temperature"][0, slots, _WINDING] = np.rint(heat.winding)
        motor["vol"][0, slots] = voltage
        motor["motorstate"][0, slots] = heat.errors
        frame["wireless_remote"] = remote
        seal(frame)
        return frame


class TorsoImu:
    """The second IMU: true, without errors, in its own axes."""

    def __init__(self, placement: ImuPlacement) -> None:
        """placement: in the link that carries it."""
        self._imu = TrueImu(placement, CONTROL_PERIOD)

    def start(self, link: BaseState) -> None:
        """See the link for the first time."""
        self._imu.rest(link)

    def frame(self, link: BaseState) -> Frame:
        """Write down what it measures, one period after the last call."""
        orientation = self._imu.move(link)
        frame = empty(IMU)
        write_imu(frame, np.array(orientation), self._imu.motion[:3], self._imu.motion[3:])
        return frame


def battery_frame(battery: Battery, temperature: float) -> Frame:
    """Write down the battery; a current that is drawn is negative. temperature: of it [°C]."""
    frame = empty(BATTERY_STATE)
    millivolts = round(1000.0 * battery.voltage)
    cells = battery.parameters.cells
    frame["cell_vol"][0, :cells] = round(millivolts / cells)
    frame["bmsvoltage"][0, :2] = millivolts
    frame["current"] = -round(1000.0 * battery.current)
    frame["soc"] = round(100.0 * battery.charge)
    frame["soh"] = 100
    frame["temperature"] = round(temperature)
    return frame
