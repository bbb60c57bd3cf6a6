"""The process runner, on small programs that behave and misbehave."""

from __future__ import annotations

import os
import pty
import signal
import termios
import time
from dataclasses import replace

import pytest

from wm_bringup.graph import runner as run_module
from wm_bringup.graph.keyboard import Keyboard
from wm_bringup.graph.processes import Graph, Process
from wm_bringup.graph.runner import (
    GraphFailedError,
    GraphRunner,
    ProcessStartError,
    StopSignals,
    run_graph,
)

PATIENCE = 60.0

UP = """
import os
os.write(int(os.environ["WM_READY_DESCRIPTOR"]), b"1")
"""
"""What a process of the graph does once it is up."""

PROGRAMS = {
    "good": f"""{UP}
import signal, sys, time
def stop(*_): print("stopping", flush=True); sys.exit(0)
signal.signal(signal.SIGINT, stop)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
print("ready", flush=True)
time.sleep(600)
""",
    "deaf": f"""{UP}
import signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN); signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
""",
    "talks": f"""{UP}
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
while True:
    print("x" * 1000, flush=True)
""",
    "ends": f"{UP}print('ready', flush=True)",
    "fails": f"{UP}print('ready', flush=True); raise SystemExit(3)",
    "refuses": "raise SystemExit(2)",
    "lasts": f"{UP}import time; time.sleep(1.0)",
    "crashes": "raise SystemExit(1)",
    "aborts": "import os; os.abort()",
    "leaves": "",
    "silent": "import time; time.sleep(600)",
    "odd": "raise SystemExit(255)",
}


@pytest.fixture
def programs(tmp_path, monkeypatch):
    for name, text in PROGRAMS.items():
        (tmp_path / f"program_{name}.py").write_text(text)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")


def process(kind, name=None, **more):
    return Process(name or kind, kind, f"program_{kind}", (), **more)


class Started:
    def __init__(self, *processes):
        self.said = []
        self.runner = GraphRunner(Graph(processes, "", {}), self.said.append)
        self.runner.start()

    def until_said(self, text, count=1):
        end = time.monotonic() + PATIENCE
        while sum(text in line for line in self.said) < count:
            assert time.monotonic() < end, f"{text!r} not in {self.said}"
            self.runner.poll()
            time.sleep(0.01)


@pytest.fixture
def start(programs):
    started = []

    def begin(*processes):
        started.append(Started(*processes))
        return started[-1]

    yield begin
    for one in started:
        one.runner.stop()


def test_lines_are_forwarded_with_the_name_of_their_process(start):
    graph = start(process("good", "a"), process("good", "b"))
    graph.until_said("ready", 2)
    assert {"[a] ready", "[b] ready"} <= set(graph.said)


def test_stopping_well_behaved_processes_gives_zero(start):
    graph = start(process("good"))
    graph.until_said("ready")
    assert graph.runner.stop() == 0
    assert "[good] stopping" in graph.said
    assert not graph.runner.running


def test_those_marked_last_are_stopped_after_all_others(start):
    graph = start(process("good", "recorder", last=True), process("good", "control"))
    graph.until_said("ready", 2)
    graph.runner.stop()
    assert [e.process.name for e in graph.runner.exits] == ["control", "recorder"]


def test_who_does_not_listen_is_killed_and_that_is_a_failure(start, monkeypatch):
    short = {number: 0.2 for number in run_module.PATIENCE}
    monkeypatch.setattr(run_module, "PATIENCE", {**short, signal.SIGKILL: PATIENCE})
    graph = start(process("deaf"))
    graph.until_said("ready")
    assert graph.runner.stop() == 1
    assert any("does not stop" in line for line in graph.said)
    assert graph.runner.exits[0].code == 128 + signal.SIGKILL


def test_the_end_of_a_vital_process_ends_the_graph_with_its_verdict(start):
    graph = start(process("fails", vital=True), process("good"))
    assert not graph.runner.wait(PATIENCE)
    assert graph.runner.stop() == 1


@pytest.mark.parametrize("vital", [True, False])
@pytest.mark.parametrize("kind", ["refuses", "crashes", "aborts", "leaves", "odd"])
def test_a_process_that_ends_before_it_is_up_ends_the_graph_with_two(start, kind, vital):
    graph = start(process(kind, vital=vital), process("good"))
    assert not graph.runner.wait(PATIENCE)
    assert graph.runner.stop() == 2
    assert not graph.runner.running
    assert any(f"{kind} could not start: it" in line for line in graph.said)


def test_a_graph_is_up_when_every_process_has_said_so(start):
    graph = start(process("good", "a"), process("good", "b"))
    assert not graph.runner.up
    graph.runner.wait(PATIENCE, lambda: graph.runner.up)
    assert graph.runner.up
    assert graph.runner.stop() == 0
    assert not graph.runner.up


