"""The rules of the arbiter, as a table: what is measured, against which limit, and what follows.

A rule trips after ``trigger`` bad samples in a row and, where ``release`` is a number, lets go
after that many good ones; otherwise it stays until the operator clears it. Comparisons are written
so that NaN is bad.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wm_control.arbiter import measurements as measure
from wm_control.arbiter.measurements import Inputs
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.types import Action


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table.

    measure: value of one sample. limit: a field of ArbiterParameters, or the number itself.
    trigger: bad samples in a row that trip it. release: good samples in a row that let go; None:
    only the operator. below: the value is bad under the limit instead of over it. says: the words
    for the value. detail: further words from the inputs, for causes known by name only.
    """

    name: str
    says: str
    measure: Callable[[Inputs], float]
    limit: str | float
    trigger: int
    release: int | None
    action: Action
    unit: str = ""
    below: bool = False
    detail: Callable[[Inputs], str] | None = None

    def limit_in(self, parameters: ArbiterParameters) -> float:
        """Return the limit as a number."""
        if isinstance(self.limit, str):
            return float(getattr(parameters, self.limit))
        return self.limit

    def holds(self, value: float, limit: float) -> bool:
        """Whether a sample is good; NaN never is."""
        return value >= limit if self.below else value <= limit

    def text(self, value: float, limit: float, inputs: Inputs) -> str:
        """One line for people: what, how much, against which limit."""
        detail = self.detail(inputs) if self.detail else ""
        if detail:
            return f"{self.says}: {detail}"
        if limit == 0.0:
            return self.says
        bound = "at least" if self.below else "at most"
        return f"{self.says} {value:.3g}{self.unit}, {bound} {limit:.3g}{self.unit} allowed"

    @property
    def cleared_by(self) -> str:
        """Who makes it let go."""
        if self.name == "unarmed":
            return "operator (arm)"
        return "operator (clear)" if self.release is None else "itself"


RULES: tuple[Rule, ...] = (
    Rule(
        "operator_stop",
        "the operator stopped the robot",
        lambda i: float(i.operator.stop),
        0.0,
        1,
        None,
        Action.DAMPING,
    ),
    Rule(
        "state_not_finite",
        "parts of the estimate that are not finite",
        measure.state_not_finite,
        0.0,
        1,
        None,
        Action.DAMPING,
        detail=lambda i: f"{measure.state_not_finite(i):.0f} of 8",
    ),
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
    Rule("tilt", "base tilted by", measure.tilt, "tilt", 5, None, Action.DAMPING, " rad"),
    Rule(
        "base_height",
        "base above its lower sole by",
        lambda i: i.height,
        "base_height",
        5,
        None,
        Action.DAMPING,
        " m",
        below=True,
    ),
    Rule(
        "angular_rate",
        "base turning at",
        measure.angular_rate,
        "angular_rate",
        5,
        None,
        Action.DAMPING,
        " rad/s",
    ),
    Rule(
        "state_lost",
        "age of the estimate",
        measure.state_age,
        "state_age_damping",
        1,
        None,
        Action.DAMPING,
        " s",
    ),
    Rule(
        "loop_lost",
        "control loop stood still for",
        lambda i: i.overruns.stall,
        "loop_stall_damping",
        1,
        None,
        Action.DAMPING,
        " s",
    ),
    Rule(
        "estimate_lost",
        "estimate unhealthy for 0.1 s",
        measure.unhealthy,
        0.0,
        50,
        None,
        Action.DAMPING,
        detail=measure.estimate_cause,
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
        "state_old",
        "age of the estimate",
        measure.state_age,
        "state_age",
        1,
        50,
        Action.SAFE_POSTURE,
        " s",
    ),
    Rule(
        "estimate_unhealthy",
        "estimate unhealthy",
        measure.unhealthy,
        0.0,
        5,
        50,
        Action.SAFE_POSTURE,
        detail=measure.estimate_cause,
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
        "loop_stalled",
        "control loop stood still for",
        lambda i: i.overruns.stall,
        "loop_stall",
        1,
        500,
        Action.FALLBACK,
        " s",
    ),
    Rule(
        "overruns_heavy",
        "share of late control cycles",
        lambda i: i.overruns.share,
        "overrun_share_fallback",
        1,
        500,
        Action.FALLBACK,
    ),
    Rule(
        "overruns",
        "share of late control cycles",
        lambda i: i.overruns.share,
        "overrun_share",
        1,
        500,
        Action.LIMITED,
    ),
    Rule(
        "overruns_in_a_row",
        "control cycles late in a row",
        lambda i: float(i.overruns.in_a_row),
        "overruns_in_a_row",
        1,
        500,
        Action.LIMITED,
    ),
    Rule(
        "state_late",
        "age of the estimate",
        measure.state_age,
        "state_age_warning",
        1,
        50,
        Action.NOMINAL,
        " s",
    ),
    Rule(
        "unarmed",
        "not armed",
        lambda i: float(not i.armed),
        0.0,
        1,
        1,
        Action.DAMPING,
        detail=lambda i: "not armed since the operator's stop" if i.stopped else "",
    ),
)
"""All rules; of several that trip at once the first in this order is the first cause."""
