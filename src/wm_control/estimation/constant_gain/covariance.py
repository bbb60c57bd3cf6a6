"""What the estimate claims about its own error: documented constants and random walks.

Position and heading cannot be observed from the robot itself: their variances grow without bound,
as for every leg odometry (Bloesch et al., RSS 2012, section IV). The constant-gain observer
computes no covariance of its own; the constants are measured figures, rounded up.
"""

from __future__ import annotations

import numpy as np

from wm_control.estimation.parameters import CovarianceParameters
from wm_control.types import Array

_REFRESH = 0.0099


class Uncertainty:
    """Variances of position, heading and velocity over time.

    pose: (6, 6) covariance of position [m²] and fixed-axis rotation [rad²], both in odom axes.
    twist: (6, 6) of linear [m²/s²] and angular velocity [rad²/s²] in base axes.
    Both are made anew when they have changed, at most every 10 ms, and never written to.
    """

    def __init__(self, parameters: CovarianceParameters) -> None:
        """Start with a known position and heading."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Put the odometry frame where the robot stands: nothing has drifted yet."""
        self._age = 0.0
        self._distance = 0.0
        self._unsupported = 0.0
        self._made = 0.0
        self._make()

    def update(self, supported: bool, speed: float, dt: float) -> None:
        """Advance by dt at this speed [m/s]; ``supported``: whether soles hold the velocity."""
        self._age += dt
        self._distance += abs(speed) * dt
        self._unsupported = 0.0 if supported else self._unsupported + dt
        if self._age - self._made >= _REFRESH:
            self._make()

    def _make(self) -> None:
        p, coasting = self.parameters, self._unsupported
        self._made = self._age
        coasted = (0.5 * p.unsupported_acceleration * coasting**2) ** 2
        walked = (p.slip_share * self._distance) ** 2
        horizontal = p.position_drift**2 * self._age + walked + coasted
        vertical = p.height**2 + coasted
        heading = p.heading_drift**2 * self._age
        linear = p.velocity**2 + (p.unsupported_acceleration * coasting) ** 2
        angular = p.angular_velocity**2
        self.pose: Array = np.diag(
            (horizontal, horizontal, vertical, p.tilt**2, p.tilt**2, heading)
        )
        self.twist: Array = np.diag((linear, linear, linear, angular, angular, angular))
