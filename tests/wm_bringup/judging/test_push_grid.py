"""The grid of pushes, on a robot whose strength is known."""

from __future__ import annotations

import pytest

from wm_bringup.judging import episodes
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.push_grid import (
    Cell,
    case_of,
    grid_markdown,
    run_grid,
    summarise_grid,
)
from wm_bringup.judging.runner import runs_of
from wm_bringup.judging.suite import Grid, Suite

SUITE = Suite("pushes", grid=Grid(step=10.0, largest=40.0))


def result(fell, missed=()):
    return EpisodeResult("", "mpc", 0, {"fell": Measured(fell, "")}, {"missed": missed})


@pytest.fixture
def strength(monkeypatch):
    """A robot that survives up to 20 N·s; at the last phase two less, to its sides half as much."""
    runs = []

    def run_episode(setup, seed):
        push = setup.scenario.pushes[-1]
        x, y, _ = push.impulse
        impulse = max(abs(x), 2.0 * abs(y))
        runs.append((push.impulse, push.phase))
        return result(impulse > (20.0 if push.phase < 0.8 else 18.0))

    monkeypatch.setattr(episodes, "run_episode", run_episode)
    return runs


def grid(store=None):
    return {cell.key: one for cell, one in run_grid(SUITE, store, jobs=1)}


def test_a_cell_is_a_push_at_its_phase_while_stepping_in_place():
    (run,) = runs_of(SUITE, [case_of(SUITE, Cell("left", 15.0, 0.25))])
    push = run.setup.scenario.pushes[-1]
    assert push.impulse == (0.0, 15.0, 0.0)
    assert (push.phase, push.duration) == (0.25, 0.1)
    assert run.setup.step_in_place


def test_the_grid_rises_until_no_phase_survives_and_no_further(strength):
    results = grid()
    # ahead and back up to 30, to the sides up to 20 N·s
    assert len(results) == 2 * 3 * 8 + 2 * 2 * 8
    summary = summarise_grid(SUITE.grid, results)
    survived = [(row["impulse"], row["survived"]) for row in summary["forward"]["rows"]]
    assert survived == [(10.0, 8), (20.0, 7), (30.0, 0)]
    assert summary["forward"]["rows"][1]["fell_at_phases"] == [0.875]
    assert summary["forward"]["all_phases_survived_up_to"] == 10.0
    assert summary["left"]["all_phases_survived_up_to"] == 0.0
    table = grid_markdown(summary)
    assert "| 20 | 7 of 8 | 7 of 8 | 0 of 8 | 0 of 8 |" in table
    assert "| 30 | 0 of 8 | 0 of 8 | - | - |" in table


def test_an_interrupted_grid_runs_only_what_is_missing(strength, tmp_path):
    store = EpisodeStore(tmp_path / "grid.jsonl", {}, resume=False)
    cells = run_grid(SUITE, store, jobs=1)
    for _ in range(11):
        next(cells)
    cells.close()
    del strength[:]
    again = EpisodeStore(tmp_path / "grid.jsonl", {}, resume=True)
    assert len(again.done) == 11
    whole = grid(again)
    assert len(strength) == len(whole) - 11


def test_a_robot_that_was_never_pushed_has_survived_nothing():
    cells = [Cell("left", 10.0, k / 8) for k in range(8)]
    results = {cell.key: result(fell=False) for cell in cells}
    results[cells[3].key] = result(fell=False, missed=("push 0 10 0 N·s",))
    (row,) = summarise_grid(SUITE.grid, results)["left"]["rows"]
    assert (row["survived"], row["n"], row["fell_at_phases"]) == (7, 8, [])
