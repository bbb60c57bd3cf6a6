"""The robot's own guard against an arbiter that has gone silent."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wm_control.arbiter.parameters import WatchdogParameters
from wm_control.arbiter.postures import damping_command
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


class CommandWatchdog:
    """Follows commands while they are renewed; then holds the pose damped, then only damps.

    Sits on the robot's side of the command link and trusts nothing beyond it. Holding keeps the
    position target and stiffness of the last command and takes the robot's own damping, without
    velocity target and without feed-forward.
    """

    def __init__(
        self, description: RobotDescription, parameters: WatchdogParameters | None = None
    ) -> None:
        """Take the robot's damping gains and the time limits."""
        self.parameters = parameters or WatchdogParameters()
        self._gains: Array = description.damping
        self.reset()

    def reset(self) -> None:
        """Forget the last command: damping until a new one arrives."""
        self._newest: Command | None = None
        self._arrived = 0.0
        self.holding = False
        self.damping = True

    def receive(self, command: Command, now: float) -> None:
        """Take in a command that arrived at ``now`` [s].

        Only the answer to a newer observation renews the one before; but plain damping, with
        neither stiffness nor torque, is always taken.
        """
        newest = self._newest
        damping = not command.stiffness.any() and not command.torque.any()
        if newest is None or damping or command.stamp > newest.stamp:
            self._newest, self._arrived = command, now

    def command(self, observation: Observation, now: float) -> Command:
        """Choose the command for this instant; ``holding`` and ``damping`` say what it is."""
        silence = now - self._arrived
        self.damping = self._newest is None or not (silence <= self.parameters.damp_after)
        self.holding = not self.damping and not (silence <= self.parameters.hold_after)
        if self._newest is None or self.damping:
            return damping_command(observation, self._gains)
        if self.holding:
            zero = np.zeros(self._gains.shape)
            return replace(self._newest, velocity=zero, torque=zero, damping=self._gains)
        return self._newest
