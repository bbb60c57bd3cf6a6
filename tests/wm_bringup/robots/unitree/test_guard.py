"""The second pair of eyes: what it decides, and what it does when the loop is killed."""

import os
import signal
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from wm_bringup.host import clock
from wm_bringup.robots.network import Network
from wm_bringup.robots.unitree.absence import Absence
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.guard import (
    LOOK_EVERY,
    SILENCE,
    Guard,
    GuardError,
    Watching,
    watch,
)
from wm_bringup.robots.unitree.link import LOW_COMMAND

DOMAIN = 90 + os.getpid() % 40


def steps(*samples):
    """Whether it damps, for (engaged, age, alive, noticed) one after the other."""
    watching = Watching()
    return [
        watching.update(engaged=engaged, age=age, alive=alive, noticed=noticed)
        for engaged, age, alive, noticed in samples
    ]


def test_a_loop_that_sends_in_time_is_left_alone():
    assert steps((True, 0.002, True, False), (True, SILENCE, True, False)) == [False, False]


def test_a_loop_that_has_not_the_robot_may_be_silent_and_may_end():
    assert steps((False, 9.0, True, False), (False, 9.0, False, False)) == [False, False]


@pytest.mark.parametrize("age", [0.031, float("nan"), float("inf")])
def test_silence_is_answered_until_the_loop_has_noticed(age):
    samples = [(True, age, True, False), (True, 0.002, True, False), (True, 0.002, True, True)]
    assert steps(*samples) == [True, True, False]


def test_a_robot_that_was_given_back_is_damped_no_more():
    samples = [(True, 0.031, True, False), (False, 9.0, True, False), (False, 9.0, False, False)]
    assert steps(*samples) == [True, False, False]


def test_a_robot_that_is_taken_again_after_that_is_watched_as_ever():
    samples = [(True, 0.031, True, False), (False, 9.0, True, False), (True, 0.0, True, False)]
    assert steps(*samples, (True, 0.031, True, False)) == [True, False, False, True]


def test_the_end_of_the_loop_is_answered_at_once():
    assert steps((True, 0.002, False, False)) == [True]


def silences(*looks):
    """Whether it damps, for (fresh, age) one after the other; looks are as late as ages tell."""
    watching, absence, told = Watching(), Absence(), []
    for now, (fresh, age) in looks:
        if fresh:
            absence.end()
        absence.look(now)
        sample = {"engaged": True, "alive": True, "noticed": False}
        told.append(watching.update(age=age - absence.excused, **sample))
    return told


def test_where_the_whole_computer_stood_still_the_loop_gets_as_long_again():
    before, still = (1.0, (True, 0.002)), (1.04, (False, 0.0415))
    assert silences(before, still, (1.042, (True, 0.001))) == [False] * 3
    silent = [(1.04 + 0.002 * k, (False, 0.0415 + 0.002 * k)) for k in range(1, 11)]
    assert silences(before, still, *silent) == [False] * 11 + [True]


def test_a_long_absence_excuses_no_more_than_a_short_one():
    assert silences((1.0, (True, 0.002)), (1.098, (False, 0.1))) == [False, True]


def test_a_guard_that_is_late_now_and_then_is_as_strict_as_ever():
    often = [(1.0 + 0.006 * k, (True, 0.004)) for k in range(50)]
    silent = [(often[-1][0] + 0.002 * k, (False, 0.004 + 0.002 * k)) for k in range(1, 16)]
    assert silences(*often, *silent)[-2:] == [False, True]


class LookedTwiceError(Exception):
    pass


class Takeover(dict):
    """Cells in which the loop takes the robot just after the guard has read ``sent``."""

    def __init__(self):
        super().__init__(sent=[0], engaged=[0], tripped=[0])

    def __getitem__(self, name):
        value = super().__getitem__(name)
        if name == "sent":
            if value[0]:
                raise LookedTwiceError
            self.update(sent=[clock.monotonic_ns()], engaged=[1])
        return value


