"""``wm run`` itself: started as users start it, stopped as users stop it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from threading import Timer

import pytest

PATIENCE = 90.0


class Run:
    def __init__(self, popen, *options) -> None:
        self.lines = []
        chosen = {"--scenario", "--backend"} & set(options)
        backend = () if chosen else ("--backend", "mock")
        self.process = popen(
            [sys.executable, "-m", "wm_bringup.cli", "run", *backend, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until_said(self, text):
        """Read on; a run that never says it is killed when patience ends, which ends its output."""
        impatience = Timer(PATIENCE, self.process.kill)
        impatience.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line)
                if text in line:
                    return
        finally:
            impatience.cancel()
        raise AssertionError(f"{text!r} was never said: {self.lines}")

    def end(self):
        rest, _ = self.process.communicate(timeout=PATIENCE)
        self.lines += rest.splitlines(keepends=True)
        return self.process.returncode

    def text(self):
        return "".join(self.lines)


@pytest.fixture
def start(domain, popen):
    """Start ``wm run``; its processes end with it, whatever ends it."""
    return partial(Run, popen)


def children_of(pid):
    """Process ids whose parent is ``pid``."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as stat:
                    parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                found.append(int(entry))
    return found


def real_time_process(pids):
    """The one that somebody of ``pids`` has started."""
    (found,) = [child for pid in pids for child in children_of(pid)]
    return found


def gone(pids):
    end = time.monotonic() + PATIENCE
    while any(os.path.exists(f"/proc/{pid}") for pid in pids):
        assert time.monotonic() < end, f"left behind: {pids}"
        time.sleep(0.02)
    return True


@pytest.mark.parametrize(
    "signals",
    [(signal.SIGINT,), (signal.SIGINT, signal.SIGINT), (signal.SIGTERM,)],
    ids=["one SIGINT", "two SIGINTs", "SIGTERM"],
)
def test_signals_stop_the_graph_with_damping_nothing_left_and_exit_code_zero(start, signals):
    run = start()
    run.until_said("500 Hz")
    children = children_of(run.process.pid)
    assert len(children) == 2
    children.append(real_time_process(children))
    for number in signals:
        run.process.send_signal(number)
    assert run.end() == 0, run.text()
    assert "DAMPING: the operator stopped the robot" in run.text()
    assert gone(children)


def test_when_the_runner_itself_is_killed_the_robot_is_stopped_all_the_same(start):
    run = start()
    run.until_said("500 Hz")
    children = children_of(run.process.pid)
    children.append(real_time_process(children))
    run.process.kill()
    run.end()
    assert gone(children)


def test_when_the_real_time_process_is_killed_the_run_ends_and_says_why(start):
    run = start()
    run.until_said("500 Hz")
    os.kill(real_time_process(children_of(run.process.pid)), signal.SIGKILL)
    assert run.end() == 1
    assert "the real-time process ended by signal 9" in run.text()


def test_when_its_ros_side_is_killed_the_real_time_process_ends_by_itself(start):
    run = start()
    run.until_said("500 Hz")
    loop = real_time_process(children_of(run.process.pid))
    with open(f"/proc/{loop}/stat") as stat:
        control = int(stat.read().rsplit(")", 1)[1].split()[1])
    os.kill(control, signal.SIGKILL)
    assert gone([loop])
    assert run.end() == 1
    assert "control was killed by SIGKILL" in run.text()


def test_an_impossible_option_is_one_line_and_exit_code_two(start):
    run = start("--robot", "no_such_robot")
    assert run.end() == 2
    assert "no_such_robot" in run.text()


def test_an_unknown_backend_is_refused_by_name(start):
    run = start("--backend", "anvil")
    assert run.end() == 2
    assert "anvil" in run.text()


@pytest.mark.parametrize(
    ("setting", "said"),
    [("arbiter.max_tilt:=1.0", "max_tilt"), ("arbiter.tilt:=99.0", "less than or equal to 3.1")],
    ids=["unknown name", "out of bounds"],
)
def test_a_parameter_that_is_unknown_or_out_of_bounds_stops_start_up_by_name(domain, setting, said):
    done = subprocess.run(
        [sys.executable, "-m", "wm_bringup.nodes.arbiter", "--ros-args", "-p", setting],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert said in done.stderr


def test_a_fall_is_exit_code_one_and_said(start, tmp_path):
    scenario = tmp_path / "hard.yaml"
    scenario.write_text("pushes: [{impulse: [150, 0, 0], at: 1.0}]")
    run = start("--scenario", str(scenario))
    run.until_said("FALL_POSTURE: base ")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 1
    assert "control: the robot fell: FALL_POSTURE: base " in run.text()


def test_people_are_told_how_to_drive_and_to_stop_and_a_robot_so_stopped_has_not_fallen(start):
    run = start("--scenario", "default")
    run.until_said("wm: up; Ctrl-C here damps the robot and stops everything")
    run.until_said("wm: drive it: geometry_msgs/Twist or TwistStamped on /cmd_vel")
    run.until_said("wm: stop it: call /arbiter/stop")
    run.process.send_signal(signal.SIGINT)
    assert run.end() == 0, run.text()


def test_a_policy_that_must_not_start_ends_all_with_two_and_leaves_nothing(start, tmp_path):
    (tmp_path / "none.onnx").write_text("these are no weights")
    run = start("--policy", str(tmp_path / "none.onnx"))
    run.until_said("none.onnx")
    children = children_of(run.process.pid)
    assert run.end() == 2, run.text()
    assert "policy could not start: it ended with exit code 2" in run.text()
    assert gone(children)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--policy", "gone.onnx"), "'gone.onnx' - no such file or folder"),
        (("--record", "/dev/null/bag"), "/dev/null is a file, not a folder"),
        (("--namespace", "r1", "--namespace", "r2"), "more than once"),
    ],
)
def test_what_cannot_come_up_is_refused_on_one_line_before_anything_starts(options, said, start):
    run = start(*options)
    assert run.end() == 2
    assert said in run.text()
    assert "[control]" not in run.text()
