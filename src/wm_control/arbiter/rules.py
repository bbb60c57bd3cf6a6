"""What a rule of the arbiter is: what is measured, against which limit, and what follows.

There are two tables of them, ``robot_rules`` and ``controller_rules``. A rule trips after
``trigger`` bad samples in a row and, where ``release`` is a number, lets go after that many good
ones; otherwise it stays until the operator clears it. Comparisons are written so that NaN is bad.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.types import Action

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rule(Generic[T]):
    """One row of a table; T: what its rules look at.

    measure: value of one sample. limit: a field of ArbiterParameters, one of DriverLimits where the
    rule is about a controller, or the number itself.
    trigger: bad samples in a row that trip it. release: good samples in a row that let go; None:
    only the operator. below: the value is bad under the limit instead of over it. says: the words
    for the value. hysteresis: share of the limit by which the value has to be good again before an
    active rule counts it as good. detail: further words from the inputs, for causes known by name
    only.
    """

    name: str
    says: str
    measure: Callable[[T], float]
    limit: str | float
    trigger: int
    release: int | None
    action: Action
    unit: str = ""
    below: bool = False
    hysteresis: float = 0.0
    detail: Callable[[T], str] | None = None

    def limit_in(self, parameters: ArbiterParameters, controller: str = "") -> float:
        """Return the limit as a number. controller: that the rule is about; empty: the robot."""
        if not isinstance(self.limit, str):
            return self.limit
        if hasattr(parameters, self.limit):
            return float(getattr(parameters, self.limit))
        return float(getattr(parameters.limits_of(controller), self.limit))

    def holds(self, value: float, limit: float, *, active: bool = False) -> bool:
        """Whether a sample is good, for a rule that is ``active`` or not; NaN never is."""
        if active and self.hysteresis:
            limit = self.released_at(limit)
        return value >= limit if self.below else value <= limit

    def released_at(self, limit: float) -> float:
        """Where an active rule begins to take samples for good again."""
        return limit * (1.0 + self.hysteresis if self.below else 1.0 - self.hysteresis)

    def text(self, value: float, limit: float, inputs: T) -> str:
        """One line for people: what, how much, against which limit."""
        detail = self.detail(inputs) if self.detail else ""
        if detail:
            return f"{self.says}: {detail}"
        if self.limit == 0.0:
            return self.says
        bound = "at least" if self.below else "at most"
        found, allowed = _told_apart(value, limit)
        return f"{self.says} {found}{self.unit}, {bound} {allowed}{self.unit} allowed"

    @property
    def cleared_by(self) -> str:
        """Who makes it let go."""
        if self.name == "unarmed":
            return "operator (arm)"
        return "operator (clear)" if self.release is None else "itself"


def _told_apart(value: float, limit: float) -> tuple[str, str]:
    """Both with three digits, or with as many more (up to nine) as it takes to tell them apart."""
    texts = ((f"{value:.{digits}g}", f"{limit:.{digits}g}") for digits in range(3, 10))
    return next((pair for pair in texts if pair[0] != pair[1]), (f"{value:.3g}", f"{limit:.3g}"))
