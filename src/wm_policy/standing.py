"""Whether a velocity command asks for motion, as a policy was trained to be told."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wm_policy.manifest import Moving, Standing


def stands(limits: Moving | Standing, command: Sequence[float]) -> bool:
    """Whether every limit that is stated holds, each strictly; a command that is NaN never does.

    command: forward, left [m/s], turning [rad/s], within the policy's ranges.
    """
    forward, left, turning = command
    norms = (
        (limits.linear_below, math.hypot(forward, left)),
        (limits.angular_below, abs(turning)),
        (limits.command_below, math.hypot(forward, left, turning)),
    )
    return all(norm < limit for limit, norm in norms if limit is not None)
