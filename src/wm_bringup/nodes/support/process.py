"""What every process of the graph does the same way: signals, start, serving, end."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Protocol

import rclpy
from rclpy.context import Context
from rclpy.executors import Executor
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from wm_bringup.graph.ready import report_ready
from wm_bringup.host import cores
from wm_bringup.host.log_directory import check_log_directory
from wm_bringup.host.realtime import PLANNER_PRIORITY, raise_thread
from wm_bringup.wire.dds import keep_on_loopback
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


class RosStartError(WmError):
    """ROS itself cannot be initialised."""


class RunningPart(Protocol):
    """A running part of the graph, as its process sees it."""

    @property
    def nodes(self) -> Sequence[Node]:
        """Return the nodes that want to be executed."""

    def close(self) -> int:
        """Bring everything to rest, destroy nothing of ROS, and return the exit code."""


@contextmanager
def told_by_ros() -> Iterator[None]:
    """Turn what ROS's client library raises into RosStartError, in one line."""
    try:
        yield
    except rclpy_implementation.RCLError as error:
        raise RosStartError(f"ROS cannot start: {' '.join(str(error).split())}") from error


def initialise(arguments: Sequence[str] | None, context: Context | None = None) -> None:
    """Initialise ROS without its signal handlers.

    WmError when it cannot start: no place for its logs, arguments or a domain that it cannot read.
    """
    check_log_directory(os.environ)
    keep_on_loopback(os.environ, rclpy.get_rmw_implementation_identifier())
    try:
        rclpy.init(
            args=None if arguments is None else list(arguments),
            context=context,
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except Exception as error:  # rclpy's own have no common root
        raise RosStartError(f"ROS cannot start: {' '.join(str(error).split())}") from error


@contextmanager
def ros(arguments: Sequence[str] | None) -> Iterator[None]:
    """Initialise ROS, see ``initialise``, and shut it down."""
    initialise(arguments)
    try:
        yield
    finally:
        rclpy.try_shutdown()


def run(
    name: str,
    arguments: Sequence[str] | None,
    start: Callable[[Stop], RunningPart],
    priority: int | None = None,
) -> int:
    """Run one process of the graph until it is stopped; returns its exit code.

    start: builds and starts everything, given the stop flag; a WmError says why it cannot. Any
    other exception in it is shown as it is; both are COULD_NOT_START.
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
    start: Callable[[Stop], RunningPart],
    priority: int | None,
    stop: Stop,
) -> int:
    keep = cores.share if priority == PLANNER_PRIORITY else cores.leave
    with ExitStack() as stack:
        try:
            keep(cores.told())
            stack.enter_context(ros(arguments))
            with told_by_ros():
                served = start(stop)
        except WmError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            return COULD_NOT_START
        except Exception:
            traceback.print_exc()
            return COULD_NOT_START
        report_ready()
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
