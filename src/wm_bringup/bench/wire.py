"""Unitree's wire over loopback, to a computer in another process.

This process is the robot: it sends states, and the other answers each with a command.
"""

from __future__ import annotations

import math
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from typing import Final

import numpy as np

from wm_bringup.bench.measure import undisturbed
from wm_bringup.cycle.latency import Percentiles, percentiles
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import COMMAND, STATE, Frame, empty, is_sound, seal
from wm_bringup.robots.unitree.link import LOW_COMMAND, LOW_STATE, LinkError, Reader, Writer

PERIOD: Final = 0.002
"""Of the robot's states [s]."""

PATIENCE: Final = 0.1
"""An answer that takes longer [s] is lost."""

DISCOVERY: Final = 10.0
"""Two processes find each other within this [s]."""

START_UP: Final = 60.0
"""A process has imported what it needs within this [s]."""

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


@contextmanager
def wire(domain: int) -> Iterator[Callable[[int, float], Exchange]]:
    """Yield what sends so many states, one every period [s] or, at 0, as fast as answers come."""
    link = open_link(domain)
    try:
        commands, states = link.reader(LOW_COMMAND), link.writer(LOW_STATE)
        with _echo(domain) as far:
            _await_matches(commands, states)
            yield partial(_exchange, commands, states, far)
    finally:
        link.close()


@contextmanager
def _echo(domain: int) -> Iterator[Connection]:
    """Run the computer until the block ends; the connection speaks of its life, not of frames."""
    near, far = _START.Pipe()
    process = _START.Process(target=echo, args=(domain, far), daemon=True)
    process.start()
    far.close()  # the process's own copy tells whether it lives
    try:
        if not near.poll(START_UP):
            raise LinkError(f"the other process has not come up within {START_UP:g} s")
        near.recv()
        yield near
    finally:
        near.close()
        process.join(timeout=5.0)
        process.kill()


def echo(domain: int, near: Connection) -> None:
    """Answer every sound state by a command with its tick, until ``near`` closes.

    Whatever is said there asks for what came since the last time, and for this process's CPU time.
    """
    link = open_link(domain)
    states, commands = link.reader(LOW_STATE), link.writer(LOW_COMMAND)
    near.send("up")
    command = empty(COMMAND)
    received = rejected = refused = 0
    with undisturbed(), suppress(EOFError):
        while True:
            if near.poll():
                near.recv()
                seen = Traffic(received, rejected, states.refused - refused)
                near.send((seen, time.process_time()))
                received, rejected, refused = 0, 0, states.refused
            states.wait(PATIENCE)
            for state in states.take():
                received += 1
                if not is_sound(state):
                    rejected += 1
                    continue
                command["reserve"][0, 0] = state["tick"][0]
                command["motor"]["q"] = state["motor"]["q"]
                seal(command)
                commands.write(command)
    link.close()


def _exchange(
    commands: Reader[Frame], states: Writer[Frame], far: Connection, count: int, period: float
) -> Exchange:
    refused = commands.refused
    _, far_cpu = _seen(far)
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
            if period:
                time.sleep(max(0.0, begin + period * (k + 1) - time.perf_counter()))
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    seen, far_end = _seen(far)
    here = Traffic(received, rejected, commands.refused - refused)
    shares = cpu / wall, (far_end - far_cpu) / wall
    return Exchange(count, seen, here, percentiles(np.array(times)), shares)


def _seen(far: Connection) -> tuple[Traffic, float]:
    far.send("what came")
    answer: tuple[Traffic, float] = far.recv()
    return answer


def _await_matches(*ends: Reader[Frame] | Writer[Frame]) -> None:
    begin = time.monotonic()
    while not all(end.matched for end in ends):
        if time.monotonic() - begin > DISCOVERY:
            raise LinkError(f"the two processes have not found each other within {DISCOVERY:g} s")
        time.sleep(0.01)
