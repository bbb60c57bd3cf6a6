"""Faults on purpose in the live graph: asked for on ``faults/inject`` or on the command line.

Whoever owns a path takes what is asked of it. A process does so only where it was started with
``--faults``, as ``wm run`` starts those of a simulated robot; a real one refuses by default.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from rclpy.node import Node

from wm_bringup.faults.fault import Fault, FaultRefusedError, parse_all
from wm_bringup.faults.outlet import FaultyOutlet
from wm_bringup.faults.schedule import Acted
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.qos import subscribe_bytes
from wm_bringup.wire.delayed_delivery import Stamped
from wm_bringup.wire.messages import Level, decode_string
from wm_bringup.wire.topics import FAULTS
from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription

M = TypeVar("M", bound=Stamped)


def add_fault_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a process be told which faults to inject, and whether it may be asked for more."""
    parser.add_argument("--fault", action="append", default=[], help="TARGET:VERB[=VALUE]@T[+D]")
    parser.add_argument(
        "--faults", action="store_true", help="take faults; never beside people on a real robot"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of a simulated robot, and of what faults lose"
    )


def scripted_faults(arguments: argparse.Namespace) -> tuple[Fault, ...]:
    """Faults that a process is started with; FaultRefusedError where it may have none."""
    if arguments.fault and not arguments.faults:
        raise FaultRefusedError(f"fault {arguments.fault[0]}: started without --faults")
    return parse_all(arguments.fault)


class FaultRequests:
    """Hears ``faults/inject``; hands on what is about its own node, refuses what cannot be."""

    def __init__(
        self,
        node: Node,
        mine: Callable[[Fault], bool],
        take: Callable[[Fault], object],
        *,
        allowed: bool,
    ) -> None:
        """mine: whether a fault is this node's. take: injects it; a WmError refuses."""
        self._node, self._mine, self._take, self._allowed = node, mine, take, allowed
        self._health = Health(node)
        subscribe_bytes(node, FAULTS, self._hear)

    def _hear(self, data: bytes) -> None:
        log = self._node.get_logger()
        try:
            fault = Fault.parse(decode_string(data))
            if not self._mine(fault):
                return
            if not self._allowed:
                raise FaultRefusedError(f"{fault.text}: this process was not started with --faults")
            self._take(fault)
        except (ValueError, WmError) as error:
            log.error(f"{FAULTS.name} refused: {error}")
            self._health.publish("faults", Level.ERROR, f"refused: {error}")
            return
        log.warning(f"fault injected: {fault.text}")


def report_faults(health: Health, acted: Sequence[Acted]) -> None:
    """Publish which faults a node injects and how often each has acted; nothing without any."""
    if not acted:
        return
    counts: Counter[str] = Counter()
    for one in acted:
        counts[one.fault.text] += one.count
    said = ", ".join(f"{text}: acted {count} times" for text, count in counts.items())
    health.publish("faults", Level.WARN, said, counts)


def faulty_outlet(
    node: Node,
    path: str,
    description: RobotDescription,
    publish: Callable[[M], None],
    arguments: argparse.Namespace,
) -> FaultyOutlet[M]:
    """Return the way out of a node's messages, with the faults that it is started or asked with.

    path: target of the faults. arguments: see ``add_fault_arguments``.
    """
    outlet = FaultyOutlet(
        path, description.default_position, publish, scripted_faults(arguments), arguments.seed
    )
    FaultRequests(node, outlet.takes, outlet.ask, allowed=arguments.faults)
    return outlet
