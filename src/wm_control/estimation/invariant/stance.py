"""Which soles the filter takes to stand, how firmly, and how their places may drift meanwhile."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wm_control.estimation.body.body import Soles
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.creep import Creep
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.types import Array
from wm_control.vector3 import ZERO, Vector3, weighted

_AT_REST = 0.8
_ROCKING = 0.3
"""Rate from which a sole's middle no longer moves as its point of support does [rad/s]."""

_REST_TIME = 0.1
"""Both soles rest when the lesser firmness, averaged over this time [s], exceeds this."""


class Stance:
    """Contact made into decisions, left and right.

    standing: whether the filter has a place for the sole. firmness: load by ``full_load`` in
    [0, 1]. turn: smoothed angular velocity [rad/s]. slips: count of slip events since reset.
    """

    def __init__(self, parameters: InvariantEkfParameters) -> None:
        """No sole stands before it is put down."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Start at rest, both soles loaded, none put down yet."""
        self.standing = [False, False]
        self.firmness = [1.0, 1.0]
        self.turn: list[Vector3] = [ZERO, ZERO]
        self.slips = [0, 0]
        self._slipping = [0.0, 0.0]
        self._rest = 1.0

    @property
    def mask(self) -> int:
        """Standing soles as bits: 1 left, 2 right."""
        return self.standing[0] + 2 * self.standing[1]

    @property
    def slipping(self) -> tuple[bool, bool]:
        """Standing soles that an innovation gave away, or that are seen to turn on the ground."""
        limit = self.parameters.slip_turn
        left, right = (
            stands and (time > 0.0 or abs(turn[2]) > limit)
            for stands, time, turn in zip(self.standing, self._slipping, self.turn, strict=True)
        )
        return left, right

    def changes(
        self, shares: Sequence[float], soles: Soles, dt: float
    ) -> tuple[tuple[int, bool], ...]:
        """Take in one sample; return the feet that now stand (True) or no longer do, if any.

        shares: of the weight on each sole, times its contact probability.
        """
        p = self.parameters
        keep, new = p.rocking_time / (p.rocking_time + dt), dt / (p.rocking_time + dt)
        changed: tuple[tuple[int, bool], ...] = ()
        for foot in (0, 1):
            self.turn[foot] = weighted(keep, self.turn[foot], new, soles.turn[foot])
            share = shares[foot]
            firmness = share / p.full_load
            self.firmness[foot] = 1.0 if firmness > 1.0 else firmness if firmness > 0.0 else 0.0
            if share < p.remove_load if self.standing[foot] else share > p.add_load:
                changed += ((foot, not self.standing[foot]),)
        self._rest += (min(self.firmness) - self._rest) * dt / (_REST_TIME + dt)
        return changed

    def put_down(self, foot: int) -> None:
        """Remember that the filter has a place for this sole."""
        self.standing[foot] = True

    def firm(self, foot: int) -> bool:
        """Whether a sole stands and bears its load."""
        return self.standing[foot] and self.firmness[foot] >= 1.0

    def rocks(self, foot: int) -> bool:
        """Whether a sole turns or rolls so much that its middle tells little of a slide."""
        return math.hypot(*self.turn[foot]) > _ROCKING

    def lift(self, foot: int) -> None:
        """Remember that it has none any more."""
        self.standing[foot] = False
        self._slipping[foot] = 0.0

    def slip(self, foot: int) -> None:
        """Take a sole to slip for the next ``slip_time``; one event while it goes on."""
        self.slips[foot] += self._slipping[foot] <= 0.0
        self._slipping[foot] = self.parameters.slip_time

    def stands_again(self, foot: int) -> None:
        """Take back that a sole slips."""
        self._slipping[foot] = 0.0

    def add_drift(self, drift: Array, creep: Creep, dt: float) -> None:
        """Write the variances that places and headings of the soles gain in dt into (27,)."""
        p = self.parameters
        sinking, turning_on = creep.sinking, creep.turning
        steady = p.rest_drift if self._rest > _AT_REST else p.turn_drift
        for foot in (0, 1):
            loose, (x, y, z) = 1.0 - self.firmness[foot], self.turn[foot]
            rocking = math.sqrt(x * x + y * y + z * z) - p.rocking_allowance
            turning = abs(z) - p.rocking_allowance
            place, turn = p.stance_drift**2, steady**2
            if loose > 0.0:
                place += (loose * p.unload_drift) ** 2
                turn += (loose * p.unload_turn) ** 2
            if rocking > 0.0:
                place += (p.rocking_drift * rocking) ** 2
            if turning > 0.0:
                turn += (p.turning_drift * turning) ** 2
            if self._slipping[foot] > 0.0:
                place += p.slip_drift**2
                self._slipping[foot] -= dt
            drift[ekf.FOOT[foot]] = dt * place
            drift[ekf.FOOT[foot].stop - 1] += dt * sinking
            drift[ekf.FOOT_HEADING[foot]] = dt * (turn + turning_on)
