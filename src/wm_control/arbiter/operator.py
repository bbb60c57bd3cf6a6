"""What the operator asked for since the last decision."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OperatorInput:
    """Requests made since the previous decision; each is an event, not a state.

    arm: let the controller's command through, if nothing speaks against it. stop: damping now, and
    until cleared and then armed. clear: release the causes that wait for the operator and are no
    longer true. start: arm as at the start of a run, which nobody asked for there and then, and
    which therefore never undoes a stop. When several come together, stop beats clear beats arm.
    prefer: name of the driver that is wanted most from now on; empty: as before.
    """

    arm: bool = False
    stop: bool = False
    clear: bool = False
    start: bool = False
    prefer: str = ""

    def also(self, other: OperatorInput) -> OperatorInput:
        """Both requests as one."""
        return OperatorInput(
            self.arm or other.arm,
            self.stop or other.stop,
            self.clear or other.clear,
            self.start or other.start,
            other.prefer or self.prefer,
        )


NO_REQUEST = OperatorInput()
