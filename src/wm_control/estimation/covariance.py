"""What the estimate claims about its own error: documented constants and random walks.

Position and heading cannot be observed from the robot itself: their variances grow without bound,
as for every leg odometry (Bloesch et al., RSS 2012, section IV). The constant-gain observer
computes no covariance of its own; the constants are measured figures, rounded up.
"""

from __future__ import annotations

import numpy as np

from wm_control.estimation.parameters import CovarianceParameters
from wm_control.types import Array


class Uncertainty:
    """Variances of position, heading and velocity over time."""

    def __init__(self, parameters: CovarianceParameters) -> None:
        """Start with a known position and heading."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Put the odometry frame where the robot stands: nothing has drifted yet."""
        self._age = 0.0
        self._unsupported = 0.0

    def update(self, supported: bool, dt: float) -> None:
        """Advance by dt; ``supported``: whether soles or joints still hold the velocity."""
        self._age += dt
        self._unsupported = 0.0 if supported else self._unsupported + dt

    def pose(self) -> Array:
        """(6, 6) covariance of position [m²] and fixed-axis rotation [rad²], both in odom axes."""
        p = self.parameters
        coasted = (0.5 * p.unsupported_acceleration * self._unsupported**2) ** 2
        horizontal = p.position_drift**2 * self._age + coasted
        vertical = p.height**2 + coasted
        heading = p.heading_drift**2 * self._age
        covariance = np.zeros((6, 6))
        covariance.flat[::7] = (horizontal, horizontal, vertical, p.tilt**2, p.tilt**2, heading)
        return covariance

    def twist(self) -> Array:
        """(6, 6) covariance of linear [m²/s²] and angular velocity [rad²/s²] in base axes."""
        p = self.parameters
        linear = p.velocity**2 + (p.unsupported_acceleration * self._unsupported) ** 2
        angular = p.angular_velocity**2
        covariance = np.zeros((6, 6))
        covariance.flat[::7] = (linear, linear, linear, angular, angular, angular)
        return covariance
