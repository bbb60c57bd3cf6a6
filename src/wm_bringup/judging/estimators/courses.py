"""What robots are walked through so that estimators can be judged, and what must hold there."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from wm_bringup.scenarios.scenario import Ground, Payload, Push, Scenario, VelocitySegment
from wm_control.estimation.parameters import Kind

_V = VelocitySegment

FIRST, JUDGED, CLOCK = "leg_odometry", "invariant_ekf", "clock_only"
"""Contestants: the first version, the one that limits are for, and its ablation."""


@dataclass(frozen=True, slots=True)
class Course:
    """One course.

    scenario: of a seed. limits: figures of the estimator under judgement that must not be
    exceeded; for those in ``AT_LEAST`` it is what must be reached. walked_on: the estimator that
    the robot walks on meanwhile, for the model-based controller and for policies that ask for it.
    """

    scenario: Callable[[int], Scenario]
    limits: Mapping[str, float]
    walked_on: Kind = "invariant_ekf"


AT_LEAST = (
    *("nees_velocity_share", "nees_tilt_share", "nees_height_share"),
    *("contact_f1", "slips_found_share"),
)
"""Figures of which more is better."""

MIXED = (
    *(_V(1.0, 0.3), _V(6.0, 0.5), _V(12.0, 0.5, 0.0, 0.3), _V(18.0, 0.8), _V(24.0, 1.0)),
    *(_V(32.0, 0.6, 0.0, -0.3), _V(38.0), _V(41.0, 0.0, 0.2), _V(46.0, -0.3)),
    *(_V(50.0, 0.0, 0.0, 0.5), _V(54.0, 0.7)),
)
"""0 to 1.0 m/s with turns, steps to the side and back, and a rest, in 60 s."""

POLICY_COURSE = (_V(1.0, 0.5), _V(6.0, 0.5, 0.0, 0.2), _V(11.0))
"""What every policy was trained for: ahead, a gentle turn, and a stop, in 14 s."""

_DIRECTIONS = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))

ROUGH_PUSH, ROUGH_PUSH_EVERY = 15.0, 4.0
"""Impulse [N·s] and interval [s] of the rough course's pushes."""


RAMP = 0.087
"""Slope of the ramp course, five degrees [rad]."""


def _mixed(seed: int) -> Scenario:
    del seed
    return Scenario(
        name="mixed",
        duration=60.0,
        velocity=MIXED,
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
    )


def _loaded(seed: int) -> Scenario:
    del seed
    return Scenario(
        name="loaded",
        duration=20.0,
        velocity=(_V(1.0, 0.8),),
        noise="nominal",
        delay=0.01,
        ground=Ground(friction=0.4),
        payload=Payload(mass=5.0),
        initial_joint_noise=0.005,
    )


def _rough(seed: int) -> Scenario:
    """Push in turn along and across, at another phase of the stride with every seed."""
    pushes = []
    for k in range(2):
        x, y = _DIRECTIONS[(seed + k) % 4]
        at = ROUGH_PUSH_EVERY * (k + 1) + 0.05 * (seed % 16)
        pushes.append(Push(impulse=(ROUGH_PUSH * x, ROUGH_PUSH * y, 0.0), at=at))
    return Scenario(
        name="rough",
        duration=10.0,
        velocity=(_V(1.0, 0.3),),
        noise="nominal",
        delay=0.008,
        ground=Ground(friction=0.3, bumps=0.02),
        payload=Payload(mass=5.0),
        pushes=tuple(pushes),
        initial_joint_noise=0.005,
    )


def _ramp(seed: int) -> Scenario:
    """Up with even seeds, down with odd ones."""
    return Scenario(
        name="ramp",
        duration=10.0,
        velocity=(_V(1.0, 0.4),),
        noise="nominal",
        delay=0.008,
        ground=Ground(slope=-RAMP if seed % 2 else RAMP),
        initial_joint_noise=0.005,
    )


def _policy(seed: int) -> Scenario:
    del seed
    return Scenario(
        name="policy",
        duration=14.0,
        velocity=POLICY_COURSE,
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
    )


_NO_DIVERGENCE = {"diverged": 0.0}
COURSES: Mapping[str, Course] = {
    "mixed": Course(
        _mixed,
        {
            **{"velocity_x": 0.05, "velocity_y": 0.05, "velocity_z": 0.04, "height": 0.01},
            **{"drift_percent": 1.0, "roll": 0.01, "pitch": 0.01, "contact_f1": 0.97},
            **dict.fromkeys(AT_LEAST[:3], 0.85),
            **_NO_DIVERGENCE,
        },
        walked_on="leg_odometry",
    ),
    "loaded": Course(_loaded, _NO_DIVERGENCE),
    "ramp": Course(_ramp, _NO_DIVERGENCE),
    "rough": Course(
        _rough, {"velocity_x": 0.10, "velocity_y": 0.10, "velocity_z": 0.10, **_NO_DIVERGENCE}
    ),
}
"""What the report walks under the model-based controller, by name."""

POLICY = Course(
    _policy, {"velocity_x": 0.08, "velocity_y": 0.08, "velocity_z": 0.08, **_NO_DIVERGENCE}
)
"""What the report walks under a policy that is not ours."""

POLICY_FILES = (
    "holosoma/fastsac_g1_29dof.onnx",
    "mujoco_playground/g1_policy.onnx",
    "unitree_rl_lab/policy.onnx",
    "unitree_rl_mjlab/policy.onnx",
    "wbc_agile_grove/unitree_g1_velocity_e2e.onnx",
)
"""Of a folder of public policies."""


def policies_in(folder: Path) -> list[Path]:
    """Which of ``POLICY_FILES`` the folder holds."""
    return [folder / name for name in POLICY_FILES if (folder / name).is_file()]


def holds(name: str, value: float, limit: float) -> bool:
    """Whether a figure keeps its limit; a figure that is not finite does not."""
    if not math.isfinite(value):
        return False
    return value >= limit if name in AT_LEAST else value <= limit
