"""An estimator in another process, as the control loop sees it: its newest estimate, held."""

from __future__ import annotations

from wm_control.types import Estimate, Observation


class EstimateHolder:
    """A ``types.Estimator`` that believes what its process believed last.

    Which estimate is the newest, and when a run begins, is decided before it comes here
    (``wm_control.controllers.beside.EstimateOrder``).
    """

    def __init__(self) -> None:
        """Start without one; nothing is asked before the first is held."""
        self.newest: Estimate | None = None

    def reset(self, observation: Observation) -> Estimate:
        """Return the estimate that a run begins with."""
        return self.update(observation)

    def update(self, observation: Observation) -> Estimate:
        """Return the newest estimate; ``observation`` is its own."""
        del observation
        assert self.newest is not None
        return self.newest
