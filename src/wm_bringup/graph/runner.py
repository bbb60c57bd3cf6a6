"""Run a graph: start its processes, forward what they say, notice who ends, stop them in order.

What ``ros2 launch`` does, for machines without ros2cli and for tools that need to know how a run
went. All processes come up or none stays: one that ends before it has reported to be up ends all.
Control is stopped before the recorder, so that the bag holds the damping at the end.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from wm_bringup.graph.keyboard import STOP_KEY, Keyboard
from wm_bringup.graph.processes import STOP_SIGNAL, Graph, Process, command_line
from wm_bringup.graph.ready import READY_DESCRIPTOR
from wm_bringup.host import clock
from wm_control.errors import WmError

POLL_PERIOD = 0.05
PATIENCE = {signal.SIGINT: 8.0, signal.SIGTERM: 3.0, signal.SIGKILL: 3.0}
"""What a process is stopped with, in this order, and how long it may take [s]."""

FOREVER = float("inf")

STOP_HINT = "wm: the space bar stops the robot"

COULD_NOT_START = 2
_PR_SET_PDEATHSIG = 1


class ProcessStartError(WmError):
    """A process of the graph cannot be started."""


class GraphFailedError(WmError):
    """A process that the others need has failed, or is not up in time."""


@dataclass(frozen=True, slots=True)
class Exit:
    """A process that has ended: code as the shell would say it, and whether it was asked to.

    was_up: it had reported that it is up.
    """

    process: Process
    code: int
    asked: bool
    was_up: bool = True

    @property
    def never_began(self) -> bool:
        """Whether it ended by itself before it was up."""
        return not (self.was_up or self.asked)

    @property
    def failed(self) -> bool:
        """Whether it ended in a way nobody wanted."""
        return self.code != 0 or self.never_began

    def __str__(self) -> str:
        """For people."""
        if self.code - 128 in set(signal.Signals):
            how = f"was killed by {signal.Signals(self.code - 128).name}"
        else:
            how = f"ended with exit code {self.code}"
        if self.never_began:
            return f"{self.process.name} could not start: it {how}"
        consequence = f": {self.process.loss}" if self.process.loss and not self.asked else ""
        return f"{self.process.name} {how}{consequence}"


class Child:
    """One running process, whose lines go to ``say`` with its name before them."""

    def __init__(self, process: Process, graph: Graph, say: Callable[[str], None]) -> None:
        """Start it; ProcessStartError when the system refuses."""
        self.process = process
        self.asked = False
        self.up = False
        self._say = say
        self._ready, told = os.pipe()
        os.set_blocking(self._ready, False)
        try:
            self._popen = subprocess.Popen(
                command_line(process, graph.namespace),
                env={
                    **os.environ,
                    **graph.environment,
                    "PYTHONUNBUFFERED": "1",
                    READY_DESCRIPTOR: str(told),
                },
                pass_fds=(told,),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=_prepare,
            )
        except OSError as error:
            os.close(self._ready)
            raise ProcessStartError(f"cannot start {process.name}: {error}") from error
        finally:
            os.close(told)
        assert self._popen.stdout is not None
        self._reader = threading.Thread(
            target=self._forward, args=(self._popen.stdout,), daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._popen.pid

    def _forward(self, lines: IO[str]) -> None:
        for line in lines:
            self._say(f"[{self.process.name}] {line.rstrip()}")

    def poll(self) -> Exit | None:
        """Its end, when it has ended."""
        code = self._popen.poll()
        self._listen()
        if code is None:
            return None
        os.close(self._ready)
        self._reader.join(timeout=1.0)
        return Exit(self.process, code if code >= 0 else 128 - code, self.asked, self.up)

    def _listen(self) -> None:
        """Take note when it reports that it is up."""
        with suppress(BlockingIOError):
            self.up = self.up or bool(os.read(self._ready, 1))

    def send(self, number: signal.Signals) -> None:
        """Send it a signal and, for SIGKILL, whatever it has started itself."""
        self.asked = True
        try:
            if number == signal.SIGKILL:
                os.killpg(self.pid, number)
            else:
                self._popen.send_signal(number)
        except ProcessLookupError:
            return


def _prepare() -> None:
    """In the child: be terminated when the runner dies without stopping us.

    Signals are held back until the child says that it can take them (nodes.support.process.Stop).
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))


