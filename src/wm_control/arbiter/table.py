"""Print the rule table for people: ``python -m wm_control.arbiter.table g1``.

docs/safety.md holds its output.
"""

from __future__ import annotations

from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.arbiter.rules import RULES, Rule

HEADER = (
    "| rule | what is measured | bad when | trips after | lets go after | action | cleared by |",
    "|---|---|---|---|---|---|---|",
)


def rule_table(parameters: ArbiterParameters) -> str:
    """Markdown table of all rules with the limits in force."""
    return "\n".join((*HEADER, *(_row(rule, parameters) for rule in RULES)))


def _row(rule: Rule, parameters: ArbiterParameters) -> str:
    limit = rule.limit_in(parameters)
    source = f" (`{rule.limit}`)" if isinstance(rule.limit, str) else ""
    bad = f"{'<' if rule.below else '>'} {limit:g}{rule.unit}{source}"
    release = "-" if rule.release is None else _cycles(rule.release)
    cells = (f"`{rule.name}`", rule.says, bad, _cycles(rule.trigger), release, rule.action.name)
    return f"| {' | '.join(cells)} | {rule.cleared_by} |"


def _cycles(count: int) -> str:
    return "1 cycle" if count == 1 else f"{count} cycles"


if __name__ == "__main__":  # pragma: no cover
    import sys

    from wm_control.arbiter.parameters import SafetyParameters
    from wm_control.robot.sources import load_part

    shipped = load_part(SafetyParameters, sys.argv[1], "arbiter")
    sys.stdout.write(rule_table(shipped.arbiter) + "\n")
