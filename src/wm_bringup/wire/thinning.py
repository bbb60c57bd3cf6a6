"""Which of all estimates are sent to those who need fewer."""

from __future__ import annotations

from dataclasses import dataclass

from wm_control.types import Observation


@dataclass(slots=True)
class Thinning:
    """One observation in ``every``; the next that comes where the one due was lost.

    A repeated observation is sent once; the first of a run always is.
    """

    every: int
    _run: int | None = None
    _next: int = 0

    def due(self, observation: Observation) -> bool:
        """Whether the estimate of this observation is to be sent."""
        if observation.run == self._run and observation.sequence < self._next:
            return False
        self._run = observation.run
        self._next = observation.sequence + self.every
        return True
