"""What the operator wants, key by key and stick by stick: a velocity to send, a service to call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wm_bringup.wire.topics import ARM, CLEAR, READY, STOP, Service, prefer_service
from wm_control.arbiter.parameters import VelocityParameters
from wm_control.drivers import DRIVERS
from wm_control.types import VelocityCommand

FORWARD_STEP, SIDEWAYS_STEP, TURN_STEP = 0.1, 0.05, 0.1
"""By which one key changes the velocity [m/s], [m/s], [rad/s]."""

STANDING = VelocityCommand()

HALT = "space"
"""Key that asks for no velocity; the robot stands, and goes on with the next key."""

NUDGES: Mapping[str, tuple[int, int, int]] = {
    "w": (1, 0, 0),
    "up": (1, 0, 0),
    "s": (-1, 0, 0),
    "down": (-1, 0, 0),
    "q": (0, 1, 0),
    "e": (0, -1, 0),
    "a": (0, 0, 1),
    "left": (0, 0, 1),
    "d": (0, 0, -1),
    "right": (0, 0, -1),
}
"""Steps forward, to the left and turning left, by key."""

CALLS: Mapping[str, Service] = {
    "g": ARM,
    "x": STOP,
    "c": CLEAR,
    "t": READY,
    **{str(number): prefer_service(name) for number, name in enumerate(DRIVERS, 1)},
}
"""Service that a key calls."""

BUTTONS: Mapping[int, str] = {0: "g", 1: "x", 2: "c", 3: HALT, 4: "1", 5: "2"}
"""Key that a button of a gamepad stands for, by its number: A, B, X, Y, LB, RB."""

HELP = (
    "w s or up down: faster, slower    a d or left right: turn    q e: sideways    space: stand",
    "g: arm    x: stop, damped    c: clear    t: take a real robot over    "
    + "    ".join(f"{number}: prefer {name}" for number, name in enumerate(DRIVERS, 1))
    + "    Ctrl-C: stand and leave",
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest velocities that are asked for [m/s], [rad/s]; the robot's gate may give less."""

    forward: float
    backward: float
    sideways: float
    turning: float

    @staticmethod
    def of(velocity: VelocityParameters, share: float = 1.0) -> Limits:
        """Take a share of what the robot's gate may let through."""
        return Limits(
            share * velocity.max_linear_x,
            share * velocity.max_linear_x_backward,
            share * velocity.max_linear_y,
            share * velocity.max_angular_z,
        )

    def within(self, x: float, y: float, yaw: float) -> VelocityCommand:
        """Return the nearest velocity within these, each part by itself."""
        return VelocityCommand(
            min(max(x, -self.backward), self.forward),
            min(max(y, -self.sideways), self.sideways),
            min(max(yaw, -self.turning), self.turning),
        )

    def share_of(self, x: float, y: float, yaw: float) -> VelocityCommand:
        """Return shares of these, each in [-1, 1], as a velocity."""
        along = self.forward if x > 0.0 else self.backward
        return self.within(along * x, self.sideways * y, self.turning * yaw)


class Steering:
    """The velocity that is wanted now. Keys change it step by step and it stays; sticks give it.

    Whoever moved last counts: a stick that is let go asks to stand.
    """

    def __init__(self, limits: Limits) -> None:
        """Stand."""
        self._limits = limits
        self._held = False
        self.command = STANDING

    def press(self, key: str) -> Service | None:
        """Take in a key; returns the service that it calls, if any."""
        if key == HALT:
            self.stand()
        elif key in NUDGES:
            self._nudge(*NUDGES[key])
        elif key in CALLS:
            if CALLS[key] == STOP:
                self.stand()  # a robot that is armed again must not go on at once
            return CALLS[key]
        return None

    def _nudge(self, forward: int, left: int, turn: int) -> None:
        c = self.command
        self.command = self._limits.within(
            _stepped(c.linear_x, forward, FORWARD_STEP),
            _stepped(c.linear_y, left, SIDEWAYS_STEP),
            _stepped(c.angular_z, turn, TURN_STEP),
        )

    def stick(self, forward: float, left: float, turn: float) -> None:
        """Take in where the sticks are, each in [-1, 1]; in the middle they say nothing."""
        pushed = any((forward, left, turn))
        if pushed or self._held:
            self.command = self._limits.share_of(forward, left, turn)
        self._held = pushed

    def stand(self) -> None:
        """Ask for no velocity; a stick that is still held is heard again."""
        self.command = STANDING


def _stepped(value: float, steps: int, step: float) -> float:
    """Go so many steps on, on whole steps: ten up and ten down are none."""
    return step * (round(value / step) + steps) if steps else value
