"""``wm teleop`` on a terminal of its own, heard over DDS."""

from __future__ import annotations

import os
import pty
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress

import pytest
import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from std_srvs.srv import Trigger

PATIENCE = 60.0


class Graph:
    """Where a robot would be: hears velocities, and offers the arbiter's services."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("arbiter", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.heard: list[tuple[float, tuple[float, float, float]]] = []
        self.called: list[str] = []
        for name in ("arm", "stop", "prefer_policy"):
            self.node.create_service(Trigger, f"arbiter/{name}", self._answer(name))

    def _answer(self, name):
        def on_call(_, response):
            self.called.append(name)
            response.success, response.message = name != "arm", "because"
            return response

        return on_call

    def listen(self, kind=Twist):
        def take(message):
            twist = message.twist if kind is TwistStamped else message
            now = (twist.linear.x, twist.linear.y, twist.angular.z)
            self.heard.append((time.monotonic(), now))

        self.node.create_subscription(kind, "cmd_vel", take, 10)
        return self

    def until(self, what, condition):
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"waited in vain for {what}; heard {self.heard[-3:]}"
            self.executor.spin_once(timeout_sec=0.05)

    def until_heard(self, *velocity):
        self.until(
            velocity, lambda: self.heard and self.heard[-1][1] == pytest.approx(velocity, abs=1e-6)
        )

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.05)

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def graph(domain):
    made = Graph()
    yield made
    made.close()


class Terminal:
    """A terminal in which ``wm teleop`` runs."""

    def __init__(self, popen, *options) -> None:
        self.master, slave = pty.openpty()
        self.process = popen(
            [sys.executable, "-m", "wm_bringup.cli", "teleop", *options],
            stdin=slave,
            stdout=slave,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(slave)
        os.set_blocking(self.master, False)
        self.text = ""

    def type(self, keys: bytes) -> None:
        os.write(self.master, keys)

    def read(self) -> str:
        with suppress(OSError):
            self.text += os.read(self.master, 65536).decode(errors="replace")
        return self.text

    def close(self) -> None:
        os.close(self.master)


@pytest.fixture
def terminal(popen, domain):
    opened = []

    def start(*options):
        opened.append(Terminal(popen, *options))
        return opened[-1]

    yield start
    for one in opened:
        one.process.kill()


def test_keys_drive_and_call_and_leaving_asks_the_robot_to_stand(graph, terminal):
    graph.listen()
    shell = terminal("--gamepad", "none")
    graph.until_heard(0.0, 0.0, 0.0)
    shell.type(b"ww\x1b[D")
    graph.until_heard(0.2, 0.0, 0.1)
    shell.type(b"q")
    graph.until_heard(0.2, 0.05, 0.1)
    assert "x +0.20 m/s  y +0.05 m/s  yaw +0.10 rad/s" in shell.read()
    shell.type(b"g2")
    graph.until("services", lambda: graph.called == ["arm", "prefer_policy"])
    graph.until("answers", lambda: "arbiter/prefer_policy: done: because" in shell.read())
    assert "arbiter/arm: refused: because" in shell.text
    shell.type(b"c")
    graph.until("a word about clear", lambda: "arbiter/clear: not there" in shell.read())
    count = len(graph.heard)
    graph.spin(2.0)
    assert 20 <= len(graph.heard) - count <= 45  # 20 a second, on a machine that may be busy
    shell.process.send_signal(signal.SIGINT)
    graph.until_heard(0.0, 0.0, 0.0)
    graph.until("the end", lambda: shell.process.poll() is not None)
    graph.spin(0.5)
    assert shell.process.returncode == 0
    assert [velocity for _, velocity in graph.heard[-3:]] == [(0.0, 0.0, 0.0)] * 3
    assert "nothing more is sent" in shell.read()


def test_a_terminal_that_is_closed_stops_the_robot(graph, terminal):
    graph.listen()
    shell = terminal("--gamepad", "none")
    graph.until_heard(0.0, 0.0, 0.0)
    shell.type(b"w")
    graph.until_heard(0.1, 0.0, 0.0)
    shell.close()
    graph.until("the end", lambda: shell.process.poll() is not None)
    graph.spin(0.5)
    assert graph.heard[-1][1] == (0.0, 0.0, 0.0)


def test_a_gamepad_drives_without_a_terminal_and_stamped_and_gone_it_drives_no_more(
    graph, popen, tmp_path
):
    graph.listen(TwistStamped)
    fifo = tmp_path / "js0"
    os.mkfifo(fifo)
    writer = os.open(fifo, os.O_RDWR)  # there is a writer whoever reads
    options = ["--stamped", "--gamepad", str(fifo), "--share", "0.5"]
    process = popen(
        [sys.executable, "-m", "wm_bringup.cli", "teleop", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    graph.until_heard(0.0, 0.0, 0.0)
    os.write(writer, struct.pack("<IhBB", 1, -32767, 2, 1))
    graph.until_heard(0.55, 0.0, 0.0)
    os.write(writer, struct.pack("<IhBB", 1, 1, 1, 1))
    graph.until("a stop", lambda: graph.called == ["stop"])
    graph.until_heard(0.55, 0.0, 0.0)  # the stick is held still
    os.close(writer)
    graph.until_heard(0.0, 0.0, 0.0)
    graph.spin(0.5)
    assert graph.heard[-1][1] == (0.0, 0.0, 0.0)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert "is gone: the robot is asked to stand" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "needs a terminal"),
        (("--gamepad", "/dev/input/js99"), "no gamepad that can be opened"),
        (("--namespace", "r-1"), "must be letters, digits and underscores"),
    ],
)
def test_where_nobody_could_drive_or_be_driven_it_is_refused_with_2(options, words, domain):
    done = subprocess.run(
        [sys.executable, "-m", "wm_bringup.cli", "teleop", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 2
    assert words in done.stderr
