from dataclasses import replace

import pytest

from wm_bringup.judging import push_grid
from wm_bringup.judging.episode import Episode
from wm_bringup.judging.episode_store import EpisodeStore, EpisodeStoreError
from wm_bringup.judging.episodes import WalkSetup
from wm_bringup.judging.push_grid import Cell, cell_setup, run_grid, summarise_grid
from wm_bringup.scenarios.scenario import Scenario

SETUP = WalkSetup(Scenario())


def episode(fell):
    return Episode(0, fell, 9.0, None, None, None, None)


@pytest.fixture
def strength(monkeypatch):
    """A robot that survives up to so many N·s; at the last phase two less."""
    runs = []

    def run_indexed(work, jobs):
        for index, (setup, _) in enumerate(work):
            push = setup.scenario.pushes[-1]
            impulse = max(abs(component) for component in push.impulse)
            runs.append((push.impulse, push.phase))
            yield index, episode(impulse > (20.0 if push.phase < 0.8 else 18.0))

    monkeypatch.setattr(push_grid, "run_indexed", run_indexed)
    return runs


def grid(impulses, store=None):
    return {c.key: e for c, e in run_grid(SETUP, impulses, ["forward", "left"], store, jobs=1)}


def test_a_cell_is_a_push_at_its_phase_while_stepping_in_place():
    setup = cell_setup(SETUP, Cell("left", 15.0, 0.25))
    push = setup.scenario.pushes[-1]
    assert push.impulse == (0.0, 15.0, 0.0)
    assert (push.phase, push.duration) == (0.25, 0.1)
    assert setup.step_in_place


def test_the_grid_rises_until_no_phase_survives_and_no_further(strength):
    episodes = grid([10.0, 20.0, 30.0, 40.0])
    assert len(episodes) == 2 * 3 * 8
    summary = summarise_grid(episodes, [10.0, 20.0, 30.0, 40.0], ["forward", "left"])
    survived = [(row["impulse"], row["survived"]) for row in summary["forward"]["rows"]]
    assert survived == [(10.0, 8), (20.0, 7), (30.0, 0)]
    assert summary["forward"]["rows"][1]["fell_at_phases"] == [0.875]
    assert summary["left"]["all_phases_survived_up_to"] == 10.0


def test_an_interrupted_grid_runs_only_what_is_missing(strength, tmp_path):
    conditions = {"scenario": "x"}
    store = EpisodeStore(tmp_path / "grid.jsonl", conditions, resume=False)
    cells = run_grid(SETUP, [10.0, 20.0], ["forward"], store, jobs=1)
    for _ in range(11):
        next(cells)
    del strength[:]
    again = EpisodeStore(tmp_path / "grid.jsonl", conditions, resume=True)
    assert len(again.episodes) == 11
    list(run_grid(SETUP, [10.0, 20.0], ["forward"], again, jobs=1))
    assert len(strength) == 16 - 11


def test_a_line_cut_off_by_a_crash_is_run_again(tmp_path):
    path = tmp_path / "episodes.jsonl"
    store = EpisodeStore(path, {}, resume=False)
    store.add("0", episode(False))
    store.add("1", episode(True))
    path.write_text(path.read_text()[:-40])
    again = EpisodeStore(path, {}, resume=True)
    assert list(again.episodes) == ["0"]
    again.add("1", episode(True))
    assert list(EpisodeStore(path, {}, resume=True).episodes) == ["0", "1"]


def test_episodes_of_other_conditions_are_not_mixed_in(tmp_path):
    EpisodeStore(tmp_path / "e.jsonl", {"friction": 0.6}, resume=False)
    with pytest.raises(EpisodeStoreError, match="other conditions"):
        EpisodeStore(tmp_path / "e.jsonl", {"friction": 0.4}, resume=True)


def test_a_robot_that_was_never_pushed_has_survived_nothing():
    cells = [Cell("left", 10.0, k / 8) for k in range(8)]
    episodes = {cell.key: episode(fell=False) for cell in cells}
    episodes[cells[3].key] = replace(episode(fell=False), missed=("push 0 10 0 N·s",))
    (row,) = summarise_grid(episodes, [10.0], ["left"])["left"]["rows"]
    assert (row["survived"], row["n"], row["fell_at_phases"]) == (7, 8, [])
