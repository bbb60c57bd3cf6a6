"""What is said to grow over a long run, by hand-made looks and by real processes."""

from __future__ import annotations

import os
import random

import psutil
import pytest

from wm_bringup.rehearsal import endurance
from wm_bringup.rehearsal.endurance import Look, Looks, growth, told
from wm_bringup.rehearsal.outcome import Seen, outcome

HOUR = 60
"""Looks in an hour here."""


def looks(value, name="memory of control", count=HOUR):
    return tuple(Look(k / HOUR, {name: value(k / HOUR)}) for k in range(count))


def test_a_leak_is_told_by_its_slope_and_what_is_loaded_at_first_is_not():
    noise = random.Random(1)
    (leak,) = growth(looks(lambda t: 200.0 + 30.0 * t + noise.gauss(0.0, 1.0)))
    assert leak.unit == "MiB"
    assert leak.low < 30.0 < leak.high
    assert leak.low == pytest.approx(30.0, abs=3.0)
    assert (leak.first, leak.last) == (pytest.approx(207.0, abs=2.0), pytest.approx(229.0, abs=2.0))
    assert leak.too_much
    (loaded,) = growth(looks(lambda t: 100.0 if t < 0.1 else 200.0))
    assert (loaded.slope, loaded.too_much) == (0.0, False)


def test_what_scatters_is_not_said_to_grow():
    noise = random.Random(2)
    (path,) = growth(looks(lambda _: 0.7 + noise.gauss(0.0, 0.3), "path p99"))
    assert path.unit == "ms"
    assert path.low < 0.0 < path.high
    assert not path.too_much


def test_of_a_few_looks_nothing_is_said():
    assert growth(looks(lambda t: 1e3 * t, count=endurance.FEWEST)) == ()
    assert told(()) == {}


def test_a_run_whose_memory_grows_does_not_hold():
    good = Seen(armed=True, finished=True, stopped=True, given_back=True)
    assert outcome(good, None).held
    grown = Seen(
        armed=True, finished=True, stopped=True, given_back=True, looks=looks(lambda t: 60.0 * t)
    )
    assert outcome(grown, None).why == "memory of control grew by 60 MiB/h (60 to 60)"


def test_looks_find_memory_open_files_and_what_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(endurance, "PERIOD", 0.0)
    here = Looks({"here": psutil.Process(os.getpid())}, tmp_path, lambda: (0.6, 0.9))
    here.look()
    (tmp_path / "log.txt").write_bytes(bytes(3 * 2**20))
    with (tmp_path / "log.txt").open("rb"):
        here.look()
    before, after = (look.values for look in here.kept)
    assert before["memory of here"] > 10.0
    assert after["folder"] - before["folder"] == 3.0
    assert after["open files of here"] - before["open files of here"] == 1.0
    assert (after["path p50"], after["path p99"]) == (0.6, 0.9)


def test_a_process_that_ends_is_looked_at_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(endurance, "PERIOD", 0.0)
    child = psutil.Popen(["sleep", "60"])
    both = Looks({"child": child}, tmp_path, lambda: (0.6, 0.9))
    both.look()
    child.kill()
    child.wait()
    both.look()
    assert ["memory of child" in look.values for look in both.kept] == [True, False]
