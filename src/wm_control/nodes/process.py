"""What every process of the graph does the same way: signals, start, serving, end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

import rclpy
from rclpy.executors import Executor
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from wm_bringup.realtime import raise_thread
from wm_control.errors import WmError

OK, FAILED, COULD_NOT_START = 0, 1, 2
"""Exit codes: stopped as asked; ended by a fault; never began."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)

SPIN_TIME = 0.1
"""How long one look at the executor may take; the stop flag is seen in between [s]."""


class Stop:
    """Set by SIGINT and SIGTERM, any number of them; a second one interrupts nothing."""

    def __init__(self) -> None:
        """Not stopped."""
        self.requested = False

    def install(self) -> None:
        """Take over both signals, from the main thread, for good.

        Whoever started us may have blocked them until now, so that none came while we could only
        have died of it; those that came in between arrive here.
        """
        for number in SIGNALS:
            signal.signal(number, self._on_signal)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.requested = True

    def request(self) -> None:
        """Ask for the end, from any thread."""
        self.requested = True


class Served(Protocol):
    """A running part of the graph, as its process sees it."""

    @property
    def nodes(self) -> Sequence[Node]:
        """Return the nodes that want to be executed."""

    def close(self) -> int:
        """Bring everything to rest, destroy nothing of ROS, and return the exit code."""


@contextmanager
def ros(arguments: Sequence[str] | None) -> Iterator[None]:
    """Initialise ROS without its signal handlers, and shut it down."""
    rclpy.init(
        args=None if arguments is None else list(arguments),
        signal_handler_options=SignalHandlerOptions.NO,
    )
    try:
        yield
    finally:
        rclpy.try_shutdown()


def run(
    name: str,
    arguments: Sequence[str] | None,
    start: Callable[[Stop], Served],
    priority: int | None = None,
) -> int:
    """Run one process of the graph until it is stopped; returns its exit code.

    start: builds and starts everything, given the stop flag; a WmError says why it cannot.
    priority: of SCHED_FIFO, where permitted, for the callbacks.
    """
    stop = Stop()
    stop.install()
    try:
        return _run(name, arguments, start, priority, stop)
    finally:
        for number in SIGNALS:  # at its very end the interpreter would die of one
            signal.signal(number, signal.SIG_IGN)


def _run(
    name: str,
    arguments: Sequence[str] | None,
    start: Callable[[Stop], Served],
    priority: int | None,
    stop: Stop,
) -> int:
    with ros(arguments):
        try:
            served = start(stop)
        except WmError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            return COULD_NOT_START
        if priority is not None:
            raise_thread(priority)
        executor = EventsExecutor()
        for node in served.nodes:
            executor.add_node(node)
        serve(executor, stop)
        code = served.close()
        executor.shutdown()
        for node in served.nodes:
            node.destroy_node()
    return code


def serve(executor: Executor, stop: Stop) -> None:
    """Execute callbacks until stopped. EventsExecutor.spin() itself would never see a signal."""
    while not stop.requested:
        executor.spin_once(timeout_sec=SPIN_TIME)