def print_line(line: str) -> None:
    """Write one line at once, whole."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _in_any_case(say: Callable[[str], None]) -> Callable[[str], None]:
    """Say what can be said: nobody who watches a robot stops over a line that nobody reads."""

    def tell(line: str) -> None:
        with suppress(OSError, ValueError):  # a full disk, a closed terminal, a reader that left
            say(line)

    return tell


class GraphRunner:
    """The processes of one graph. One thread makes all calls.

    ``exits`` holds everyone that has ended, in order.
    """

    def __init__(self, graph: Graph, say: Callable[[str], None] = print_line) -> None:
        """Nothing starts before ``start``."""
        self.graph = graph
        self.exits: list[Exit] = []
        self.say = _in_any_case(say)
        self._children: dict[str, Child] = {}

    def start(self) -> None:
        """Start all processes; when one cannot be started, none is left running."""
        try:
            for process in self.graph.processes:
                self._children[process.name] = Child(process, self.graph, self.say)
        except ProcessStartError:
            self.stop()
            raise

    def bring_up(self, patience: float) -> None:
        """Start all processes and wait until they are up.

        GraphFailedError when one ends before, or is not up within ``patience`` [s]; stop then.
        """
        self.start()
        self.wait(patience, lambda: self.up)
        if not self.up:
            late = ", ".join(name for name, child in self._children.items() if not child.up)
            said = "; ".join(str(ended) for ended in self.exits)
            raise GraphFailedError(said or f"not up within {patience:g} s: {late}")

    @property
    def running(self) -> dict[str, int]:
        """Process id of everyone that has not ended, by name."""
        return {name: child.pid for name, child in self._children.items()}

    def poll(self) -> list[Exit]:
        """Take note of who has ended since the last call, and say so."""
        found = []
        for name, child in list(self._children.items()):
            ended = child.poll()
            if ended is not None:
                del self._children[name]
                found.append(ended)
                if ended.failed or not ended.asked:
                    self.say(f"wm: {ended}")
        self.exits += found
        return found

    def stop_robot(self) -> None:
        """Have the robot damped; everything goes on."""
        for name, child in self._children.items():
            if child.process.vital:
                os.kill(child.pid, STOP_SIGNAL)
                self.say(f"wm: {name} is told to stop the robot")

    @property
    def over(self) -> bool:
        """Whether nothing is left to wait for.

        A vital process has ended, or one before it was up, or all have.
        """
        ending = (ended.process.vital or ended.never_began for ended in self.exits)
        return not self._children or any(ending)

    @property
    def up(self) -> bool:
        """Whether all processes have come up, and none has ended."""
        return not self.exits and all(child.up for child in self._children.values())

    def wait(self, seconds: float, stopped: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the graph is over, ``stopped()`` or the time is up; True while it lives."""
        end = clock.monotonic() + seconds
        while not self.over and not stopped() and clock.monotonic() < end:
            clock.sleep(POLL_PERIOD)
            self.poll()
        return not self.over

    def stop(self) -> int:
        """Stop everyone, those marked ``last`` after the others, and return the exit code."""
        self.poll()
        self._stop([c for c in self._children.values() if not c.process.last])
        self._stop(list(self._children.values()))
        return self.exit_code

    def _stop(self, children: Iterable[Child]) -> None:
        wanted = [child.process.name for child in children]
        for number, patience in PATIENCE.items():
            left = [self._children[name] for name in wanted if name in self._children]
            for child in left:
                child.send(number)
                if number != signal.SIGINT:
                    self.say(f"wm: {child.process.name} does not stop: {number.name}")
            end = clock.monotonic() + patience
            while self._any_left(wanted) and clock.monotonic() < end:
                clock.sleep(POLL_PERIOD)
                self.poll()
            if not self._any_left(wanted):
                return

    def _any_left(self, names: Iterable[str]) -> bool:
        return any(name in self._children for name in names)

    @property
    def exit_code(self) -> int:
        """2 when a process could not start, 1 when any failed, else 0."""
        if any(ended.never_began for ended in self.exits):
            return COULD_NOT_START
        return int(any(ended.failed for ended in self.exits))


class StopSignals:
    """SIGINT, SIGTERM and a lost terminal as a flag, for as long as the ``with`` block lasts."""

    def __init__(self) -> None:
        """No signal yet."""
        self.seen = False

    def __enter__(self) -> StopSignals:
        """Take the signals over; SIGHUP stays ignored where it is, as under nohup."""
        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.getsignal(number) for number in numbers}
        if before[signal.SIGHUP] == signal.SIG_IGN:
            del before[signal.SIGHUP]
        self._before = before
        for number in before:
            signal.signal(number, lambda *_: self._see())
        return self

    def __exit__(self, *_: object) -> None:
        """Give them back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _see(self) -> None:
        self.seen = True


def run_graph(
    graph: Graph, say: Callable[[str], None] = print_line, hints: Iterable[str] = ()
) -> int:
    """Run a graph until it ends, SIGINT or SIGTERM come or the terminal goes; returns exit code.

    hints: lines to say once all processes are up.
    """
    with StopSignals() as signals, Keyboard() as keyboard:
        runner = GraphRunner(graph, say)
        runner.start()
        runner.wait(FOREVER, lambda: signals.seen or runner.up)
        if runner.up:
            for line in (*hints, *([STOP_HINT] if keyboard.there else [])):
                runner.say(line)
        while runner.wait(FOREVER, lambda: signals.seen or keyboard.pressed(STOP_KEY)):
            if signals.seen:
                break
            runner.stop_robot()
        return runner.stop()
