"""An emulated robot on a link: what has come is taken, a period passes, what it says is sent."""

from __future__ import annotations

from dataclasses import replace

from wm_bringup.emulator.robot import EmulatedRobot, Said
from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SECONDARY_IMU,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    Link,
)

JUDGED = 64
"""Commands between two periods that are judged and counted, not only the newest of them."""


class RobotOnLink:
    """Readers and writers of one robot."""

    def __init__(self, robot: EmulatedRobot, link: Link) -> None:
        """Join the network."""
        self.robot = robot
        self._commands = link.reader(replace(LOW_COMMAND, depth=JUDGED))
        self._requests = link.reader(SWITCHER_REQUEST)
        self._states = link.writer(LOW_STATE)
        self._torso_imu = link.writer(SECONDARY_IMU)
        self._battery = link.writer(BATTERY)
        self._answers = link.writer(SWITCHER_RESPONSE)
        self._said = Said()

    def step(self) -> None:
        """Let one period pass, and say what it ends with."""
        self.live()
        self.say()

    def live(self) -> None:
        """Take what has come, and let one period pass."""
        self._said = self.robot.step(self._commands.take(), self._requests.take())

    def say(self) -> None:
        """Send what the last period ended with, once."""
        said, self._said = self._said, Said()
        for writer, frames in (
            (self._states, said.states),
            (self._torso_imu, said.torso_imu),
            (self._battery, said.battery),
        ):
            for frame in frames:
                writer.write(frame)
        for answer in said.answers:
            self._answers.write(answer)
