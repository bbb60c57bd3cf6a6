"""Who moves the motors: the vendor's controller, the computer on the network, or nobody.

- While a vendor's mode is active, its controller holds the robot. Commands from the network act all
  the same, in every other period: both write to the motors, and the robot shakes.
- Once released, motors give no torque until the first valid command.
- After a silence the robot damps itself, if it has such a watchdog, until the next valid command.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from wm_bringup.emulator.parameters import VendorParameters, WatchdogParameters
from wm_control.arbiter.postures import damping_command
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation

Mover = Literal["vendor", "computer", "damping", "limp"]

_ROUNDING = 1e-9


class Authority:
    """Decides, period by period.

    mode: of the vendor's controller; empty when it is released. mover: whoever moved last.
    fought: commands that came while the vendor's controller had the robot. trips: of the watchdog.
    """

    def __init__(
        self,
        description: RobotDescription,
        vendor: VendorParameters,
        watchdog: WatchdogParameters,
    ) -> None:
        """Let the vendor's controller stand, if one of its modes is active."""
        self.mode = vendor.mode
        self.mover: Mover = "vendor" if vendor.mode else "limp"
        self.fought = self.trips = 0
        self._parameters, self._watchdog = vendor, watchdog
        self._posture = np.array(description.default_position)
        self._gains = description.stiffness, description.damping
        self._newest: Command | None = None
        self._heard = 0.0
        self._yields = False
        self._stands = True
        self._rises: tuple[float, Array] | None = None

    def release(self) -> None:
        """Let the vendor's controller go: no torque until somebody commands."""
        self.mode, self._newest = "", None

    def select(self, mode: str) -> None:
        """Give the robot to the vendor's controller; if it has it already, nothing happens."""
        if not self.mode:
            self._stands, self._rises = self._parameters.regained == "stand", None
        self.mode, self._newest = mode, None

    def decide(self, now: float, fresh: Command | None, observation: Observation) -> Command:
        """Command that acts in the period from ``now`` [s] on.

        fresh: the newest valid command of those that came since the last period.
        """
        if fresh is not None:
            self._newest, self._heard = fresh, now
        if self.mode:
            return self._shared(now, fresh, observation)
        if self._newest is None:
            self.mover = "limp"
            return self._limp(observation)
        limit = self._watchdog.damp_after
        if limit is not None and now - self._heard >= limit - _ROUNDING:
            self.trips += self.mover != "damping"
            self.mover = "damping"
            return damping_command(observation, self._gains[1])
        self.mover = "computer"
        return self._newest

    def _shared(self, now: float, fresh: Command | None, observation: Observation) -> Command:
        """While the vendor's controller is active, what comes from elsewhere acts in turn."""
        self.fought += fresh is not None
        self._yields = fresh is not None and not self._yields
        self.mover = "computer" if self._yields else "vendor"
        if fresh is not None and self._yields:
            return fresh
        return self._standing(now, observation) if self._stands else self._limp(observation)

    def _limp(self, observation: Observation) -> Command:
        return replace(damping_command(observation, self._gains[1]), damping=self._gains[1] * 0.0)

    def _standing(self, now: float, observation: Observation) -> Command:
        """Go to the vendor's posture from where the joints are, and hold it."""
        if self._rises is None:
            self._rises = now, observation.joint_position
        since, begun = self._rises
        share = min(1.0, (now - since) / self._parameters.stand_time)
        scale = self._parameters.stiffness
        zero = np.zeros(begun.shape)
        return Command(
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=begun + share * (self._posture - begun),
            velocity=zero,
            stiffness=scale * self._gains[0],
            damping=scale**0.5 * self._gains[1],
            torque=zero,
        )
