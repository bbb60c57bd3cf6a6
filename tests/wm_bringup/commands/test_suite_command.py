"""``wm suite``: options, exit codes and what is left in the folder."""

from __future__ import annotations

import json

import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_bringup.judging import episodes
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult


@pytest.fixture
def runs(monkeypatch):
    """Episodes that cost nothing; at 1 m/s the third falls."""
    seen = []

    def run_episode(setup, seed):
        seen.append((setup, seed))
        fell = setup.scenario.name == "forward_10" and seed == 2
        metrics = {
            "fell": Measured(fell, ""),
            "mean_velocity": Measured((0.5, 0.0, 0.0), ""),
            "stride_rms_error": Measured(None if fell else (0.01, 0.0, 0.0), ""),
        }
        late = setup.scenario.name == "arc" and seed == 7
        missed = ("push 9 0 0 N·s at 3 s",) if fell or late else ()
        return EpisodeResult("", "", seed, metrics, {"fall_cause": "", "missed": missed})

    monkeypatch.setattr(episodes, "run_episode", run_episode)
    return seen


@pytest.fixture
def suite(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: main(["suite", *arguments, "--jobs", "1"])


def test_a_shipped_suite_is_run_by_name_and_leaves_all_that_is_known(suite, runs, tmp_path, capsys):
    assert suite("walking", "--seeds", "3", "--json", "w.json") == HELD  # one fall is allowed
    assert len(runs) == 10 * 3
    said = capsys.readouterr().out
    assert "| 1.0 m/s | 1 of 3 (0.8-91 %) | 0.500 0.000 0.000 | 0.010 0.000 0.000 |" in said
    folder = tmp_path / "results" / "walking"
    assert {path.name for path in folder.iterdir()} == {
        "suite.yaml", "episodes.jsonl", "summary.json", "table.md",
    }  # fmt: skip
    summary = json.loads((folder / "summary.json").read_text())
    assert summary == json.loads((tmp_path / "w.json").read_text())
    assert summary["held"] is True
    assert len(summary["episodes"]) == 30
    assert {"suite_sha256", "git", "parameters_sha256", "machine"} <= set(summary["conditions"])
    row = next(row for row in summary["rows"] if row["case"] == "forward_10")
    assert [limit["held"] for limit in row["limits"]] == [True, True]


def test_a_limit_that_does_not_hold_is_exit_code_one_and_said(suite, runs, tmp_path, capsys):
    text = "{name: s, seeds: {count: 3}, cases: [{name: forward_10}]," + (
        " limits: [{criterion: fell, over: sum, at_most: 0}]}"
    )
    (tmp_path / "s.yaml").write_text(text)
    assert suite("s.yaml") == NOT_HELD
    assert "forward_10, mpc: fell (sum) is 1, limit at most 0" in capsys.readouterr().out


def test_what_did_not_happen_to_a_robot_that_stayed_up_is_exit_code_one(suite, runs, capsys):
    assert suite("walking", "--seeds", "8", "--case", "arc", "--case", "forward_10") == NOT_HELD
    said = capsys.readouterr().out
    assert "asked for, but did not happen: arc, mpc, seed 7: push 9 0 0 N·s at 3 s" in said
    assert "forward_10, mpc, seed 2" not in said  # it fell, which is allowed once


def test_cases_and_engine_are_chosen_on_the_command_line(suite, runs):
    assert suite("walking", "--seeds", "1", "--case", "stand", "--engine", "pybullet") == HELD
    assert [setup.scenario.name for setup, _ in runs] == ["stand"]


def test_more_seeds_go_on_with_the_same_episodes(suite, runs):
    assert suite("walking", "--seeds", "1", "--case", "stand") == HELD
    assert suite("walking", "--seeds", "3", "--case", "stand", "--resume") == HELD
    assert [seed for _, seed in runs] == [0, 1, 2]


def test_another_case_goes_on_in_the_same_file_and_is_told_alone(suite, runs, tmp_path):
    assert suite("walking", "--seeds", "1", "--case", "stand") == HELD
    assert suite("walking", "--seeds", "1", "--case", "arc", "--resume") == HELD
    summary = json.loads((tmp_path / "results" / "walking" / "summary.json").read_text())
    assert [row["case"] for row in summary["rows"]] == ["arc"]
    assert suite("walking", "--seeds", "1", "--resume") == HELD
    assert len(runs) == 10


def test_another_contestant_goes_on_in_the_same_file_and_is_told_alone(suite, runs, tmp_path):
    (tmp_path / "s.yaml").write_text(
        "{name: s, seeds: {count: 2}, contestants: [{name: mpc}, {name: p, controller: policy}],"
        " cases: [{name: stand}, {name: arc, without: [p]}],"
        " paired: [{contestant: p, parents: [mpc], of_worse: 1.0}]}"
    )
    assert suite("s.yaml", "--contestant", "p") == HELD
    assert [(setup.scenario.name, setup.controller) for setup, _ in runs] == [
        ("stand", "policy")
    ] * 2
    assert suite("s.yaml", "--contestant", "mpc", "--resume") == HELD
    assert len(runs) == 2 + 4
    summary = json.loads((tmp_path / "results" / "s" / "summary.json").read_text())
    assert [(row["case"], row["contestant"]) for row in summary["rows"]] == [
        ("stand", "mpc"), ("arc", "mpc"),
    ]  # fmt: skip
    assert suite("s.yaml", "--resume") == HELD
    assert len(runs) == 2 + 4  # nobody walks twice
    assert len(json.loads((tmp_path / "results" / "s" / "summary.json").read_text())["paired"]) > 0


def test_a_contestant_that_walks_none_of_the_chosen_cases_is_refused(suite, runs, tmp_path, capsys):
    (tmp_path / "s.yaml").write_text(
        "{name: s, contestants: [{name: mpc}, {name: p, controller: policy}],"
        " cases: [{name: stand}, {name: arc, without: [p]}]}"
    )
    assert suite("s.yaml", "--case", "arc", "--contestant", "p") == COULD_NOT_RUN
    assert "contestant" in (said := capsys.readouterr().err)
    assert "must have one that walks arc" in said


def test_limits_that_are_for_none_of_the_chosen_contestants_are_not_held(
    suite, runs, tmp_path, capsys
):
    (tmp_path / "s.yaml").write_text(
        "{name: s, contestants: [{name: mpc}, {name: p, controller: policy}], judged: [p],"
        " cases: [{name: stand}]}"
    )
    assert suite("s.yaml", "--contestant", "mpc") == COULD_NOT_RUN
    assert "must have one of p, whom the limits are for" in capsys.readouterr().err
    assert suite("s.yaml", "--contestant", "mpc", "--contestant", "p") == HELD


def test_episodes_of_another_scenario_are_not_gone_on_with(suite, runs, tmp_path, capsys):
    file = tmp_path / "s.yaml"
    file.write_text("{name: s, cases: [{name: stand}]}")
    assert suite("s.yaml") == HELD
    file.write_text("{name: s, cases: [{name: stand, scenario: {duration: 9.0}}]}")
    assert suite("s.yaml", "--resume") == COULD_NOT_RUN
    assert "other conditions" in capsys.readouterr().err
    assert suite("s.yaml") == HELD


def test_episodes_of_a_policy_that_was_trained_anew_are_not_gone_on_with(
    suite, runs, tmp_path, capsys, monkeypatch
):
    file = tmp_path / "s.yaml"
    file.write_text("{name: s, contestants: [{name: p, controller: policy}], cases: [{name: a}]}")
    assert suite("s.yaml") == HELD
    assert suite("s.yaml", "--resume") == HELD
    other = {"identity": "0123456789ab"}
    monkeypatch.setattr("wm_bringup.judging.episodes.policy_facts", lambda setup: other)
    assert suite("s.yaml", "--resume") == COULD_NOT_RUN
    assert "other conditions" in capsys.readouterr().err


def test_the_push_grid_is_a_suite(suite, runs, capsys):
    assert suite("push_grid") == HELD
    assert "all phases up to | 80 | 80 | 80 | 80 |" in capsys.readouterr().out
    assert len(runs) == 8 * 4 * 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["nowhere.yaml", "walking.yaml"]),
        (["walking", "--case", "run"], ["'run'", "must be one of stand"]),
        (["walking", "--contestant", "nmpc"], ["'nmpc'", "must be one of mpc"]),
        (["walking", "--seeds", "0"], ["--seeds"]),
        (["estimator_policies"], ["contestants.0.policy", "--policies"]),
        (["walking", "--output", "/dev/null/o"], ["/dev/null is a file"]),
        (["walking", "--json", "/"], ["is a folder"]),
    ],
)
def test_what_cannot_be_run_is_refused(suite, runs, capsys, arguments, words):
    assert suite(*arguments) == COULD_NOT_RUN
    said = capsys.readouterr().err
    assert all(word in said for word in words), said
    assert runs == []
