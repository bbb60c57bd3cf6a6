"""What if a limit or gain had been another: which decisions of a recorded run change, and when.

Estimator and arbiter are asked again on the recorded observations and proposals. Open loop: the
robot's motion is the recorded one, also after the first command that would have been another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.record.cycle_bag import dumped
from wm_bringup.replay.audit import decided_differently
from wm_bringup.replay.differences import Difference, Tolerances
from wm_bringup.replay.recording import Cycle, Recording, Setup
from wm_bringup.replay.replayer import Replayer, rebuilt_estimator
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.configuration.parameters import load_parameters
from wm_control.configuration.plain_yaml import parse_plain
from wm_control.errors import ParameterError
from wm_control.estimation.parameters import EstimatorParameters

ESTIMATOR = "estimator"
"""First part of the name of a parameter of the estimator; all others are the arbiter's."""


@dataclass(frozen=True, slots=True)
class Change:
    """From this cycle on another decision. was, now: action, source and first cause, in words."""

    cycle: int
    time: float
    was: str
    now: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.time:.3f} s: {self.was} -> {self.now}"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What would have been decided otherwise.

    changed: parameters, with what was recorded. changes: of action, source or first cause.
    decisions, differing: cycles in which those are others, and in which anything is that the loop
        decides.
    first: the first difference of all, with its time [s].
    """

    changed: tuple[Difference, ...]
    cycles: int
    changes: tuple[Change, ...]
    decisions: int
    differing: int
    first: tuple[float, Difference] | None
    problems: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        first = self.first
        return {
            "changed": [str(one) for one in self.changed],
            "cycles": self.cycles,
            "changes": [
                {"cycle": c.cycle, "time": c.time, "recorded": c.was, "now": c.now}
                for c in self.changes
            ],
            "differing_decisions": self.decisions,
            "differing_cycles": self.differing,
            "first_difference": first and {"time": first[0], "field": str(first[1])},
            "problems": list(self.problems),
        }


def what_if(path: Path, asked: Mapping[str, str]) -> WhatIf:
    """Ask again with other parameters, by their dotted names; ParameterError for what is none."""
    recording = Recording(path)
    setup = recording.setup
    estimator = changed_estimator(setup.estimator, asked)
    replayer = Replayer(
        setup,
        limits=lambda recorded: changed_safety(recorded, asked),
        estimator=None if estimator is None else rebuilt_estimator(setup, estimator),
    )
    within = Tolerances()
    changes: list[Change] = []
    before: tuple[str, str] | None = None
    cycles = decisions = differing = 0
    first: tuple[float, Difference] | None = None
    for cycle in recording.cycles(evaluated=False):
        computed = replayer.do(cycle)
        found = decided_differently(cycle.tick, computed, within, setup.joints)
        difference = next(found, None)
        cycles += 1
        differing += difference is not None
        if difference is not None and first is None:
            first = (cycle.now, difference)
        told = (_in_words(cycle.tick), _in_words(computed))
        decisions += told[0] != told[1]
        if told != before and (told[0] != told[1] or _differed(before)):
            changes.append(_change(cycle, *told))
        before = told
    return WhatIf(
        tuple(_told(setup, asked)),
        cycles,
        tuple(changes),
        decisions,
        differing,
        first,
        tuple(recording.problems),
    )


def _change(cycle: Cycle, was: str, now: str) -> Change:
    return Change(cycle.number, cycle.now, was, now if now != was else "the same again")


def _differed(before: tuple[str, str] | None) -> bool:
    return before is not None and before[0] != before[1]


def _in_words(tick: TickRecord) -> str:
    decision = tick.decision
    cause = decision.first_cause
    why = f" ({cause.controller + ' ' if cause.controller else ''}{cause.rule})" if cause else ""
    return f"{decision.action.name} by {decision.source}{why}"


def changed_safety(recorded: SafetyParameters, asked: Mapping[str, str]) -> SafetyParameters:
    """Return limits with what is asked for in the place of what was recorded."""
    content: dict[str, Any] = dumped(recorded)
    for name, text in asked.items():
        if name.partition(".")[0] != ESTIMATOR:
            _put(content, name, parse_plain(text), name)
    return load_parameters(SafetyParameters, content, origin="--what-if")


def changed_estimator(
    recorded: EstimatorParameters | None, asked: Mapping[str, str]
) -> EstimatorParameters | None:
    """Return the estimator's parameters with what is asked for; None where none of them is."""
    content: dict[str, Any] | None = None
    for name, text in asked.items():
        head, _, rest = name.partition(".")
        if head != ESTIMATOR:
            continue
        if recorded is None:
            raise ParameterError(name, text, "the loop was given the truth: there is no estimator")
        content = dumped(recorded) if content is None else content
        _put(content, rest, parse_plain(text), name)
    if content is None:
        return None
    return load_parameters(EstimatorParameters, content, origin="--what-if")


def _put(content: dict[str, Any], dotted: str, value: object, name: str) -> None:
    """Put a value in its place; ParameterError for a name that is no parameter."""
    *above, last = dotted.split(".")
    below: Any = content
    for part in above:
        below = below.get(part) if isinstance(below, dict) else None
    if not isinstance(below, dict) or last not in below:
        raise ParameterError(name, value, f"no such parameter{_near(below, content)}", "--what-if")
    if isinstance(below[last], dict):
        raise ParameterError(name, value, f"names many: {', '.join(below[last])}", "--what-if")
    below[last] = value


def _near(below: object, content: Mapping[str, Any]) -> str:
    known: Iterable[str] = below if isinstance(below, dict) else content
    return f"; there are {', '.join(known)}"


def _told(setup: Setup, asked: Mapping[str, str]) -> Iterable[Difference]:
    everything = {**dumped(setup.safety), ESTIMATOR: setup.estimator and dumped(setup.estimator)}
    for name, text in asked.items():
        value: Any = everything
        for part in name.split("."):
            value = value[part]
        yield Difference(name, repr(value), text)
