"""Results of episodes: as JSON and back, summed up, and kept on disk through every end."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult, summarise_episodes
from wm_bringup.judging.episode_store import EpisodeStore, RunStoreError


def result(seed=0, fell=False, error=None, **notes):
    metrics = {
        "fell": Measured(fell, ""),
        "stride_rms_error": Measured(error, "m/s, m/s, rad/s"),
    }
    return EpisodeResult("walk", "mpc", seed, metrics, notes)


def test_episodes_are_summed_up_in_order_of_their_seeds():
    episodes = [
        result(2, True, (9.0, 9.0, 9.0)),
        result(1, False, (0.03, 0.0, 0.0)),
        result(0, False, (0.04, 0.0, 0.0)),
    ]
    summary = summarise_episodes(episodes)
    assert (summary["n"], summary["falls"]) == (3, 1)
    assert [e["seed"] for e in summary["episodes"]] == [0, 1, 2]
    assert summary["stride_rms_error"][0] == pytest.approx(np.sqrt((9 + 16) / 2) / 100)


def test_a_result_survives_json_with_units_and_notes():
    one = result(3, False, (0.1, 0.2, 0.3), causes={"rule": 2}, missed=("a push",))
    again = EpisodeResult.from_json(one.as_json())
    assert again == one
    assert again.missed == ("a push",)
    assert again["stride_rms_error"] == (0.1, 0.2, 0.3)
    assert again["distance"] is None
    with pytest.raises(KeyError, match="no criterion 'speed'"):
        again["speed"]


def test_a_line_cut_off_by_a_crash_is_run_again(tmp_path):
    path = tmp_path / "episodes.jsonl"
    store = EpisodeStore(path, {}, resume=False)
    store.add("0", [result(0)])
    store.add("1", [result(1, True)])
    path.write_text(path.read_text()[:-40])
    again = EpisodeStore(path, {}, resume=True)
    assert list(again.done) == ["0"]
    again.add("1", [result(1, True)])
    assert list(EpisodeStore(path, {}, resume=True).done) == ["0", "1"]
    assert EpisodeStore(path, {}, resume=True).done["1"][0].fell


def test_episodes_of_other_conditions_are_not_mixed_in(tmp_path):
    EpisodeStore(tmp_path / "e.jsonl", {"friction": 0.6}, resume=False)
    with pytest.raises(RunStoreError, match="other conditions"):
        EpisodeStore(tmp_path / "e.jsonl", {"friction": 0.4}, resume=True)
