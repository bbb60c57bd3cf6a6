"""The rules about one controller: while one is active, one that is free of them drives instead.

What a rule's action says is done only if no other controller can drive. NOMINAL: this one can go
on, if need be: it *yields* to one that recovers better from what has happened to the robot.
"""

from __future__ import annotations

from wm_control.arbiter import controller_measurements as measure
from wm_control.arbiter.controller_measurements import Proposed
from wm_control.arbiter.rules import Rule
from wm_control.types import Action

CONTROLLER_RULES: tuple[Rule[Proposed], ...] = (
    Rule(
        "command_not_finite",
        "parts of the proposed command that are not finite",
        measure.command_not_finite,
        0.0,
        1,
        None,
        Action.DAMPING,
        detail=lambda i: f"{measure.command_not_finite(i):.0f} of 5",
    ),
    Rule(
        "controller_lost",
        "no usable command for 0.1 s",
        measure.no_command,
        0.0,
        50,
        None,
        Action.DAMPING,
        detail=measure.controller_cause,
    ),
    Rule(
        "controller_failed",
        "no usable command",
        measure.no_command,
        0.0,
        2,
        10,
        Action.SAFE_POSTURE,
        detail=measure.controller_cause,
    ),
    Rule(
        "controller_degraded",
        "controller degraded",
        measure.degraded,
        0.0,
        1,
        25,
        Action.FALLBACK,
        detail=measure.controller_cause,
    ),
    Rule(
        "plan_old",
        "age of the plan",
        measure.oldest_solve,
        "plan_age",
        1,
        25,
        Action.FALLBACK,
        " s",
    ),
    Rule(
        "solve_failed",
        "optimisation failed",
        measure.failed_solves,
        0.0,
        2,
        10,
        Action.FALLBACK,
        detail=measure.solver_cause,
    ),
    Rule(
        "lane_disagrees",
        "torques apart from those that its lane computes by",
        measure.disagreement,
        "disagreement",
        1,
        500,
        Action.FALLBACK,
    ),
    Rule(
        "message_refused",
        "messages in a row that make no sense",
        measure.refused,
        0.0,
        1,
        500,
        Action.NOMINAL,
    ),
    Rule(
        "pushed",
        "robot pushed by",
        measure.impulse,
        "impulse",
        1,
        500,
        Action.NOMINAL,
        " N·s",
    ),
    Rule(
        "capture_margin",
        "steps still catch the robot by",
        measure.capture_margin,
        "capture",
        2,
        500,
        Action.NOMINAL,
        " m",
        below=True,
    ),
    Rule(
        "recoverability",
        "probability that the robot falls under it",
        measure.risk,
        "risk",
        2,
        500,
        Action.NOMINAL,
    ),
    Rule(
        "command_jumps",
        "torques of two commands in a row apart by",
        lambda i: i.jump,
        "jump",
        1,
        500,
        Action.NOMINAL,
    ),
    Rule(
        "command_frozen",
        "same command while the joints move for",
        lambda i: i.frozen,
        "frozen",
        1,
        500,
        Action.NOMINAL,
        " s",
    ),
)
"""Each is kept for every controller by itself, with a latch of its own."""
