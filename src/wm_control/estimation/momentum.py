"""What pushes on the robot, without joint accelerations: the generalised-momentum observer.

De Luca & Mattone, "Sensorless robot collision detection and hybrid force/motion control", ICRA
2005, for a floating base. With p = M v and Ṁ = C + Cᵀ the equations of motion read

    ṗ = S τ + Cᵀ v - g + Jᵀ f,

so that the residual r = K (p - ∫ (S τ + Cᵀ v - g + r) dt) follows the generalised force of all
contacts Jᵀ f through a first-order lag of bandwidth K. No acceleration is needed, no inverse.
"""

from __future__ import annotations

import numpy as np

from wm_control.types import Array


class MomentumObserver:
    """residual: (nv,) generalised external force, base rows in base axes [N, N·m]."""

    def __init__(self, size: int, bandwidth: float) -> None:
        """size: nv; bandwidth: K [rad/s]."""
        self.bandwidth = bandwidth
        self.residual: Array = np.zeros(size)
        self._integral: Array = np.zeros(size)

    def reset(self, momentum: Array, known_force: Array) -> None:
        """Start in equilibrium: the contacts carry what S τ + Cᵀ v - g leaves over."""
        self.residual = -known_force
        self._integral = momentum - self.residual / self.bandwidth

    def update(self, momentum: Array, known_force: Array, dt: float) -> Array:
        """Advance by dt; return the new residual (nv,).

        momentum: M v (nv,). known_force: S τ + Cᵀ v - g (nv,). The residual enters its own integral
        implicitly, so every dt is stable.
        """
        self._integral += known_force * dt
        gain = self.bandwidth / (1.0 + self.bandwidth * dt)
        self.residual = gain * (momentum - self._integral)
        self._integral += self.residual * dt
        return self.residual
