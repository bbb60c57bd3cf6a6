"""The observation terms that the builder knows: the one table of names, widths, units, frames.

``base_link`` is the pelvis; ``odom`` is the gravity-aligned world. Vectors in ``base_link`` are in
base axes. Joint terms are in the order of the term's ``joints``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

BASE, WORLD, NO_FRAME = "base_link", "odom", ""


@dataclass(frozen=True, slots=True)
class TermKind:
    """One row of the table.

    width: number of values; 0: one per joint, per action, per phase or per value (see ``of``).
    of: what the width counts when it is not fixed: joints, actions, phases, phases*2, value.
    spread: usual standard deviation while walking, in the term's unit, for the novelty of an
        observation whose training statistics nobody states.
    """

    signal: str
    unit: str
    frame: str
    width: int
    spread: float
    says: str
    of: str = ""


TERMS: Final[Mapping[str, TermKind]] = {
    "base_linear_velocity": TermKind(
        "linear_velocity", "m/s", BASE, 3, 0.5, "velocity of the base, from the estimator"
    ),
    "base_angular_velocity": TermKind(
        "angular_velocity", "rad/s", BASE, 3, 0.8, "gyro, bias-corrected"
    ),
    "projected_gravity": TermKind(
        "gravity", "1", BASE, 3, 0.15, "unit vector along gravity, R^T (0, 0, -1)"
    ),
    "base_orientation_wxyz": TermKind(
        "quaternion_wxyz", "1", WORLD, 4, 0.3, "quaternion base to world, w first"
    ),
    "base_orientation_xyzw": TermKind(
        "quaternion_xyzw", "1", WORLD, 4, 0.3, "quaternion base to world, w last"
    ),
    "base_roll_pitch_yaw": TermKind(
        "roll_pitch_yaw", "rad", WORLD, 3, 0.3, "Euler angles of the base, z-y-x"
    ),
    "velocity_command": TermKind(
        "command", "m/s, m/s, rad/s", BASE, 3, 0.6, "asked forward, left and turning speed"
    ),
    "velocity_command_linear": TermKind(
        "command_linear", "m/s", BASE, 2, 0.6, "asked forward and left speed"
    ),
    "velocity_command_angular": TermKind(
        "command_angular", "rad/s", BASE, 1, 0.6, "asked turning speed"
    ),
    "joint_position": TermKind(
        "joint_position", "rad", NO_FRAME, 0, 0.4, "measured angles", "joints"
    ),
    "joint_position_relative": TermKind(
        "joint_position", "rad", NO_FRAME, 0, 0.4, "measured minus default_position", "joints"
    ),
    "joint_velocity": TermKind(
        "joint_velocity", "rad/s", NO_FRAME, 0, 3.0, "measured speeds", "joints"
    ),
    "last_action": TermKind(
        "last_action", "1", NO_FRAME, 0, 2.0, "raw network output of the step before", "actions"
    ),
    "phase_sin": TermKind("phase_sin", "1", NO_FRAME, 0, 0.7, "sine of each phase", "phases"),
    "phase_cos": TermKind("phase_cos", "1", NO_FRAME, 0, 0.7, "cosine of each phase", "phases"),
    "phase_sin_cos": TermKind(
        "phase_sin_cos", "1", NO_FRAME, 0, 0.7, "sines, then cosines of the phases", "phases*2"
    ),
    "moving": TermKind(
        "moving",
        "1",
        NO_FRAME,
        1,
        0.5,
        "1 if motion is asked for, else 0; or as `value` says",
    ),
    "constant": TermKind("constant", "-", NO_FRAME, 0, 1.0, "the term's own value", "value"),
}
"""Every term by name. A policy that needs another one is refused, not approximated."""

JOINT_TERMS: Final = frozenset(name for name, kind in TERMS.items() if kind.of == "joints")
PHASE_TERMS: Final = frozenset(name for name, kind in TERMS.items() if kind.of[:6] == "phases")
ESTIMATOR_TERMS: Final = frozenset({"base_linear_velocity"})
"""Terms that no sensor of the robot gives."""
