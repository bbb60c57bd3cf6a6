"""The other end of an emulated robot's network."""

import numpy as np

from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SECONDARY_IMU,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
)
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.types import Command


class Computer:
    """Sees states, sends commands, and lets time pass for both."""

    def __init__(self, attached, link):
        self._attached, self.robot = attached, attached.robot
        self._states = link.reader(LOW_STATE)
        self._commands = link.writer(LOW_COMMAND)
        self._torso, self._battery = link.reader(SECONDARY_IMU), link.reader(BATTERY)
        self._requests, self._answers = (
            link.writer(SWITCHER_REQUEST),
            link.reader(SWITCHER_RESPONSE),
        )
        self.description = self.robot.description
        self.frames = JointFrames(self.description.joint_names, load_body("g1").wiring)
        self.states, self.torso, self.battery = [], [], []

    def go(self, periods=1, send=None):
        """Let periods pass, in each of which ``send()`` is sent; return the newest state."""
        for _ in range(periods):
            if send is not None:
                self._commands.write(send())
            self._attached.step()
            self.states += self._states.take()
            self.torso += self._torso.take()
            self.battery += self._battery.take()
        return self.states[-1] if self.states else None

    def call(self, api, parameter="{}", number=7):
        """Call the motion switcher and return what it answers, if it does."""
        self._requests.write(ApiRequest(number, api, parameter))
        self.go()
        return self._answers.take()

    def release(self):
        """Take the robot from the vendor's controller."""
        (answer,) = self.call(1003)
        assert answer.code == 0

    def observation(self):
        return self.frames.observation(self.states[-1], 0)

    def holding(self, scale=9.0, position=None, machine=5):
        """Return what sends a stiff posture: the default one, or another."""
        n = len(self.description.joint_names)
        zero = np.zeros(n)
        target = self.description.default_position if position is None else position
        command = Command(
            0.0,
            0,
            np.array(target),
            zero,
            scale * self.description.stiffness,
            scale**0.5 * self.description.damping,
            zero,
        )
        frame = self.frames.command_frame(command, machine)
        return lambda: frame

    def mode_of(self, joint):
        slot = self.frames.slots[self.description.joint_names.index(joint)]
        return int(self.states[-1]["motor"]["mode"][0, slot])

    def stand_up(self):
        """Hold the default posture until the crane has let the robot down and it has settled."""
        self.release()
        self.go(1, self.holding(0.5))
        for _ in range(20):
            self.go(250, self.holding())
            if self.robot.crane.state == "slack":
                break
        self.go(500, self.holding())
        assert self.robot.crane.state == "slack"
