"""Hear one publisher of a topic that steers the robot; see ``wm_bringup.wire.one_publisher``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import cast
from weakref import WeakKeyDictionary

from rclpy.node import Node

from wm_bringup.host import clock
from wm_bringup.wire.one_publisher import OnePublisher

_FOLLOWED: WeakKeyDictionary[Node, dict[str, OnePublisher]] = WeakKeyDictionary()
"""By node and topic name, so that what subscribes and what reports need not know each other."""


def of_one_publisher(
    node: Node, topic: str, callback: Callable[[bytes], None]
) -> Callable[..., None]:
    """Wrap a callback of raw messages: those of a second publisher do not reach it."""
    followed = _FOLLOWED.setdefault(node, {}).setdefault(topic, OnePublisher())

    def on_message(*arguments: object) -> None:
        taken = arguments if len(arguments) == 2 else arguments[0]
        data, info = cast(tuple[bytes, Mapping[str, int]], taken)
        if followed.follows(info["publication_sequence_number"] or 0, clock.monotonic()):
            callback(data)

    # rclpy reads off the signature that the message's information is wanted; its EventsExecutor
    # then passes both as one argument
    on_message.__signature__ = inspect.signature(_takes_both)  # type: ignore[attr-defined]
    return on_message


def _takes_both(data: bytes, info: Mapping[str, int]) -> None:
    """Have the signature that asks rclpy for a message and its information."""


def followed_by(nodes: Iterable[Node]) -> list[str]:
    """Names of the topics that steer the robot and that ``nodes`` hear."""
    return sorted({topic for node in nodes for topic in _FOLLOWED.get(node, {})})


def refused_on(node: Node) -> dict[str, int]:
    """Count the messages of other publishers that ``node`` refused, by topic."""
    return {topic: one.refused for topic, one in _FOLLOWED.get(node, {}).items()}
