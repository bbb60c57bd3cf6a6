"""The verdict over results, by hand; and the shipped policy in a short walk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bar_outcomes import GOOD, STANDING, changed

from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episodes import run_episode
from wm_bringup.judging.runner import runs_of
from wm_bringup.judging.suite import load_suite
from wm_control.robot.description import load_robot
from wm_policy.loading import examine
from wm_policy.models import shipped_policy
from wm_training.exam.bar import verdict
from wm_training.exam.judging import exam_of

SUITE = load_suite("bar")


def rows(*results: EpisodeResult) -> dict[str, dict]:
    return {row["what"]: row for row in verdict(SUITE, results)["bar"]}


def test_the_worst_episode_decides() -> None:
    found = rows(GOOD, changed(GOOD, seed=1, command_error=0.06))
    assert found["forward 0.5"]["found"] == 0.06
    assert not found["forward 0.5"]["met"]
    assert rows(GOOD)["forward 0.5"]["met"]


def test_a_fall_or_a_missing_number_is_never_good_enough() -> None:
    assert not rows(changed(GOOD, fell=True))["forward 0.5"]["met"]
    assert not rows(GOOD, changed(GOOD, command_error=None))["forward 0.5"]["met"]
    assert not rows(changed(GOOD, command_error=float("nan")))["forward 0.5"]["met"]


def test_stepping_on_the_spot_is_not_standing() -> None:
    assert rows(STANDING)["standing"]["met"]
    assert not rows(changed(STANDING, steps=2))["standing"]["met"]
    assert not rows(changed(STANDING, command_error=0.021))["standing"]["met"]


def kicked(count: int, *falls: int, case: str = "kicks") -> list[EpisodeResult]:
    return [
        changed(GOOD, case=case, seed=k, command_error=None, fell=k in falls) for k in range(count)
    ]


def test_one_fall_in_a_hundred_kicked_episodes_is_allowed() -> None:
    row = rows(*kicked(100, 0))["falls under kicks"]
    assert (row["met"], row["allowed"]) == (True, 1)
    row = rows(*kicked(100, 0, 1))["falls under kicks"]
    assert not row["met"]
    assert row["interval"] == pytest.approx([0.00243, 0.0704], abs=1e-4)


def test_in_fewer_episodes_no_fall_is_allowed() -> None:
    row = rows(*kicked(99, 0))["falls under kicks"]
    assert (row["met"], row["allowed"]) == (False, 0)


def test_falls_while_standing_are_reported_and_not_judged() -> None:
    standing = kicked(20, 0, 1, 2, case="kicks while standing")
    assert verdict(SUITE, [GOOD, *standing])["met"]
    row = rows(GOOD, *standing)["falls under kicks while standing"]
    assert (row["found"], row["n"], row["met"], row["allowed"]) == (3, 20, None, None)
    assert row["interval"] == pytest.approx([0.0321, 0.3789], abs=1e-4)
    assert not verdict(SUITE, standing)["met"]


def test_a_costly_walk_does_not_meet_the_bar() -> None:
    assert rows(GOOD)["cost of transport at 0.5 m/s"]["met"]
    costly = rows(changed(GOOD, cost_of_transport=0.6))
    assert not costly["cost of transport at 0.5 m/s"]["met"]
    assert costly["forward 0.5"]["met"]


def test_nothing_judged_meets_nothing() -> None:
    assert not verdict(SUITE, [])["met"]


def test_the_bar_is_eight_commands_and_kicks_walking_and_standing() -> None:
    suite = exam_of(Path("policy.yaml"), "g1", kicks=20, seeds=2)
    runs = runs_of(suite)
    assert len(runs) == 8 * 2 + 20 + 4
    for run in runs:
        scenario = run.setup.scenario
        assert (scenario.noise, scenario.delay, scenario.duration) == ("nominal", 0.008, 15.0)
        assert run.setup.policy == Path("policy.yaml")
        if run.case.startswith("kicks"):
            assert 0.4 <= scenario.ground.friction <= 1.0
            assert [kick.at for kick in scenario.kicks] == [4.0, 8.0, 12.0]
            assert len(scenario.velocity) == (0 if "standing" in run.case else 4)
        else:
            assert scenario.kicks == ()


def test_the_shipped_policy_passes_every_check_with_golden_answers() -> None:
    examination = examine(shipped_policy(), load_robot("g1"))
    assert examination.problems == ()
    assert examination.manifest is not None
    assert examination.manifest.golden
    assert examination.manifest.story is not None
    assert shipped_policy().with_suffix(".md").is_file()


def test_the_shipped_policy_walks_where_it_is_asked_to() -> None:
    short = exam_of(shipped_policy(), "g1", kicks=0, seeds=1)
    run = next(one for one in runs_of(short) if one.case == "forward 0.5")
    scenario = replace(run.setup.scenario, duration=7.0)
    result = run_episode(replace(run.setup, scenario=scenario), run.seed)
    assert not result.fell
    assert result["command_error"] == pytest.approx(0.0, abs=0.08)
    assert result["steps"] > 6
