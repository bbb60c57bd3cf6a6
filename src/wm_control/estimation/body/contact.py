"""Which soles carry the robot, found without foot sensors.

Two steps. First the wrench of the ground on each sole: the weighted least-squares answer to
"which two wrenches explain the generalised external force that the momentum observer sees", using
the balance of each leg's joints and, trusted less, of the base. Then the probability of contact:
log-odds of the vertical force (Camurri et al., "Probabilistic contact estimation and impact
detection for state estimation of quadruped robots", RA-L 2017), lowered when the sole is high or
fast. No gait clock is asked; whoever has one may add its word (``expect``).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.linalg.lapack import dposv

from wm_control.estimation.body.body import Soles
from wm_control.estimation.parameters import ContactParameters
from wm_control.types import Array
from wm_control.vector3 import ZERO, weighted

WRENCH = 6


class WrenchSolver:
    """Two sole wrenches from one generalised external force, least squares with a prior.

    min |W (Aᵀ w - r)|² + |w / prior|² over the wrenches w, in the rows of base and legs; solved by
    its normal equations, which the prior keeps well conditioned at a straight knee, where joint
    torques do not see the force along the leg.
    """

    def __init__(self, parameters: ContactParameters, rows: int) -> None:
        """rows: of the generalised force; the base's first, the others are legs' joints."""
        deviation = np.full(rows, parameters.joint_torque_noise)
        deviation[:3] = parameters.base_force_noise
        deviation[3:WRENCH] = parameters.base_torque_noise
        self._scale = 1.0 / deviation
        prior = np.tile(np.repeat((parameters.prior_force, parameters.prior_torque), 3), 2)
        self._prior = np.diag(1.0 / prior**2)

    def solve(self, external_force: Array, jacobians: Array) -> Array:
        """(2, 6) force [N] and torque [N·m] on the left and right sole, in the Jacobians' axes.

        external_force: (r,). jacobians: (12, r) of left and right sole, linear rows first.
        LinAlgError cannot happen with finite input: the prior makes the matrix positive definite.
        """
        scaled = jacobians * self._scale
        equations = scaled.dot(scaled.T)
        equations += self._prior
        right = scaled.dot(external_force * self._scale)
        _, wrenches, info = dposv(equations, right)
        if info != 0:
            raise np.linalg.LinAlgError(f"wrench equations not positive definite (dposv: {info})")
        return np.asarray(wrenches, dtype=np.float64).reshape(2, WRENCH)


def contact_log_odds(
    load: float, height: float, speed: float, parameters: ContactParameters
) -> float:
    """Log-odds that a sole stands, from three kinds of evidence.

    load: vertical force as a share of the weight. height: over the lower sole [m]. speed: of the
    sole over ground [m/s]. Force speaks for and against; height and speed only against, and less
    than a firm load speaks for, so that a slipping sole still counts as loaded.
    """
    p = parameters
    odds, most = p.load_slope * (load - p.load_threshold), p.load_evidence
    odds = most if odds > most else odds if odds > -most else -most
    if height > p.height_allowance:
        high = p.height_slope * (height - p.height_allowance)
        odds -= high if high < p.kinematic_evidence else p.kinematic_evidence
    if speed > p.speed_allowance:
        fast = p.speed_slope * (speed - p.speed_allowance)
        odds -= fast if fast < p.kinematic_evidence else p.kinematic_evidence
    return odds


class ContactFilter:
    """Contact probability of both soles: filtered log-odds, with times of its own up and down.

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
        loads: list[float],
        heights: list[float],
        speeds: list[float],
        dt: float,
    ) -> list[float]:
        """Take in one sample; return the probabilities.

        loads, heights, speeds: as in ``contact_log_odds``.
        """
        p, lower = self.parameters, min(heights)
        filtered = []
        for foot in (0, 1):
            odds = contact_log_odds(loads[foot], heights[foot] - lower, speeds[foot], p)
            target, old = 1.0 / (1.0 + math.exp(-odds)), self.probability[foot]
            time = p.rise_time if target > old else p.fall_time
            filtered.append(old + (target - old) * dt / (time + dt))
        self.probability = filtered
        return filtered


class ContactDetector:
    """From the soles' wrenches and motion to their contact probabilities.

    loads: vertical forces as shares of the weight; speeds: of the soles, smoothed [m/s];
    probability: of contact; each (left, right) as of the last ``update``.
    """

    def __init__(self, parameters: ContactParameters, weight: float) -> None:
        """weight: of the robot [N]."""
        self.parameters = parameters
        self._weight = weight
        self._filter = ContactFilter(parameters)
        self.reset()

    def reset(self) -> None:
        """Both soles stand still and share the weight."""
        self._filter.reset()
        self._slip = [ZERO, ZERO]
        self.loads = [0.5, 0.5]
        self.speeds = [0.0, 0.0]

    @property
    def probability(self) -> list[float]:
        """Of contact, left and right."""
        return self._filter.probability

    def update(self, wrench: Array, soles: Soles, dt: float) -> list[float]:
        """Take in one sample; return the probabilities. wrench: (2, 6) in world axes."""
        (_, _, left, *_), (_, _, right, *_) = wrench.tolist()
        self.loads = [left / self._weight, right / self._weight]
        time = self.parameters.speed_time
        keep, share = time / (time + dt), dt / (time + dt)
        slip, seen = self._slip, soles.velocity
        self._slip = slip = [
            weighted(keep, slip[0], share, seen[0]),
            weighted(keep, slip[1], share, seen[1]),
        ]
        self.speeds = [math.hypot(*slip[0]), math.hypot(*slip[1])]
        heights = [soles.position[0][2], soles.position[1][2]]
        return self._filter.update(self.loads, heights, self.speeds, dt)
