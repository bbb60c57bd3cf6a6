"""From the QP's accelerations to the positions and velocities that the drives are sent."""

from __future__ import annotations

import casadi as ca

from wm_control.kernel import Kernel
from wm_control.types import Array


class LeakyIntegrator:
    """Integrates joint accelerations a, leaking towards the measured q and dq.

        dq' = dq + keep (dq' - dq) + dt a,    q' = q + keep (q' - q) + dt dq' .

    The drives' PD thus only sees what the model did not foresee, and cannot wind up.
    """

    def __init__(self, joints: int) -> None:
        """Start with the next step, from what is then measured."""
        self.kernel = _integrate(joints)
        self._measured, self._sent, self._next = (
            self.kernel.inputs["measured"].T,
            self.kernel.inputs["sent"].T,
            self.kernel.outputs["next"].T,
        )
        self._started = False

    def reset(self) -> None:
        """Start anew from what is measured at the next step."""
        self._started = False

    def step(
        self, position: Array, velocity: Array, acceleration: Array, keep: float, dt: float
    ) -> tuple[Array, Array]:
        """Position and velocity to send, (n,) each, from what is measured and wanted.

        keep: share of the difference from the measurement that stays. dt: [s].
        """
        self._measured[:] = position, velocity
        self._sent[:] = self._next if self._started else self._measured
        inputs = self.kernel.inputs
        inputs["acceleration"][:] = acceleration
        inputs["keep"][0], inputs["dt"][0] = keep, dt
        self.kernel.run()
        self._started = True
        sent_position, sent_velocity = self._next.copy()
        return sent_position, sent_velocity


def _integrate(n: int) -> Kernel:
    """Write down the class's equations; measured, sent and next: (n, 2) position and velocity."""
    sizes = {"measured": (n, 2), "sent": (n, 2), "acceleration": (n, 1)}
    known = {name: ca.SX.sym(name, *size) for name, size in sizes.items()}
    known |= {name: ca.SX.sym(name) for name in ("keep", "dt")}
    (q, dq), (position, velocity) = (ca.horzsplit(known[k]) for k in ("measured", "sent"))
    keep, dt = known["keep"], known["dt"]
    velocity = dq + keep * (velocity - dq) + dt * known["acceleration"]
    position = q + keep * (position - q) + dt * velocity
    return Kernel("leaky_integrator", known, {"next": ca.horzcat(position, velocity)})
