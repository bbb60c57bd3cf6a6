"""What the evaluator of an episode knows of one cycle, as it stands in a bag."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from wm_bringup.cycle.cycle_message import decode_message, encode_message
from wm_bringup.robots.base import GroundTruth
from wm_bringup.scenarios.tour import Pose
from wm_bringup.wire.cdr import MessageError
from wm_control.types import Array, VelocityCommand

TRUTH = tuple(name for name in GroundTruth.__slots__ if name not in ("stamp", "touching"))
"""Arrays of a look at the truth, in this order."""

_SHAPES = {
    "sole_position": (2, 3),
    "sole_velocity": (2, 6),
    "foot_wrench": (2, 6),
}
"""Of those that are no vectors."""

_SIZES = {
    "base_position_in_world": 3,
    "base_orientation": 4,
    "base_velocity_in_world": 3,
    "base_velocity_in_base": 3,
    "base_angular_velocity_in_base": 3,
    "normal_force": 2,
    "tangential_force": 2,
    "ground_height": 2,
    "com_position": 3,
    "com_velocity": 3,
    "push_force": 3,
}
"""Of vectors that do not have one number per joint."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What the evaluator knows of one cycle of an episode; arguments of ``RunRecorder``.

    number: of the cycle (``Heard``). now, plan_age, compute_time: [s]. stance: (2,) of the plan.
    truth: in the cycles in which it was looked at. asked: of the scenario. gait_phase: of a stride
    in [0, 1), NaN where there is none. target: waypoint of a tour.
    """

    number: int
    now: float
    plan_age: float
    compute_time: float
    stance: Array
    asked: VelocityCommand
    gait_phase: float
    truth: GroundTruth | None = None
    target: Pose | None = None


def encode_evaluation(seen: Evaluation) -> bytes:
    """Return it as std_msgs/UInt8MultiArray, laid out as a cycle is (``cycle_message``)."""
    truth, asked, target = seen.truth, seen.asked, seen.target
    return encode_message(
        {
            "number": seen.number,
            "now": seen.now,
            "plan_age": seen.plan_age,
            "compute_time": seen.compute_time,
            "stance": seen.stance.tolist(),
            "asked": (asked.linear_x, asked.linear_y, asked.angular_z),
            "gait_phase": seen.gait_phase,
            "target": target and (target.x, target.y, target.heading),
            "truth": truth and (truth.stamp, _numbers(truth), truth.touching),
        }
    )


def _numbers(truth: GroundTruth) -> Array:
    return np.concatenate([getattr(truth, name).ravel() for name in TRUTH])


def decode_evaluation(data: bytes, n: int) -> Evaluation:
    """Read what ``encode_evaluation`` wrote; MessageError for anything else."""
    content = decode_message(data)
    try:
        truth, stance = content.pop("truth"), np.array(content.pop("stance"))
        asked, target = VelocityCommand(*content.pop("asked")), content.pop("target")
        seen = None if truth is None else _truth(n, *truth)
        waypoint = None if target is None else Pose(*target)
        return Evaluation(stance=stance, asked=asked, target=waypoint, truth=seen, **content)
    except (KeyError, TypeError, ValueError) as error:
        raise MessageError(f"it is no evaluation of a cycle: {error}") from error


def _truth(n: int, stamp: float, numbers: bytes, touching: list[str]) -> GroundTruth:
    arrays: dict[str, Any] = {}
    vector, start = np.frombuffer(numbers), 0
    for name in TRUTH:
        shape = _SHAPES.get(name, (_SIZES.get(name, n),))
        arrays[name] = vector[start : start + prod(shape)].reshape(shape)
        start += prod(shape)
    if start != vector.size:
        raise ValueError(f"{vector.size} numbers of the truth, {start} expected")
    return GroundTruth(stamp=stamp, touching=tuple(touching), **arrays)
