"""``wm train``: exit codes, JSON, and what is said where training is not possible."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from bar_outcomes import GOOD, STANDING, changed

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.runner import SuiteRun
from wm_policy.models import shipped_policy
from wm_training import extra
from wm_training.command import train
from wm_training.exam import judging


def judged(monkeypatch: pytest.MonkeyPatch, *results: EpisodeResult) -> None:
    def do_runs(
        runs: Sequence[SuiteRun], store: None, jobs: int
    ) -> Iterator[tuple[SuiteRun, tuple[EpisodeResult]]]:
        for result in results:
            yield runs[0], (result,)

    monkeypatch.setattr(judging, "do_runs", do_runs)


def test_a_policy_that_meets_the_bar_exits_with_0_and_leaves_its_numbers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    judged(monkeypatch, GOOD, STANDING)
    file = tmp_path / "bar.json"
    assert train(judge=shipped_policy(), judge_seeds=1, kicks=0, jobs=1, json=file) == HELD
    content = json.loads(file.read_text())
    assert content["met"] is True
    assert [row["what"] for row in content["bar"]][:2] == ["forward 0.5", "standing"]
    assert len(content["episodes"]) == 2


def test_a_policy_that_does_not_meet_it_exits_with_1_and_every_fall_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(
        monkeypatch,
        replace(
            changed(GOOD, seed=7, fell=True, seconds=8.9, command_error=None),
            notes={"fall_cause": "base tilt"},
        ),
    )
    assert train(judge=shipped_policy(), judge_seeds=1, kicks=0, jobs=1) == NOT_HELD
    assert "Fell: forward 0.5, seed 7, 8.9 s: base tilt." in capsys.readouterr().out


def test_without_torch_training_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(extra.ExtraMissingError, match=r"needs torch, .*`make train`"):
        train(from_scratch=True, jobs=1, output=Path("never"))
    assert not Path("never").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--seed", "0"], "--seed means nothing beside --judge"),
        (["--from-scratch"], "--from-scratch means nothing"),
        (["--budget", "5"], "--budget means nothing"),
        (["--config", "c.yaml"], "--config means nothing"),
        (["--output", "o"], "--output means nothing"),
        (["--json", "/dev/null/bar.json"], "/dev/null is a file"),
    ],
)
def test_what_has_no_effect_on_a_judgement_is_refused(
    options: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--judge", str(shipped_policy()), *options]) == COULD_NOT_RUN
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("number", ["nan", "inf", "0"])
def test_a_budget_that_is_no_time_is_refused(
    number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "--budget", number]) == COULD_NOT_RUN
    assert "--budget" in capsys.readouterr().err
