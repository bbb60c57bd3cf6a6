"""What a criterion is: a pure function of a run's record that knows its unit and what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from inspect import cleandoc

from wm_bringup.judging.statistics import Statistic
from wm_bringup.record.run_record import RunRecord

Value = float | tuple[float, ...] | None
"""None: this run was too short, or too still, to have the number."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A number of one run. value: None where there is none."""

    value: Value
    unit: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One number that is asked of a run.

    definition: one sentence. over: how the numbers of many runs become one.
    more_is_better: whether a limit on it is a least value. version: changes with the numbers.
    """

    name: str
    function: Callable[[RunRecord], Value]
    unit: str
    definition: str
    over: Statistic
    more_is_better: bool
    version: int

    def __call__(self, record: RunRecord) -> Value:
        """Measure it; NotRecordedError when the record lacks what it needs."""
        return self.function(record)


def criterion(
    unit: str, over: Statistic = "mean", *, more_is_better: bool = False, version: int = 1
) -> Callable[[Callable[[RunRecord], Value]], Criterion]:
    """Make a criterion of a function, whose docstring begins with the definition."""

    def made(function: Callable[[RunRecord], Value]) -> Criterion:
        definition = " ".join(cleandoc(function.__doc__ or "").split("\n\n")[0].split())
        return Criterion(
            function.__name__, function, unit, definition, over, more_is_better, version
        )

    return made
