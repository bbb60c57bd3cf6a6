"""``wm twins``: what is walked, told and kept."""

from __future__ import annotations

import json

import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD
from wm_bringup.judging import episodes, twins
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult

SUITE = """
name: s
seeds: {count: 3}
scenario: {duration: 6.0}
contestants: [{name: mpc}, {name: hybrid, controller: hybrid}]
cases: [{name: calm}, {name: push}]
"""


def result(case, contestant, seed, fell=False, rescued=None):
    numbers = {
        "fell": fell,
        "seconds": 4.0 if fell else 6.0,
        "first_rescue": rescued,
        "rescues": 0 if rescued is None else 1,
        "preferred_share": 1.0 if rescued is None else 0.5,
        "switches_per_minute": 0.0,
    }
    metrics = {name: Measured(value, "") for name, value in numbers.items()}
    return EpisodeResult(case, contestant, seed, metrics)


@pytest.fixture
def walked(tmp_path, monkeypatch):
    """Episodes that cost nothing: when pushed, the MPC alone falls."""
    seen = []

    def do_twins(run):
        seen.append(run.key)
        if run.case == "calm":
            return (result(run.case, run.contestant, run.seed),)
        return (
            result(run.case, run.contestant, run.seed, rescued=3.0),
            result(run.case, f"{run.contestant} off", run.seed, fell=True),
            result(run.case, f"{run.contestant} then policy", run.seed),
        )

    def run_episode(setup, seed):
        seen.append((setup.scenario.name, seed, len(setup.turns)))
        return result("", "", seed, fell=True)

    monkeypatch.setattr(twins, "do_twins", do_twins)
    monkeypatch.setattr(episodes, "run_episode", run_episode)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.yaml").write_text(SUITE)
    return seen


def test_only_who_has_somebody_to_hand_over_to_is_scored_by_case_and_in_all(walked, capsys):
    assert main(["twins", "s.yaml", "--jobs", "1"]) == HELD
    assert len(walked) == 2 * 2 * 3  # the hybrid's episodes with their twins, and by chance
    said = capsys.readouterr().out
    assert "| push | hybrid | 0 of 3 (0-71 %) | 3 of 3 (29-100 %) | 3 of 3 (29-100 %) |" in said
    assert "| all cases | hybrid | 0 of 6 (0-46 %) | 3 of 6" in said
    assert "| mpc |" not in said


def test_all_is_kept_and_gone_on_with(walked, tmp_path, capsys):
    assert main(["twins", "s.yaml", "--jobs", "1", "--case", "push", "--json", "t.json"]) == HELD
    folder = tmp_path / "results" / "s_twins"
    assert {path.name for path in folder.iterdir()} == {
        "suite.yaml", "episodes.jsonl", "summary.json", "table.md",
    }  # fmt: skip
    (row,) = json.loads((tmp_path / "t.json").read_text())["rows"]
    assert row["saved"] == {"count": 3, "n": 3, "interval": [pytest.approx(0.292, abs=1e-3), 1.0]}
    walked.clear()
    assert main(["twins", "s.yaml", "--jobs", "1", "--case", "push", "--resume"]) == HELD
    assert walked == []


def test_a_suite_of_single_drivers_has_nothing_to_score(walked, capsys):
    assert main(["twins", "walking", "--jobs", "1"]) == COULD_NOT_RUN
    assert "must have one with several drivers" in capsys.readouterr().err
    assert walked == []
