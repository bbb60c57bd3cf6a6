"""The verdict over outcomes, by hand; and the shipped policy in a short walk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bar_outcomes import GOOD, STANDING

from wm_control.robot.description import load_robot
from wm_policy.loading import examine
from wm_policy.models import shipped_policy
from wm_training.exam.bar import (
    COMMANDS,
    Outcome,
    command_cases,
    error_of,
    kicked_cases,
    kicked_standing_cases,
    run_case,
    verdict,
)


def rows(*outcomes: Outcome) -> dict[str, dict]:
    return {row["what"]: row for row in verdict(outcomes)["bar"]}


def test_only_commanded_axes_count_and_standing_counts_by_its_speed() -> None:
    assert error_of("forward 0.5", (0.47, 0.2, 0.3)) == pytest.approx(0.03)
    assert error_of("turn 0.5", (0.2, 0.0, 0.46)) == pytest.approx(0.04)
    assert error_of("standing", (0.03, -0.04, 1.0)) == pytest.approx(0.05)


def test_the_worst_episode_decides() -> None:
    found = rows(GOOD, replace(GOOD, seed=1, error=0.06))
    assert found["forward 0.5"]["found"] == 0.06
    assert not found["forward 0.5"]["met"]
    assert rows(GOOD)["forward 0.5"]["met"]


def test_a_fall_or_a_missing_number_is_never_good_enough() -> None:
    assert not rows(replace(GOOD, fell=True))["forward 0.5"]["met"]
    assert not rows(GOOD, replace(GOOD, error=None))["forward 0.5"]["met"]
    assert not rows(replace(GOOD, error=float("nan")))["forward 0.5"]["met"]


def test_stepping_on_the_spot_is_not_standing() -> None:
    assert rows(STANDING)["standing"]["met"]
    assert not rows(replace(STANDING, steps=2))["standing"]["met"]


def test_one_fall_in_a_hundred_kicked_episodes_is_allowed() -> None:
    kicked = [replace(GOOD, name="kicks", seed=k, error=None) for k in range(100)]
    kicked[0] = replace(kicked[0], fell=True)
    assert rows(*kicked)["falls under kicks"]["met"]
    kicked[1] = replace(kicked[1], fell=True)
    row = rows(*kicked)["falls under kicks"]
    assert not row["met"]
    assert row["interval"] == pytest.approx([0.00243, 0.0704], abs=1e-4)


def test_in_fewer_episodes_no_fall_is_allowed() -> None:
    kicked = [replace(GOOD, name="kicks", seed=k, error=None, fell=k == 0) for k in range(99)]
    assert not rows(*kicked)["falls under kicks"]["met"]


def test_falls_while_standing_are_reported_and_not_judged() -> None:
    standing = [
        replace(STANDING, name="kicks while standing", seed=k, error=None, fell=k < 3)
        for k in range(20)
    ]
    assert verdict([GOOD, *standing])["met"]
    row = rows(GOOD, *standing)["falls under kicks while standing"]
    assert (row["found"], row["n"], row["met"], row["allowed"]) == (3, 20, None, None)
    assert row["interval"] == pytest.approx([0.0321, 0.3789], abs=1e-4)
    assert not verdict(standing)["met"]


def test_a_costly_walk_does_not_meet_the_bar() -> None:
    assert rows(GOOD)["cost of transport at 0.5 m/s"]["met"]
    assert not rows(replace(GOOD, cost_of_transport=0.6))["cost of transport at 0.5 m/s"]["met"]


def test_nothing_judged_meets_nothing() -> None:
    assert not verdict([])["met"]


def test_cases_are_those_of_the_bar() -> None:
    policy = Path("policy.yaml")
    assert {case.name for case in command_cases(policy, "g1", 2)} == set(COMMANDS)
    assert len(command_cases(policy, "g1", 2)) == 2 * len(COMMANDS)
    for case in kicked_cases(policy, "g1", 20):
        assert 0.4 <= case.scenario.ground.friction <= 1.0
        assert case.scenario.noise == "nominal"
        assert case.scenario.delay == 0.008
        assert [kick.at for kick in case.scenario.kicks] == [4.0, 8.0, 12.0]
        speeds = [np.linalg.norm(kick.velocity) for kick in case.scenario.kicks]
        assert speeds == pytest.approx([1.0] * 3)
    for case in kicked_standing_cases(policy, "g1", 20):
        assert case.scenario.velocity == ()
        assert 0.4 <= case.scenario.ground.friction <= 1.0
        assert len(case.scenario.kicks) == 3


def test_the_shipped_policy_passes_every_check_with_golden_answers() -> None:
    examination = examine(shipped_policy(), load_robot("g1"))
    assert examination.problems == ()
    assert examination.manifest is not None
    assert examination.manifest.golden
    assert examination.manifest.story is not None
    assert shipped_policy().with_suffix(".md").is_file()


def test_the_shipped_policy_walks_where_it_is_asked_to() -> None:
    case = next(c for c in command_cases(shipped_policy(), "g1", 1) if c.name == "forward 0.5")
    short = replace(case, scenario=replace(case.scenario, duration=7.0))
    outcome = run_case(short)
    assert not outcome.fell
    assert outcome.error == pytest.approx(0.0, abs=0.08)
    assert outcome.steps > 6
