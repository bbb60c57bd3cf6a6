"""Runs in processes, and a suite that is killed and goes on without losing anything."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from wm_bringup.judging.runner import RunnerError, in_processes

SUITE = """
name: short
seeds: {count: 6}
scenario: {duration: 0.1, noise: nominal}
limits: [{criterion: fell, at_most: 0}]
cases: [{name: stand}]
"""


def square(number):
    return number * number


def die(number):
    os._exit(number)


@pytest.mark.parametrize("jobs", [1, 2])
def test_everything_is_done_once_whatever_the_number_of_processes(jobs):
    assert sorted(in_processes(square, [3, 4, 5], jobs)) == [(0, 9), (1, 16), (2, 25)]


def test_a_process_that_dies_is_told_with_what_to_do():
    with pytest.raises(RunnerError, match="--resume"):
        list(in_processes(die, [1, 2], 2))


class Command:
    """``wm suite`` in a process of its own, and the file that it fills."""

    def __init__(self, folder, popen):
        self.folder, self._popen = folder, popen
        (folder / "short.yaml").write_text(SUITE, encoding="utf-8")
        self.episodes = folder / "out" / "episodes.jsonl"

    def start(self, *options):
        line = ["suite", str(self.folder / "short.yaml"), "--output", str(self.folder / "out")]
        return self._popen(
            [sys.executable, "-m", "wm_bringup.cli", *line, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self):
        return self.episodes.read_text().splitlines() if self.episodes.is_file() else []

    def wait_for(self, count, process):
        """Wait until so many episodes are on disk."""
        deadline = time.monotonic() + 60.0
        while len(self.lines()) < 1 + count:
            assert time.monotonic() < deadline
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)


def test_interrupted_then_killed_a_suite_goes_on_and_loses_nothing(tmp_path, environment, popen):
    command = Command(tmp_path, popen)
    first = command.start("--jobs", "1")
    command.wait_for(1, first)
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert first.returncode == 130
    kept = command.lines()
    assert 2 <= len(kept) < 7
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["rows"][0]["n"] >= 1
    assert (summary["complete"], summary["held"]) == (False, False)

    second = command.start("--jobs", "2", "--resume")
    command.wait_for(len(kept), second)
    second.send_signal(signal.SIGKILL)
    second.communicate(timeout=60)
    assert len(command.lines()) < 7

    last = command.start("--jobs", "2", "--resume")
    said, _ = last.communicate(timeout=120)
    assert last.returncode == 0
    assert "0 of 6" in said
    assert command.lines()[: len(kept)] == kept
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["complete"], summary["held"]) == (True, True)
    assert [episode["seed"] for episode in summary["episodes"]].count(0) == 1
    assert sorted(episode["seed"] for episode in summary["episodes"]) == list(range(6))
    assert (tmp_path / "out" / "suite.yaml").read_text() == SUITE
