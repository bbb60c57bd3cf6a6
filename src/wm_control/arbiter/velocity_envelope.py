"""Which velocity commands each driver was measured to survive, braking and reversing included.

``tools/velocity_envelope.py`` measures, docs/velocity_envelope.csv holds what it found, and a test
holds the numbers here inside of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from wm_control.types import VelocityCommand


@dataclass(frozen=True, slots=True)
class VelocityEnvelope:
    """Convex set of velocity commands, the same to the left as to the right.

        (|x| / a)^p + (|y| / sideways)^p + (|yaw| / turning)^p <= 1

    with a = ``forward`` or ``backward`` [m/s], sideways [m/s], turning [rad/s], p = ``exponent``
    >= 1: 1 is an octahedron, 2 an ellipsoid, infinity a box (the axes do not share anything).

    Convex, so that the straight way from one admitted command to another is admitted as well.
    """

    forward: float
    backward: float
    sideways: float
    turning: float
    exponent: float

    def excess(self, command: VelocityCommand) -> float:
        """Return the factor that a command is beyond the set: 0 for a stop, 1 on the boundary.

        The gauge (Minkowski functional) of the set: twice the command, twice the excess. NaN for
        a command that is NaN.
        """
        along = self.forward if command.linear_x > 0.0 else self.backward
        shares = (
            abs(command.linear_x) / along,
            abs(command.linear_y) / self.sideways,
            abs(command.angular_z) / self.turning,
        )
        largest = max(shares)
        if math.isinf(self.exponent) or largest == 0.0:
            return largest
        total = sum((share / largest) ** self.exponent for share in shares)
        return float(largest * total ** (1.0 / self.exponent))


MPC: Final = VelocityEnvelope(forward=1.1, backward=0.8, sideways=0.3, turning=0.9, exponent=1.0)
"""Of the model-based driver, whose planner ramps its command (``GaitParameters.linear_slew``)."""

POLICY: Final = VelocityEnvelope(
    forward=1.02, backward=0.44, sideways=0.36, turning=0.75, exponent=12.0
)
"""Of the shipped policy, which follows a command at once. A manifest's own ranges hold besides."""

ENVELOPES: Final[Mapping[str, VelocityEnvelope]] = {"mpc": MPC, "policy": POLICY}
"""By the name of the controller that drives."""


def envelope_of(driver: str) -> VelocityEnvelope:
    """Of a driver by its name; one that nobody measured gets what the model-based one does."""
    return ENVELOPES.get(driver, MPC)


def _widest(axis: str) -> float:
    return max(float(getattr(envelope, axis)) for envelope in ENVELOPES.values())


WIDEST: Final = VelocityEnvelope(
    forward=_widest("forward"),
    backward=_widest("backward"),
    sideways=_widest("sideways"),
    turning=_widest("turning"),
    exponent=math.inf,
)
"""Box around all of them: what an operator's own limits may not exceed."""
