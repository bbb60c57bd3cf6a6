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
from scipy.linalg.lapack import dposv

from wm_control.estimation.body import Soles
from wm_control.estimation.parameters import ContactParameters
from wm_control.estimation.vector3 import ZERO, weighted
from wm_control.types import Array

WRENCH = 6


class WrenchSolver:
    """Two sole wrenches from one generalised external force, least squares with a prior.

    min |W (Aᵀ w - r)|² + |w / prior|² over the wrenches w, in the rows of base and legs; solved by
    its normal equations, which the prior keeps well conditioned at a straight knee, where joint
    torques do not see the force along the leg.
    """

    def __init__(self, parameters: ContactParameters, leg_joints: Array) -> None:
        """leg_joints: (l,) indices of both legs' joints in joint order."""
        self._rows = np.concatenate((np.arange(WRENCH), WRENCH + leg_joints)).astype(np.intp)
        deviation = np.full(len(self._rows), parameters.joint_torque_noise)
        deviation[:3] = parameters.base_force_noise
        deviation[3:WRENCH] = parameters.base_torque_noise
        self._scale = 1.0 / deviation
        prior = np.tile(np.repeat((parameters.prior_force, parameters.prior_torque), 3), 2)
        self._prior = np.diag(1.0 / prior**2)

    def solve(self, external_force: Array, jacobians: Array) -> Array:
        """(2, 6) force [N] and torque [N·m] on the left and right sole, in the Jacobians' axes.

        external_force: (nv,). jacobians: (12, nv) of left and right sole, linear rows first.
        LinAlgError cannot happen with finite input: the prior makes the matrix positive definite.
        """
        scaled = jacobians.take(self._rows, axis=1) * self._scale
        right = scaled.dot(external_force.take(self._rows) * self._scale)
        _, wrenches, info = dposv(scaled.dot(scaled.T) + self._prior, right)
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
        self, loads: list[float], heights: list[float], speeds: list[float], dt: float
    ) -> list[float]:
        """Take in one sample; return the probabilities. Arguments as in ``contact_log_odds``."""
        p, lower = self.parameters, min(heights)
        filtered = []
        for load, height, speed, old in zip(loads, heights, speeds, self.probability, strict=True):
            odds = contact_log_odds(load, height - lower, speed, p)
            target = 1.0 / (1.0 + math.exp(-odds))
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
        self.loads = [force / self._weight for force in wrench[:, 2].tolist()]
        keep = self.parameters.speed_time / (self.parameters.speed_time + dt)
        self._slip = [
            weighted(keep, old, 1.0 - keep, new)
            for old, new in zip(self._slip, soles.velocity, strict=True)
        ]
        self.speeds = [math.hypot(*slip) for slip in self._slip]
        heights = [sole[2] for sole in soles.position]
        return self._filter.update(self.loads, heights, self.speeds, dt)
