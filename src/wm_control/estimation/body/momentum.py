"""What pushes on the robot, without sensors for it: the generalised-momentum observer.

De Luca & Mattone, "Sensorless robot collision detection and hybrid force/motion control", ICRA
2005, for a floating base. The residual follows the generalised force of all contacts Jᵀf through
a first-order lag of bandwidth K:

    ṙ = K (Jᵀf - r),    Jᵀf = M v̇ + C v + g - S τ = d/dt (M v) - Cᵀ v + g - S τ.

The observer is usually written with the second form, because momentum needs no acceleration. In
discrete time both are one: K Σ M (v_k - v_k-1) telescopes to K M v, so that noise of v enters as it
does through momentum, and not differentiated. The first form needs one inverse dynamics (4 us),
the second M v, g and Cᵀ v (16 us); they differ by M's change within one sample.
"""

from __future__ import annotations

import numpy as np

from wm_control.types import Array


class MomentumObserver:
    """residual: (r,) generalised external force in the rows it is given, base axes [N, N·m]."""

    def __init__(self, size: int, bandwidth: float) -> None:
        """size: r, rows that are watched; bandwidth: K [rad/s]."""
        self.bandwidth = bandwidth
        self.residual: Array = np.zeros(size)

    def reset(self, external_force: Array) -> None:
        """Start with this force (r,), as in a robot at rest."""
        self.residual = external_force.copy()

    def update(self, external_force: Array, dt: float) -> Array:
        """Advance by dt; return the new residual (r,).

        external_force: (r,) raw Jᵀf with v̇ = (v_k - v_k-1) / dt; noisy, as dt is short. The step
        is implicit: stable for every dt.
        """
        gain = self.bandwidth * dt / (1.0 + self.bandwidth * dt)
        self.residual = self.residual + gain * (external_force - self.residual)
        return self.residual
