"""The crane that a robot hangs in while it is started, and the person who works it."""

from __future__ import annotations

from typing import Literal

import numpy as np

from wm_bringup.emulator.parameters import CraneParameters
from wm_bringup.robots.simulation.simulation import Simulation
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command

CraneState = Literal["holding", "lowering", "lifting", "slack"]

_STILL = 0.3
"""No leg joint of a held posture is faster [rad/s]."""

_NEAR = 0.25
"""Nor farther from its target [rad]."""


class Crane:
    """Holds the base upright and moves it up and down; slack, it does nothing.

    Nobody lets a robot down that the vendor's controller holds: it is about to be released.

    state: what it does now.
    """

    def __init__(
        self, simulation: Simulation, description: RobotDescription, parameters: CraneParameters
    ) -> None:
        """Take a simulation that has been reset, with the robot where it is to start."""
        self._simulation, self._parameters = simulation, parameters
        legs = [*description.groups["left_leg"], *description.groups["right_leg"]]
        self._legs = np.array(legs, dtype=np.intp)
        self._least = parameters.stiffness * description.stiffness[self._legs]
        self._held_for = 0.0
        self.state: CraneState = "slack"
        if parameters.start == "hanging":
            self._take("holding")

    def lower(self) -> None:
        """Let the robot down; the rope goes slack when its soles are on the ground."""
        if self.state != "slack":
            self.state = "lowering"

    def lift(self) -> None:
        """Pull the robot up, upright from one moment to the next, until its soles are free."""
        self._take("lifting")

    def step(
        self, command: Command | None, position: Array, velocity: Array, period: float
    ) -> None:
        """Work for a period [s].

        command: the computer's, as it acted alone in this period; None: it did not. position
        [rad], velocity [rad/s]: (n,) to which it led.
        """
        if self.state == "slack":
            return
        if self.state == "holding" and self._parameters.by_itself:
            held = command is not None and self._is_held(command, position, velocity)
            self._held_for = self._held_for + period if held else 0.0
            if self._held_for >= self._parameters.held_for:
                self.lower()
        way = {"lowering": -1.0, "lifting": 1.0}.get(self.state, 0.0)
        if way:
            self._move(way * self._parameters.speed * period)

    def _take(self, state: CraneState) -> None:
        self.state, self._held_for = state, 0.0
        self._place = self._simulation.base.position.copy()
        self._simulation.hang(self._place)

    def _move(self, up: float) -> None:
        self._place = self._place + np.array([0.0, 0.0, up])
        self._simulation.hang(self._place)
        clearance = self._simulation.clearance() + up
        if self.state == "lowering" and clearance <= 0.0:
            self.state = "slack"
            self._simulation.hang(None)
        elif self.state == "lifting" and clearance >= self._parameters.clearance:
            self.state, self._held_for = "holding", 0.0

    def _is_held(self, command: Command, position: Array, velocity: Array) -> bool:
        legs = self._legs
        stiff = command.stiffness[legs] >= self._least
        near = np.abs(command.position[legs] - position[legs]) < _NEAR
        return bool((stiff & near & (np.abs(velocity[legs]) < _STILL)).all())
