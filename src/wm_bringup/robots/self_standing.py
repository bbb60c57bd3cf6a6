"""A robot that holds itself until a driver has it: a real one, or one that behaves like that.

A simulated robot is held from outside until the arbiter arms; then it stands where it was put. A
robot that stands on its own first has to be taken over from whoever has it, and led to the standing
posture (``wm_control.arbiter.start_up``). While it does that the control cycle only looks.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from wm_bringup.robots.base import Robot
from wm_control.arbiter.hardware import Hardware
from wm_control.arbiter.operator import OperatorInput


@runtime_checkable
class SelfStandingRobot(Robot, Protocol):
    """A ``Robot`` that holds itself, tells of its hardware, and has an operator beside it."""

    @property
    def held(self) -> bool:
        """Whether it holds itself now: what it is commanded goes nowhere."""

    @property
    def hardware(self) -> Hardware:
        """What it tells of itself; the same object while nothing has changed."""

    @property
    def shift(self) -> float:
        """How much later the next period may begin to meet the next observation [s]."""

    def keep(self) -> None:
        """Let a control period go by in which it holds itself and nobody looks."""

    def asked(self) -> OperatorInput:
        """Return what the operator asked for at the robot since the last call."""

    def ready(self) -> None:
        """Ask it to stand and hold itself, so that it can be driven."""

    def give_back(self) -> None:
        """Ask for it to be given back to whoever had it before."""

    def relax(self) -> None:
        """Damp it, if it holds itself."""

    def let_go(self) -> None:
        """Leave it as it is when all ends: it was damped, and nobody needs to damp it any more."""
