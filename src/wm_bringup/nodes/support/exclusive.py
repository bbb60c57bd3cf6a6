"""One robot per namespace: see that nobody else already is who we want to be.

On this machine the kernel answers, by a claim (``wm_bringup.host.claims``). Of other machines only
DDS discovery can tell, which takes as long as it takes.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.host.claims import ClaimedError, claim
from wm_bringup.wire.topics import Topic
from wm_control.errors import WmError

DISCOVERY_TIME = 1.0
"""How long to listen for others; DDS discovery on one host takes a fraction of it [s]."""

POLL_PERIOD = 0.05


class AlreadyRunningError(WmError):
    """The names we want are taken on this domain."""


def refuse_second(
    nodes: Sequence[Node], commands: Topic | None, since: float
) -> tuple[socket.socket, ...]:
    """Claim the names of nodes; look for namesakes elsewhere until DISCOVERY_TIME after ``since``.

    AlreadyRunningError beside one. nodes: our own, which others must not have a second time.
    commands: a topic of which the first of them is to be the only publisher, or None. since:
    ``clock.monotonic`` when they were made. Returns what holds the claims: keep it as long as the
    nodes.
    """
    claims = tuple(_claim(node) for node in nodes)
    while True:
        listened = clock.monotonic() - since > DISCOVERY_TIME
        for node in nodes:
            _refuse_name(node)
        if commands is not None:
            _refuse_publisher(nodes[0], commands, nameless=listened)
        if listened:
            return claims
        clock.sleep(POLL_PERIOD)


def _claim(node: Node) -> socket.socket:
    """Claim the name of a node among all processes of this machine."""
    try:
        return claim(f"{domain(node)}{node.get_fully_qualified_name()}")
    except ClaimedError:
        raise _already(node) from None


def _refuse_name(node: Node) -> None:
    ours = (node.get_name(), node.get_namespace())
    if node.get_node_names_and_namespaces().count(ours) > 1:
        raise _already(node)


def _already(node: Node) -> AlreadyRunningError:
    return AlreadyRunningError(
        f"a node '{node.get_fully_qualified_name()}' is already running on ROS domain "
        f"{domain(node)}: another robot? Stop it, or give this one --namespace NAME or its own "
        "ROS_DOMAIN_ID"
    )


def _refuse_publisher(node: Node, topic: Topic, *, nameless: bool) -> None:
    """Refuse when someone of another name publishes commands for our robot.

    nameless: also when its name is not known; DDS tells of a publisher before it tells whose.
    """
    for other in node.get_publishers_info_by_topic(topic.name):
        ours = (other.node_name, other.node_namespace) == (node.get_name(), node.get_namespace())
        if ours or ("_UNKNOWN_" in other.node_name and not nameless):
            continue
        raise AlreadyRunningError(
            f"'{other.node_namespace.rstrip('/')}/{other.node_name}' already publishes "
            f"'{node.resolve_topic_name(topic.name)}' on ROS domain {domain(node)}: two sources "
            "of commands for one robot"
        )


def domain(node: Node) -> int:
    """Return the number of the ROS domain we are in."""
    return int(node.context.get_domain_id())
