"""What the operator asked for since the last decision."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatorInput:
    """Requests made since the previous decision; each is an event, not a state.

    arm: let the controller's command through, if nothing speaks against it. stop: damping now, and
    until cleared. clear: release the causes that wait for the operator and are no longer true.
    When several come together, stop beats clear beats arm.
    """

    arm: bool = False
    stop: bool = False
    clear: bool = False


NO_REQUEST = OperatorInput()
