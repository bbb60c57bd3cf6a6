"""Who keeps to which core."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from wm_bringup.graph.processes import describe, graph_arguments
from wm_bringup.host import cores
from wm_bringup.host.cores import Cores, divided, told
from wm_control.errors import ParameterError


@pytest.fixture
def may(monkeypatch):
    def allow(fifo: bool) -> None:
        monkeypatch.setattr(cores, "may_use_fifo", lambda: fifo)

    return allow


def test_the_last_core_is_the_loops_where_it_may_be_first_on_it(may):
    may(True)
    assert divided(available=[0, 1, 5]) == Cores(5, (0, 1))
    assert divided(available=[3]) is None
    may(False)
    assert divided(available=[0, 1, 5]) is None


def test_who_names_a_core_gets_it_and_none_is_nobody(may):
    may(False)
    assert divided("0", [0, 1]) == Cores(0, (1,))
    assert divided("none", [0, 1]) is None


@pytest.mark.parametrize("asked", ["4096", "-1", "first", "1.0", ""])
def test_a_core_that_cannot_be_is_refused(asked):
    with pytest.raises(ParameterError, match="loop_core"):
        divided(asked, [0, 1])


def test_the_only_core_is_not_taken_from_everybody():
    with pytest.raises(ParameterError, match="for anybody else"):
        divided("0", [0])


def test_processes_are_told_in_their_environment(may):
    may(True)
    shared = Cores(3, (0, 1, 2))
    assert told(shared.environment) == shared
    assert told({}) is None
    graph = describe(graph_arguments({"loop_core": "none"}))
    assert told(graph.environment) is None


@pytest.mark.parametrize("way", ["take", "leave", "share"])
def test_a_process_keeps_to_what_it_is_told(way):
    available = sorted(os.sched_getaffinity(0))
    first, last = available[0], available[-1]
    code = (
        "import os; from wm_bringup.host import cores; "
        f"cores.{way}(cores.told()); print(sorted(os.sched_getaffinity(0)))"
    )
    environment = {**os.environ, **Cores(last, (first,)).environment}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    expected = {"take": [last], "leave": [first], "share": sorted({first, last})}
    assert ran.stdout.strip() == str(expected[way])
