"""When a robot has fallen: its base too low or too tilted, or a link on the ground."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wm_bringup.record.run_record import TIME, RunRecord
from wm_bringup.record.strides import tilt_of
from wm_bringup.robots.base import GroundTruth
from wm_bringup.scenarios.scenario import FallRule
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class FallLimits:
    """A robot beyond any of these has fallen.

    min_height: of base_link above the ground under its feet [m]. max_tilt: of base_link [rad].
    touching: whether a link that is no foot may not touch the ground.
    """

    min_height: float
    max_tilt: float = 1.0
    touching: bool = True

    @staticmethod
    def of_standing(height: float) -> FallLimits:
        """Limits for a robot whose base stands ``height`` above the ground [m]: 60 % of it."""
        return FallLimits(0.6 * height)

    @staticmethod
    def of_rule(rule: FallRule, height: float) -> FallLimits:
        """Limits by a scenario's rule, for a robot whose base begins at ``height`` [m]."""
        lowest = 0.6 * height if rule.min_height is None else rule.min_height
        tilt = math.inf if rule.max_tilt is None else rule.max_tilt
        return FallLimits(lowest, tilt, rule.touching)


def fall_cause(truth: GroundTruth, limits: FallLimits) -> str:
    """Why this is a fall, in words with numbers; empty when the robot is up."""
    height = height_of(truth)
    x, y, _, _ = truth.base_orientation.tolist()
    tilt = math.acos(min(max(1.0 - 2.0 * (x * x + y * y), -1.0), 1.0))  # in this order NaN stays
    cause = cause_of(height, tilt, limits)
    if cause or not limits.touching:
        return cause
    return next((f"{name} touched the ground" for name in truth.touching if "|" not in name), "")


def fall_in(record: RunRecord) -> tuple[float, str]:
    """When [s] and why the robot of a record fell; (nan, "") when it stayed up.

    Its height at the first look is taken for that of standing; of links on the ground nothing is
    asked, which a bag does not tell.
    """
    height = base_height(record)
    tilt = tilt_of(record["base_orientation"])
    limits = FallLimits.of_standing(float(height[0]))
    bad = np.flatnonzero(~(height >= limits.min_height) | ~(tilt <= limits.max_tilt))
    if not bad.size:
        return math.nan, ""
    first = bad[0]
    return float(record[TIME][first]), cause_of(float(height[first]), float(tilt[first]), limits)


def cause_of(height: float, tilt: float, limits: FallLimits) -> str:
    """Why a base of this height [m] and tilt [rad] has fallen; empty when it is up."""
    if not height >= limits.min_height:
        return f"base height {height:.2f} m below {limits.min_height:.2f} m"
    if not tilt <= limits.max_tilt:
        return f"base tilt {tilt:.2f} rad beyond {limits.max_tilt:.2f} rad"
    return ""


def height_of(truth: GroundTruth) -> float:
    """Height of base_link above the ground under the feet [m]."""
    ground = truth.ground_height
    return float(truth.base_position_in_world[2] - 0.5 * (ground[0] + ground[1]))


def base_height(record: RunRecord) -> Array:
    """(k,) height of base_link above the ground under the feet, or above zero without one [m]."""
    height = record["base_position"][:, 2]
    return height - record["ground_height"].mean(axis=1) if "ground_height" in record else height
