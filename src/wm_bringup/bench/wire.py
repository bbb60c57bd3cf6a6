"""Unitree's wire over loopback, to a computer in another process, and what its frames cost.

This process is the robot: it sends states, and the other answers each with a command.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from wm_bringup.bench.measure import Measurement, Stopwatch, undisturbed
from wm_bringup.cycle.latency import Percentiles, percentiles
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import COMMAND, STATE, Frame, empty, is_sound, seal
from wm_bringup.robots.unitree.link import LOW_COMMAND, LOW_STATE, Link, LinkError, Reader, Writer
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.robot.description import load_robot
from wm_control.types import Command

PERIOD: Final = 0.002
"""Of the robot's states [s]."""

PATIENCE: Final = 0.1
"""An answer that takes longer [s] is lost."""

DISCOVERY: Final = 10.0
"""Two processes find each other within this [s]."""

_START: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Traffic:
    """What went over the wire one way, as its receiver saw it.

    rejected: the checksum was wrong. refused: the library could not read it.
    """

    received: int
    rejected: int
    refused: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """``sent`` states and what came of them; ``commands`` back.

    round_trip: seconds of each state that was answered. cpu_share: of one core, of this process and
    of the other, threads of the library included.
    """

    sent: int
    states: Traffic
    commands: Traffic
    round_trip: Percentiles
    cpu_share: tuple[float, float]

    @property
    def rejected(self) -> int:
        """Frames that came and were not accepted, both ways."""
        return sum(way.rejected + way.refused for way in (self.states, self.commands))


def measure_exchange(domain: int, count: int, period: float = 0.0) -> Exchange:
    """Send ``count`` states, one every ``period`` [s] or as fast as they are answered."""
    link = open_link(domain)
    try:
        with _echo(domain) as far:
            return _exchange(link, far, count, period)
    finally:
        link.close()


def bench_frames(robot: str, count: int) -> list[Measurement]:
    """CPU time of writing a command and of reading a state of a robot, checksums included."""
    frames = JointFrames(load_robot(robot).joint_names, load_body(robot).wiring)
    random = np.random.default_rng(0)
    joints = len(frames.slots)
    encode, decode = Stopwatch(), Stopwatch()
    state = empty(STATE)
    with undisturbed():
        for k in range(count):
            command = Command(0.0, k, *random.normal(size=(5, joints)))
            encode.call(frames.command_frame, command, 5)
            state["tick"] = k
            state["imu"]["quaternion"] = 0.0, 0.0, 0.0, 1.0
            seal(state)
            decode.call(_read, frames, state)
    return [
        Measurement(name, watch.cpu_percentiles(), watch.wall_percentiles(), None)
        for name, watch in (("wire_encode", encode), ("wire_decode", decode))
    ]


def _read(frames: JointFrames, state: Frame) -> None:
    assert is_sound(state)
    frames.observation(state, 0)


@contextmanager
def _echo(domain: int) -> Iterator[Connection]:
    """Run the computer until the block ends; the connection speaks of its life, not of frames."""
    near, far = _START.Pipe()
    process = _START.Process(target=echo, args=(domain, far), daemon=True)
    process.start()
    far.close()  # the process's own copy tells whether it lives
    try:
        yield near
    finally:
        near.close()
        process.join(timeout=5.0)
        process.kill()


def echo(domain: int, near: Connection) -> None:
    """Answer every sound state by a command with its tick, until ``near`` says or closes."""
    link = open_link(domain)
    states, commands = link.reader(LOW_STATE), link.writer(LOW_COMMAND)
    command = empty(COMMAND)
    received = rejected = 0
    cpu, wall = 0.0, 0.0
    with undisturbed():
        while not near.poll():
            states.wait(PATIENCE)
            for state in states.take():
                if not received:
                    cpu, wall = time.process_time(), time.perf_counter()
                received += 1
                if not is_sound(state):
                    rejected += 1
                    continue
                command["reserve"][0, 0] = state["tick"][0]
                command["motor"]["q"] = state["motor"]["q"]
                seal(command)
                commands.write(command)
    share = (time.process_time() - cpu) / max(time.perf_counter() - wall, 1e-9)
    near.send((Traffic(received, rejected, states.refused), share))
    link.close()


def _exchange(link: Link, far: Connection, count: int, period: float) -> Exchange:
    commands, states = link.reader(LOW_COMMAND), link.writer(LOW_STATE)
    _await_matches(commands, states)
    state = empty(STATE)
    times: list[float] = []
    received = rejected = 0
    cpu, begin = time.process_time(), time.perf_counter()
    with undisturbed():
        for k in range(count):
            state["tick"] = k
            state["motor"]["q"] = math.sin(0.001 * k)
            seal(state)
            sent = time.perf_counter()
            states.write(state)
            while time.perf_counter() - sent < PATIENCE:
                commands.wait(PATIENCE)
                taken = commands.take()
                received += len(taken)
                rejected += sum(not is_sound(one) for one in taken)
                if any(int(one["reserve"][0, 0]) == k for one in taken):
                    times.append(time.perf_counter() - sent)
                    break
            time.sleep(max(0.0, begin + period * (k + 1) - time.perf_counter()) if period else 0.0)
    share = (time.process_time() - cpu) / (time.perf_counter() - begin)
    far.send("done")
    seen, far_share = far.recv()
    here = Traffic(received, rejected, commands.refused)
    return Exchange(count, seen, here, percentiles(np.array(times)), (share, far_share))


def _await_matches(*ends: Reader[Frame] | Writer[Frame]) -> None:
    begin = time.monotonic()
    while not all(end.matched for end in ends):
        if time.monotonic() - begin > DISCOVERY:
            raise LinkError(f"the two processes have not found each other within {DISCOVERY:g} s")
        time.sleep(0.01)
