"""Every parameter of a robot that is derived or that its own files say: value, formula, whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_control.derivation.parts import derived_parameters, stated

PARTS = ("model_based", "estimator", "arbiter")


@dataclass(frozen=True, slots=True)
class Shown:
    """One parameter in force.

    derived, formula: what follows from the description; None and empty where nothing does. stated:
    whether the robot's own file says it, and so has the last word.
    """

    part: str
    key: str
    value: Any
    derived: Any
    formula: str
    stated: bool


def shown_parameters(robot: str | Path) -> tuple[Shown, ...]:
    """All of a robot, by part; RobotDescriptionError if it cannot walk, ParameterError as usual."""
    derived = derived_parameters(robot)
    rows = []
    for part in PARTS:
        said = dict(_flat(stated(robot, part)))
        for entry in derived:
            key = entry.formula.key
            if entry.formula.part == part:
                value = said.get(key, entry.value)
                rows.append(Shown(part, key, value, entry.value, entry.formula.text, key in said))
        known = {row.key for row in rows if row.part == part}
        others = ((key, value) for key, value in said.items() if key not in known)
        rows += [Shown(part, key, value, None, "", True) for key, value in others]
    return tuple(rows)


def _flat(content: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys of a nested mapping."""
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value
