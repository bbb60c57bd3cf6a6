"""Soles that stand have not moved: the filter's correction at every sample."""

from __future__ import annotations

import math

import numpy as np

from wm_control.estimation.algebra.orientation import wrapped
from wm_control.estimation.body.body import Body
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.creep import Creep
from wm_control.estimation.invariant.doubt import VelocityDoubt, doubt_velocity
from wm_control.estimation.invariant.measurements import sole_jacobian
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.placed_soles import add_contact
from wm_control.estimation.invariant.stance import Stance
from wm_control.types import Array

_FEET: tuple[tuple[int, ...], ...] = ((), (0,), (1,), (0, 1))
"""Standing feet by ``Stance.mask``."""

_ROWS = (slice(0), slice(0, 4), slice(4, 8), slice(0, 8))
"""Their rows among those of both soles."""


class SoleCorrection:
    """Innovations of the standing soles' places and headings, with a gate that tells slips.

    innovation: squared innovation of the place over its variance, of left and right sole at the
    last sample; 3 expected, 0 for a sole that does not stand. creep: learned from them.
    """

    def __init__(self, parameters: InvariantEkfParameters, body: Body) -> None:
        """Make what is the same at every sample."""
        self.parameters = p = parameters
        self._body = body
        self._jacobians = [sole_jacobian(feet) for feet in _FEET]
        self._variance = p.encoder**2
        floor = np.diag(2 * (p.sole**2, p.sole**2, p.sole**2, p.encoder**2))
        self._floors = [floor[rows, rows] for rows in _ROWS]
        self._seen = [body.kinematics.place_noise[rows, rows] for rows in _ROWS]
        self.creep = Creep()
        self.innovation = [0.0, 0.0]
        self.looked, self.gated = 0, 0

    def reset(self) -> None:
        """Start counting anew."""
        self.creep.reset()
        self.innovation = [0.0, 0.0]
        self.looked, self.gated = 0, 0

    def put_down(self, state: ekf.FilterState, foot: int) -> None:
        """Give the filter a place for a sole, where forward kinematics sees it."""
        self.creep.put_down(foot)
        soles, at = self._body.soles, slice(4 * foot, 4 * foot + 4)
        noise = self._body.kinematics.place_noise[at, at] * self._variance
        add_contact(state, foot, np.array(soles.position[foot]), soles.heading[foot], noise)

    def correct(
        self, state: ekf.FilterState, stance: Stance, doubt: VelocityDoubt, dt: float
    ) -> None:
        """Correct by the standing soles; a slipping one is told by its innovation, and forgiven.

        Not so while the velocity is in doubt: then the surprise is the velocity's.
        """
        self.innovation = [0.0, 0.0]
        mask = stance.mask
        if not mask:
            return
        feet, jacobian = _FEET[mask], self._jacobians[mask]
        noise = self._seen[mask] * self._variance
        noise += self._floors[mask]
        z = self._innovations(state, feet)
        seen, spread = ekf.innovation_covariance(state, jacobian, noise)
        if self._gate(state, stance, doubt, feet, z, spread, dt):
            seen, spread = ekf.innovation_covariance(state, jacobian, noise)
        ekf.apply(state, np.array(z), seen, spread)

    def _innovations(self, state: ekf.FilterState, feet: tuple[int, ...]) -> list[float]:
        """(4 k) x, y, z and heading of each sole, by kinematics minus where it was put down."""
        soles, places = self._body.soles, state.vectors.tolist()
        headings, z = state.foot_heading.tolist(), []
        for foot in feet:
            (x, y, height), (a, b, c) = soles.position[foot], places[ekf.FOOT_ROW[foot]]
            z += [x - a, y - b, height - c, wrapped(soles.heading[foot] - headings[foot])]
        return z

    def _gate(
        self,
        state: ekf.FilterState,
        stance: Stance,
        doubt: VelocityDoubt,
        feet: tuple[int, ...],
        z: list[float],
        spread: Array,
        dt: float,
    ) -> bool:
        """Tell slips; widen the place of a slipping sole until its innovation is no surprise."""
        gate, slipped = self.parameters.slip_gate, False
        variances = spread.diagonal().tolist()
        for row, foot in enumerate(feet):
            x, y, height, heading = z[4 * row : 4 * row + 4]
            vx, vy, vz, turned = variances[4 * row : 4 * row + 4]
            square = x * x / vx + y * y / vy + height * height / vz
            self.innovation[foot] = square
            self.creep.height.hear(foot, height, vz, dt)
            self.creep.heading.hear(foot, heading, turned, dt)
            self.looked += 1
            if not (square <= gate):
                slipped = True
                self.gated += 1
                variance = (x * x + y * y + height * height) / gate
                if doubt.active:
                    doubt_velocity(state, math.sqrt(variance) / dt, dt)
                else:
                    stance.slip(foot)
                    _widen(state, foot, variance)
        return slipped


def _widen(state: ekf.FilterState, foot: int, variance: float) -> None:
    part = ekf.FOOT[foot]
    state.covariance[part, part] += variance * np.eye(3)
