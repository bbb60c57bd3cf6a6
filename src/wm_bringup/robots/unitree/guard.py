"""A second pair of eyes on the wire: damps the robot when the control loop does not.

A process of its own, in a session of its own (who kills the loop's whole group does not kill it),
with a writer of its own. The loop notes every command that it sends in memory that both share; when
it has sent none for too long although the robot is its, or has ended, this one sends damping. What
it has begun it goes on with until the loop says that it has noticed, or that the robot is not its
any more.
"""

from __future__ import annotations

import argparse
import mmap
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from wm_bringup.host import clock, cores, realtime
from wm_bringup.robots.network import Network
from wm_bringup.robots.unitree.absence import Absence
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import COMMAND, Frame
from wm_bringup.robots.unitree.link import LOW_COMMAND, Writer
from wm_control.errors import WmError

SILENCE = 0.030
"""Without a command for longer, the robot is damped [s]: damping is on the wire within 40 ms."""

WATCH_EVERY = 0.002
DAMP_EVERY = 0.002

AFTERMATH = 5.0
"""How long the robot is damped after the loop has ended [s]."""

LOOK_EVERY = 0.020
"""How often the loop looks whether the guard is there: within ``SILENCE`` [s]."""

START_PATIENCE = 10.0
GUARD_PRIORITY = realtime.CONTROL_PRIORITY + 5

_CELLS = np.dtype([("sent", "<i8"), ("engaged", "<i8"), ("tripped", "<i8")])
_SIZE = _CELLS.itemsize + COMMAND.itemsize
_UP = b"u"


class GuardError(WmError):
    """The guard cannot be started; the robot must not be driven without it."""


@dataclass(slots=True)
class Watching:
    """Decides, pure. tripped: damping is sent."""

    silence: float = SILENCE
    tripped: bool = False

    def update(self, *, engaged: bool, age: float, alive: bool, noticed: bool) -> bool:
        """Tell whether damping is to be sent now.

        engaged: the loop has the robot. age: of its last command, without our own absence [s].
        alive: it has not ended. noticed: it has seen that the guard had tripped, and begins anew.
        """
        if noticed or not engaged:
            self.tripped = False
        if engaged and (not alive or not age <= self.silence):
            self.tripped = True
        return self.tripped


class _Shared:
    """The memory that loop and guard share; every cell has one writer but ``tripped``."""

    def __init__(self, descriptor: int) -> None:
        self.memory = mmap.mmap(descriptor, _SIZE)
        self.cells = np.frombuffer(self.memory, _CELLS, 1)
        self.damping = np.frombuffer(self.memory, COMMAND, 1, _CELLS.itemsize)


class Guard:
    """The loop's end of it: note what is sent, ask whether it may be."""

    def __init__(
        self,
        damping: Callable[[int], Frame],
        network: Network,
    ) -> None:
        """Start the process and wait until it watches; GuardError when it does not come up.

        damping: makes the frame that it sends, for a robot's ``mode_machine``. network: of the
        robot.
        """
        self._damping = damping
        descriptor = os.memfd_create("guard")
        os.ftruncate(descriptor, _SIZE)
        self._shared = _Shared(descriptor)
        self._end, theirs = socket.socketpair()
        handed = [descriptor, theirs.fileno()]
        where = [network.interface, str(network.domain)]
        command = [sys.executable, "-m", __name__, *map(str, handed), *where]
        try:
            self._process = subprocess.Popen(command, pass_fds=handed, start_new_session=True)
        except OSError as error:
            raise GuardError(f"the guard of the wire cannot be started: {error}") from error
        finally:
            theirs.close()
            os.close(descriptor)
        self._alive, self._look_next = True, 0.0
        self._end.settimeout(START_PATIENCE)
        with suppress(OSError):
            if self._end.recv(1) == _UP:
                return
        self.close()
        raise GuardError("the guard of the wire did not come up; what it said is above")

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def tripped(self) -> bool:
        """Whether it damps the robot."""
        return bool(self._shared.cells["tripped"][0])

    @property
    def alive(self) -> bool:
        """Whether its process was there when last looked, ``LOOK_EVERY``."""
        now = clock.monotonic()
        if now >= self._look_next:
            self._look_next = now + LOOK_EVERY
            self._alive = self._process.poll() is None
        return self._alive

    def engage(self, machine: int) -> None:
        """Let it watch from now on: the loop has the robot, and has noticed what was before."""
        self._shared.damping[:] = self._damping(machine)
        self.note()
        self._shared.cells["tripped"] = 0
        self._shared.cells["engaged"] = 1

    def note(self) -> None:
        """Note that a command has been sent."""
        self._shared.cells["sent"] = clock.monotonic_ns()

    def release(self) -> None:
        """Let it look away: the robot is not the loop's any more."""
        self._shared.cells["engaged"] = 0

    def close(self) -> None:
        """End it; what is engaged is damped for a while first."""
        self._end.close()
        if not self._shared.cells["engaged"][0]:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(START_PATIENCE)


def watch(shared: _Shared, end: socket.socket, writer: Writer[Frame]) -> None:
    """Watch until the loop has ended, and the robot is damped for ``AFTERMATH`` if it was its."""
    watching, absence, last = Watching(), Absence(), 0
    alive, until = True, float("inf")
    cells = shared.cells
    while (now := clock.monotonic()) < until:
        engaged = bool(cells["engaged"][0])  # before ``sent``, which is written before it
        if (sent := int(cells["sent"][0])) != last:
            absence.end()
        absence.look(now)
        last, age = sent, 1e-9 * (clock.monotonic_ns() - sent) - absence.excused
        noticed = watching.tripped and not cells["tripped"][0]
        if watching.update(engaged=engaged, age=age, alive=alive, noticed=noticed):
            cells["tripped"] = 1
            writer.write(shared.damping)
        pause = DAMP_EVERY if watching.tripped else WATCH_EVERY
        if not alive:
            clock.sleep(pause)
        elif select.select([end], [], [], clock.real(pause))[0]:
            alive = False
            until = clock.monotonic() + (AFTERMATH if cells["engaged"][0] else 0.0)


def main(arguments: list[str] | None = None) -> int:
    """Be the guard. Signals that end a terminal's processes do not end it; the loop's end does."""
    parser = argparse.ArgumentParser(prog="guard", description=__doc__)
    parser.add_argument("memory", type=int)
    parser.add_argument("end", type=int)
    parser.add_argument("interface")
    parser.add_argument("domain", type=int)
    parsed = parser.parse_args(arguments)
    cores.leave(cores.told())
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    with socket.socket(fileno=parsed.end) as end:
        try:
            with realtime.raised(GUARD_PRIORITY):
                link = open_link(parsed.domain, parsed.interface)
        except WmError as error:
            print(f"guard: {error}", file=sys.stderr, flush=True)
            return 2
        writer = link.writer(LOW_COMMAND)
        realtime.prepare_process()
        realtime.raise_thread(GUARD_PRIORITY)
        end.send(_UP)
        watch(_Shared(parsed.memory), end, writer)
        link.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