def test_a_robot_that_is_taken_between_two_readings_is_not_damped():
    written = []
    shared, writer = SimpleNamespace(cells=Takeover(), damping=1), SimpleNamespace()
    writer.write = written.append
    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(LookedTwiceError):
        watch(shared, theirs, writer)
    assert written == []


STAND_IN = """#!{python}
import socket, sys
with socket.socket(fileno=int(sys.argv[4])) as end:
    end.send(b"u")
    end.recv(1)
"""


@pytest.fixture
def guard(tmp_path, monkeypatch):
    """A guard whose process only comes up, and ends with the loop."""
    stand_in = tmp_path / "guard"
    stand_in.write_text(STAND_IN.format(python=sys.executable))
    stand_in.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stand_in))
    guard = Guard(damping_frame, Network("lo", DOMAIN))
    yield guard
    guard.close()


def test_who_kills_the_group_of_the_loop_does_not_kill_the_guard(guard):
    assert os.getpgid(guard.pid) != os.getpgid(0)


def test_a_guard_that_has_ended_is_noticed_within_the_time_that_a_loop_may_be_silent(guard):
    assert guard.alive
    os.kill(guard.pid, signal.SIGKILL)
    os.waitid(os.P_PID, guard.pid, os.WEXITED | os.WNOWAIT)
    ended = time.monotonic()
    while guard.alive:
        assert time.monotonic() - ended < 1.0  # LOOK_EVERY, on a busy machine
    assert LOOK_EVERY < SILENCE


LOOP = """
import sys, time
from test_guard import held
guard = held(int(sys.argv[1]))
print("up", flush=True)
while True:
    guard.note()
    time.sleep(0.002)
"""


def damping_frame(machine):
    from wm_bringup.robots.unitree.frames import COMMAND, empty, seal

    frame = empty(COMMAND)
    frame["mode_machine"] = machine
    frame["motor"]["mode"], frame["motor"]["kd"] = 1, 2.5
    seal(frame)
    return frame


def held(domain):
    """A guard that watches."""
    guard = Guard(damping_frame, Network("lo", domain))
    guard.engage(5)
    return guard


@pytest.fixture
def loop():
    """A process that sends, in a domain of its own, and what is heard there of it."""
    link = open_link(DOMAIN, "lo")
    reader = link.reader(LOW_COMMAND)
    process = subprocess.Popen(
        [sys.executable, "-c", LOOP, str(DOMAIN)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.path.dirname(__file__)])},
        stdout=subprocess.PIPE,
    )
    assert process.stdout.readline() == b"up\n"
    end = time.monotonic() + 10.0
    while not reader.matched and time.monotonic() < end:
        time.sleep(0.01)
    yield process, reader
    process.kill()
    process.wait()
    process.stdout.close()
    link.close()


@pytest.mark.live
def test_a_loop_that_is_killed_leaves_a_robot_that_is_damped(loop):
    process, reader = loop
    assert not reader.wait(0.1)
    os.kill(process.pid, signal.SIGKILL)
    began = time.monotonic()
    assert reader.wait(2.0)
    assert time.monotonic() - began < 1.0
    (frame,) = reader.take()
    assert frame["mode_machine"] == 5
    np.testing.assert_allclose(frame["motor"]["kd"], 2.5)
    assert not frame["motor"]["kp"].any()


@pytest.mark.live
def test_a_loop_that_stands_still_is_damped_and_goes_on_being_so(loop):
    process, reader = loop
    os.kill(process.pid, signal.SIGSTOP)
    assert reader.wait(2.0)
    os.kill(process.pid, signal.SIGCONT)
    reader.take()
    time.sleep(0.1)
    assert reader.take()


@pytest.mark.live
def test_a_guard_that_cannot_join_the_network_is_no_guard():
    with pytest.raises(GuardError, match="did not come up"):
        Guard(damping_frame, Network("nowhere", DOMAIN))
