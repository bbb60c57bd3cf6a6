"""Print the rule tables for people: ``python -m wm_control.arbiter.table g1``.

docs/safety.md holds the output.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from wm_control.arbiter.controller_rules import CONTROLLER_RULES
from wm_control.arbiter.latched_rules import RECOVERY
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.arbiter.robot_rules import ROBOT_RULES
from wm_control.arbiter.rules import Rule
from wm_control.types import Action

ROBOT_ACTION = "action"
CONTROLLER_ACTION = "action if no controller is available"


def robot_table(parameters: ArbiterParameters) -> str:
    """Markdown table of the rules about the robot, with the limits in force."""
    cleared_by = {rule.name: rule.cleared_by for rule in ROBOT_RULES}
    return _table(ROBOT_RULES, parameters, ROBOT_ACTION, cleared_by)


def controller_table(parameters: ArbiterParameters) -> str:
    """Markdown table of the rules about each controller, with the limits in force."""
    waits = f"itself after {RECOVERY} cycles; operator (clear) once it damped"
    cleared_by = {
        rule.name: waits if rule.release is None else rule.cleared_by for rule in CONTROLLER_RULES
    }
    return _table(CONTROLLER_RULES, parameters, CONTROLLER_ACTION, cleared_by)


def _table(
    rules: Iterable[Rule[Any]],
    parameters: ArbiterParameters,
    action: str,
    cleared_by: Mapping[str, str],
) -> str:
    columns = ("rule", "what is measured", "bad when", "trips after", "lets go after", action)
    head = (f"| {' | '.join(columns)} | cleared by |", "|---" * (len(columns) + 1) + "|")
    nominal = "yields" if rules is CONTROLLER_RULES else Action.NOMINAL.name
    rows = (f"{_row(rule, parameters, nominal)} {cleared_by[rule.name]} |" for rule in rules)
    return "\n".join((*head, *rows))


def _row(rule: Rule[Any], parameters: ArbiterParameters, nominal: str) -> str:
    """nominal: what a rule comes to that lets a driver go on."""
    release = "-" if rule.release is None else _cycles(rule.release)
    of_driver = isinstance(rule.limit, str) and not hasattr(parameters, rule.limit)
    bad = _by_driver(rule, parameters) if of_driver else _bad(rule, rule.limit_in(parameters))
    source = f" (`{rule.limit}`)" if isinstance(rule.limit, str) else ""
    action = nominal if rule.action == Action.NOMINAL else rule.action.name
    cells = (f"`{rule.name}`", rule.says, bad + source, _cycles(rule.trigger), release, action)
    return f"| {' | '.join(cells)} |"


def _bad(rule: Rule[Any], limit: float) -> str:
    return f"{'<' if rule.below else '>'} {limit:g}{rule.unit}"


def _by_driver(rule: Rule[Any], parameters: ArbiterParameters) -> str:
    """List the drivers that have a limit of their own; the others have none."""
    limits = {name: rule.limit_in(parameters, name) for name in parameters.drivers}
    told = [f"{name} {_bad(rule, limit)}" for name, limit in limits.items() if isfinite(limit)]
    return ", ".join(told) or "never"


def _cycles(count: int) -> str:
    return "1 cycle" if count == 1 else f"{count} cycles"


if __name__ == "__main__":  # pragma: no cover
    import sys

    from wm_control.arbiter.parameters import SafetyParameters
    from wm_control.derivation.parts import load_derived

    shipped = load_derived(SafetyParameters, sys.argv[1], "arbiter")
    sys.stdout.write(f"{robot_table(shipped.arbiter)}\n\n{controller_table(shipped.arbiter)}\n")
