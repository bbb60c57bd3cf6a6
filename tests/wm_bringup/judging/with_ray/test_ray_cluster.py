"""A real Ray cluster of two workers on this computer."""

from __future__ import annotations

import os

import pytest

from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.ray_workers import read_workers
from wm_bringup.judging.runner import RunnerError, do_runs, runs_of
from wm_bringup.judging.suite import Suite
from wm_control.configuration.parameters import load_parameters
from wm_control.errors import ParameterError

SHORT = {
    "name": "short",
    "seeds": {"count": 3},
    "scenario": {"duration": 0.1, "noise": "nominal"},
    "cases": [{"name": "stand"}],
}


def square(number):
    return number * number


def fail(number):
    raise ParameterError("number", number, "must be another")


def die(number):
    os._exit(number)


def test_episodes_are_the_same_as_in_processes(tmp_path):
    runs = runs_of(load_parameters(Suite, SHORT))
    found = {}
    for name, spread in (("local", None), ("ray", read_workers("ray", 2))):
        store = EpisodeStore(tmp_path / f"{name}.jsonl", {}, resume=False)
        results = dict(
            (run.key, result.notes["trace_sha256"])
            for run, (result,) in do_runs(runs, store, 1, spread=spread)
        )
        assert set(store.done) == set(results)
        found[name] = results
    assert found["ray"] == found["local"]


def test_everything_is_done_once_and_what_the_work_raises_is_raised():
    spread = read_workers("ray", 2)
    assert sorted(spread(square, [3, 4, 5])) == [(0, 9), (1, 16), (2, 25)]
    with pytest.raises(ParameterError, match="must be another"):
        list(spread(fail, [1]))


def test_a_worker_that_dies_is_told_with_what_to_do():
    with pytest.raises(RunnerError, match="--resume"):
        list(read_workers("ray", 2)(die, [1]))
