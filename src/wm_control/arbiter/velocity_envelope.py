"""Which velocity commands each driver was measured to survive, braking and reversing included.

``tools/velocity_envelope.py`` measures a robot, ``velocity_envelope.csv`` in its folder holds what
it found, and a test holds the numbers in its ``arbiter.yaml`` inside of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_control.types import VelocityCommand

Positive = Annotated[float, Field(gt=0.0, le=10.0)]


@dataclass(frozen=True, slots=True, config=STRICT)
class VelocityEnvelope:
    """Convex set of velocity commands, the same to the left as to the right.

        (|x| / a)^p + (|y| / sideways)^p + (|yaw| / turning)^p <= 1

    with a = ``forward`` or ``backward`` [m/s], sideways [m/s], turning [rad/s], p = ``exponent``
    >= 1: 1 is an octahedron, 2 an ellipsoid, infinity a box (the axes do not share anything).

    Convex, so that the straight way from one admitted command to another is admitted as well.
    """

    forward: Positive
    backward: Positive
    sideways: Positive
    turning: Positive
    exponent: Annotated[float, Field(ge=1.0, allow_inf_nan=True)]

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


def widest_of(envelopes: Mapping[str, VelocityEnvelope]) -> VelocityEnvelope:
    """Box around all of them: what an operator's own limits may not exceed."""

    def widest(axis: str) -> float:
        return max(float(getattr(envelope, axis)) for envelope in envelopes.values())

    return VelocityEnvelope(
        widest("forward"), widest("backward"), widest("sideways"), widest("turning"), math.inf
    )
