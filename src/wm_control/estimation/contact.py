"""Which soles carry the robot, found without foot sensors.

Two steps. First the wrench of the ground on each sole: the weighted least-squares answer to
"which two wrenches explain the generalised external force that the momentum observer sees", using
the balance of each leg's joints and, trusted less, of the base. Then the probability of contact:
log-odds of the vertical force (Camurri et al., "Probabilistic contact estimation and impact
detection for state estimation of quadruped robots", RA-L 2017), lowered when the sole is high or
fast. No gait clock is asked.
"""

from __future__ import annotations

import math

import numpy as np

from wm_control.estimation.parameters import ContactParameters
from wm_control.types import Array

WRENCH = 6


class WrenchSolver:
    """Two sole wrenches from one generalised external force."""

    def __init__(
        self, parameters: ContactParameters, left_leg: Array, right_leg: Array, velocity_size: int
    ) -> None:
        """left_leg, right_leg: rows of the legs' joints in the generalised velocity."""
        self._rows = np.concatenate((np.arange(WRENCH), left_leg, right_leg)).astype(np.intp)
        if self._rows.max() >= velocity_size:
            raise ValueError("leg rows outside the generalised velocity")
        legs = len(left_leg) + len(right_leg)
        deviation = np.concatenate(
            (
                np.full(3, parameters.base_force_noise),
                np.full(3, parameters.base_torque_noise),
                np.full(legs, parameters.joint_torque_noise),
            )
        )
        self._weight = 1.0 / deviation**2
        prior = np.tile(np.repeat((parameters.prior_force, parameters.prior_torque), 3), 2)
        self._prior = np.diag(1.0 / prior**2)
        self._matrix = np.zeros((len(self._rows), 2 * WRENCH))

    def solve(self, external_force: Array, jacobians: tuple[Array, Array]) -> Array:
        """(2, 6) force and torque on the left and right sole, in the Jacobians' axes.

        external_force: (nv,). jacobians: (6, nv) of each sole, linear rows first. The prior keeps
        the answer finite at a straight knee, where torques do not see the force along the leg.
        """
        matrix = self._matrix
        matrix[:, :WRENCH] = jacobians[0].T[self._rows]
        matrix[:, WRENCH:] = jacobians[1].T[self._rows]
        weighted = matrix.T * self._weight
        wrenches = np.linalg.solve(
            weighted @ matrix + self._prior, weighted @ external_force[self._rows]
        )
        return np.asarray(wrenches.reshape(2, WRENCH), dtype=np.float64)


def contact_log_odds(
    load: float, height: float, speed: float, parameters: ContactParameters
) -> float:
    """Log-odds that a sole stands, from three kinds of evidence.

    load: vertical force as a share of the weight. height: over the lower sole [m]. speed: of the
    sole over ground [m/s]. Force speaks for and against; height and speed only against, and less
    than a firm load speaks for, so that a slipping sole still counts as loaded.
    """
    p = parameters
    force = p.load_slope * (load - p.load_threshold)
    force = min(max(force, -p.load_evidence), p.load_evidence)
    high = min(max(p.height_slope * (height - p.height_allowance), 0.0), p.kinematic_evidence)
    fast = min(max(p.speed_slope * (speed - p.speed_allowance), 0.0), p.kinematic_evidence)
    return force - high - fast


class ContactFilter:
    """Contact probability of both soles: filtered log-odds, slower up than down.

    probability: (left, right) in [0, 1].
    """

    def __init__(self, parameters: ContactParameters) -> None:
        """Start with both soles on the ground."""
        self.parameters = parameters
        self.probability = [1.0, 1.0]

    def reset(self) -> None:
        """Both soles stand."""
        self.probability = [1.0, 1.0]

    def update(
        self,
        loads: tuple[float, float],
        heights: tuple[float, float],
        speeds: tuple[float, float],
        dt: float,
    ) -> list[float]:
        """Take in one sample; return the probabilities. Arguments as in ``contact_log_odds``."""
        lower = min(heights)
        for foot in range(2):
            odds = contact_log_odds(
                loads[foot], heights[foot] - lower, speeds[foot], self.parameters
            )
            target = 1.0 / (1.0 + math.exp(-odds))
            old = self.probability[foot]
            time = self.parameters.rise_time if target > old else self.parameters.fall_time
            self.probability[foot] = old + (target - old) * dt / (time + dt)
        return list(self.probability)