def test_a_graph_that_is_brought_up_is_up_or_says_who_is_not(programs):
    def runner(*kinds):
        return GraphRunner(Graph(tuple(map(process, kinds)), "", {}), lambda _: None)

    for kinds, patience, said in (
        (("good", "deaf"), PATIENCE, ""),
        (("good", "refuses"), PATIENCE, "refuses could not start"),
        (("good", "silent"), 1.0, "not up within 1 s: silent"),
    ):
        graph = runner(*kinds)
        try:
            if said:
                with pytest.raises(GraphFailedError, match=said):
                    graph.bring_up(patience)
            else:
                graph.bring_up(patience)
            assert graph.up == (not said)
        finally:
            for pid in graph.running.values():
                os.kill(pid, signal.SIGKILL)
            graph.stop()


def test_the_loss_of_another_process_is_told_and_the_graph_goes_on(start):
    graph = start(process("good", vital=True), process("good", "mpc", loss="it stands"))
    graph.until_said("ready", 2)
    os.kill(graph.runner.running["mpc"], signal.SIGKILL)
    graph.until_said("wm: mpc was killed by SIGKILL: it stands")
    assert not graph.runner.over
    assert graph.runner.stop() == 1


def test_a_vital_process_that_ends_well_ends_the_graph_well(start):
    graph = start(process("ends", vital=True), process("good"))
    assert not graph.runner.wait(PATIENCE)
    assert graph.runner.stop() == 0


def test_a_signal_that_comes_while_a_process_still_starts_is_not_lost(start):
    graph = start(process("good"))
    assert graph.runner.stop() == 0
    assert "[good] stopping" in graph.said


def test_when_one_process_cannot_be_started_none_is_left(programs, monkeypatch):
    good, bad = process("good"), process("ends", "bad")
    real = run_module.command_line

    def broken(wanted, namespace):
        line = real(wanted, namespace)
        return ["/nonexistent/python", *line[1:]] if wanted is bad else line

    monkeypatch.setattr(run_module, "command_line", broken)
    runner = GraphRunner(Graph((good, bad), "", {}), lambda _: None)
    with pytest.raises(ProcessStartError, match="cannot start bad"):
        runner.start()
    assert not runner.running


def test_run_graph_returns_when_the_vital_process_ends(programs):
    said = []
    graph = Graph((replace(process("ends"), vital=True), process("good")), "", {})
    assert run_graph(graph, said.append) == 0


def test_hints_are_said_once_all_are_up(programs):
    said = []
    run_graph(Graph((process("lasts", vital=True),), "", {}), said.append, hints=["how to stop"])
    run_graph(Graph((process("refuses", vital=True),), "", {}), said.append, hints=["too early"])
    assert "how to stop" in said
    assert "too early" not in said


def test_the_space_bar_has_the_robot_stopped_and_nothing_else(programs, monkeypatch):
    heard = f"""{UP}
import signal, sys, time
signal.signal(signal.SIGUSR1, lambda *_: print("robot stopped", flush=True))
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT, signal.SIGTERM])
while True: time.sleep(0.05)
"""
    folder = os.environ["PYTHONPATH"].split(os.pathsep)[0]
    with open(f"{folder}/program_control.py", "w", encoding="utf-8") as file:
        file.write(heard)
    ours, theirs = pty.openpty()
    lines = []

    def say(line):
        lines.append(line)
        if "space bar" in line:
            os.write(ours, b"x ")
        if "robot stopped" in line:
            os.kill(os.getpid(), signal.SIGINT)

    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        before = termios.tcgetattr(terminal)
        graph = Graph((Process("control", "control", "program_control", (), vital=True),), "", {})
        assert run_graph(graph, say) == 0
        assert termios.tcgetattr(terminal) == before
    os.close(ours)
    assert "[control] robot stopped" in lines
    assert sum("told to stop" in line for line in lines) == 1


def test_without_a_terminal_there_are_no_keys(monkeypatch):
    with open(os.devnull, encoding="utf-8") as nothing, Keyboard(nothing) as keyboard:
        assert not keyboard.there
        assert not keyboard.pressed(" ")


def test_a_graph_whose_words_nobody_takes_goes_on_and_is_stopped_as_ever(programs):
    def broken(line):
        raise BrokenPipeError

    runner = GraphRunner(Graph((process("talks"), process("good")), "", {}), broken)
    runner.start()
    runner.wait(PATIENCE, lambda: runner.up)
    time.sleep(0.3)  # far more than a pipe holds
    assert runner.stop() == 0
    assert [ended.asked for ended in runner.exits] == [True, True]


def test_a_lost_terminal_is_a_wish_to_stop_unless_that_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        for handler, wish in ((signal.SIG_DFL, True), (signal.SIG_IGN, False)):
            signal.signal(signal.SIGHUP, handler)
            with StopSignals() as signals:
                os.kill(os.getpid(), signal.SIGHUP)
                assert signals.seen == wish
            assert signal.getsignal(signal.SIGHUP) == handler
    finally:
        signal.signal(signal.SIGHUP, before)
