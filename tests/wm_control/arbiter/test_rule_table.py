"""The table in the documentation is the table in the code."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from robot_parameters import SAFETY

from wm_control.arbiter.controller_rules import CONTROLLER_RULES
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.robot_rules import ROBOT_RULES
from wm_control.arbiter.table import controller_table, robot_table
from wm_control.configuration.parameters import load_parameters
from wm_control.derivation.parts import load_derived
from wm_control.errors import ParameterError

ROOT = Path(__file__).parents[3]
RULES = (*ROBOT_RULES, *CONTROLLER_RULES)


@pytest.mark.parametrize("table", [robot_table, controller_table])
def test_the_safety_document_holds_the_rule_tables_in_force(table):
    shipped = load_derived(SafetyParameters, "g1", "arbiter")
    document = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
    assert table(shipped.arbiter) in document, (
        "docs/safety.md is out of date; print the table with: python -m wm_control.arbiter.table g1"
    )


def test_every_rule_has_a_name_of_its_own_and_a_limit_that_exists():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    for rule in RULES:
        assert not math.isnan(rule.limit_in(SAFETY.arbiter))
        assert rule.trigger >= 1


def test_no_rule_accepts_nan():
    assert not any(rule.holds(float("nan"), 1.0) for rule in RULES)


def test_an_unknown_limit_stops_start_up_by_name():
    with pytest.raises(ParameterError, match=r"arbiter\.max_tilt"):
        load_parameters(SafetyParameters, {"arbiter": {"max_tilt": 1.0}})


def test_a_limit_out_of_bounds_stops_start_up_by_name():
    with pytest.raises(ParameterError, match=r"watchdog\.damp_after.*50"):
        load_parameters(SafetyParameters, {"watchdog": {"damp_after": 50.0}})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.1, "late 0.1 s, at most 0.024 s allowed"),
        (0.02404, "late 0.02404 s, at most 0.024 s allowed"),
        (0.024, "late 0.024 s, at most 0.024 s allowed"),
    ],
)
def test_a_cause_tells_a_value_just_beyond_its_limit_from_the_limit(value, told):
    rule = replace(RULES[0], says="late", limit=0.024, unit=" s", below=False)
    assert rule.text(value, 0.024, None) == told
