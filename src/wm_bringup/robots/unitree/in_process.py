"""A robot's network within one process: what is written can be taken at once, in order.

For a robot and its computer that advance in turns, without sockets and without clocks.
"""

from __future__ import annotations

from collections import deque
from typing import Any, TypeVar, cast

import numpy as np

from wm_bringup.robots.unitree.frames import copied
from wm_bringup.robots.unitree.link import Channel, Link, Reader, Writer

M = TypeVar("M")


class _Inbox:
    def __init__(self, network: Network, channel: Channel[Any]) -> None:
        self.messages: deque[Any] = deque(maxlen=channel.depth)
        self._network, self._channel = network, channel

    @property
    def matched(self) -> int:
        return self._network.writers.count(self._channel.topic)

    @property
    def refused(self) -> int:
        """Nothing is coded here."""
        return 0

    def take(self) -> list[Any]:
        taken = list(self.messages)
        self.messages.clear()
        return taken

    def wait(self, patience: float) -> bool:
        """Nothing more comes while somebody waits here."""
        del patience
        return bool(self.messages)


class _Outlet:
    def __init__(self, network: Network, channel: Channel[Any]) -> None:
        self._inboxes = network.inboxes.setdefault(channel.topic, [])

    @property
    def matched(self) -> int:
        return len(self._inboxes)

    def write(self, message: object) -> None:
        for inbox in self._inboxes:
            inbox.messages.append(copied(message) if isinstance(message, np.ndarray) else message)


class Network:
    """What ``link`` returns are participants of it.

    inboxes: of all readers, by topic. writers: the topic of each.
    """

    def __init__(self) -> None:
        """Nobody is in it yet."""
        self.inboxes: dict[str, list[_Inbox]] = {}
        self.writers: list[str] = []

    def link(self) -> Link:
        """Join."""
        return _Participant(self)


class _Participant:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._read: list[tuple[str, _Inbox]] = []
        self._written: list[str] = []

    def reader(self, channel: Channel[M]) -> Reader[M]:
        inbox = _Inbox(self._network, channel)
        self._network.inboxes.setdefault(channel.topic, []).append(inbox)
        self._read.append((channel.topic, inbox))
        return cast(Reader[M], inbox)

    def writer(self, channel: Channel[M]) -> Writer[M]:
        self._network.writers.append(channel.topic)
        self._written.append(channel.topic)
        return cast(Writer[M], _Outlet(self._network, channel))

    def close(self) -> None:
        for topic, inbox in self._read:
            self._network.inboxes[topic].remove(inbox)
        for topic in self._written:
            self._network.writers.remove(topic)
        self._read.clear()
        self._written.clear()
