"""When a robot has fallen: its base too low or too tilted, or a link on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

from wm_bringup.robots.base import GroundTruth


@dataclass(frozen=True, slots=True)
class FallLimits:
    """A robot beyond any of these has fallen.

    min_height: of base_link above the ground under its feet [m]. max_tilt: of base_link [rad].
    """

    min_height: float
    max_tilt: float = 1.0

    @staticmethod
    def of_standing(height: float) -> FallLimits:
        """Limits for a robot whose base stands ``height`` above the ground [m]: 60 % of it."""
        return FallLimits(0.6 * height)


def fall_cause(truth: GroundTruth, limits: FallLimits) -> str:
    """Why this is a fall, in words with numbers; empty when the robot is up."""
    height = height_of(truth)
    x, y, _, _ = truth.base_orientation.tolist()
    tilt = math.acos(min(max(1.0 - 2.0 * (x * x + y * y), -1.0), 1.0))  # in this order NaN stays
    if not height >= limits.min_height:
        return f"base height {height:.2f} m below {limits.min_height:.2f} m"
    if not tilt <= limits.max_tilt:
        return f"base tilt {tilt:.2f} rad beyond {limits.max_tilt:.2f} rad"
    for name in truth.touching:
        if "|" not in name:
            return f"{name} touched the ground"
    return ""


def height_of(truth: GroundTruth) -> float:
    """Height of base_link above the ground under the feet [m]."""
    ground = truth.ground_height
    return float(truth.base_position_in_world[2] - 0.5 * (ground[0] + ground[1]))
