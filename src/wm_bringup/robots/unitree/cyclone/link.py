"""A participant in a robot's DDS domain: readers and writers on the robot's own structs.

Threads of the library start with the first link to a domain and inherit the scheduling of the
thread that opens it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from ctypes import byref, c_void_p
from typing import Any, Final, TypeVar, cast

from wm_bringup.host import clock
from wm_bringup.robots.unitree.cyclone.library import (
    ANY_STATE,
    BEST_EFFORT,
    KEEP_LAST,
    RELIABLE,
    Cyclone,
    MatchedStatus,
    SampleInfo,
    load_library,
)
from wm_bringup.robots.unitree.cyclone.memory import memory_for
from wm_bringup.robots.unitree.cyclone.network import configuration
from wm_bringup.robots.unitree.link import Channel, Link, LinkError, Reader, Writer

M = TypeVar("M")
NS: Final = 1e9

_domains: dict[int, tuple[int, str]] = {}
_links: Counter[int] = Counter()


def open_link(domain: int = 0, interface: str = "lo", peers: Sequence[str] = ()) -> Link:
    """Join ``domain`` on one network interface; raises LinkError.

    peers: addresses at which others are looked for, where multicast does not reach them.
    """
    library = load_library()
    text = configuration(domain, interface, peers)
    if domain not in _domains:
        with library.log.taken():
            made = library.create_domain(domain, text.encode())
        _domains[domain] = library.made(made, f"domain {domain}"), text
    elif _domains[domain][1] != text:
        raise LinkError(f"domain {domain} is open on another interface or with other peers")
    try:
        link = _Participant(library, domain)
    except LinkError:
        _leave(library, domain)
        raise
    _links[domain] += 1
    return link


def _leave(library: Cyclone, domain: int) -> None:
    """End a domain in which nobody is left, with its threads."""
    if not _links[domain]:
        library.delete(_domains.pop(domain)[0])


class _Participant:
    def __init__(self, library: Cyclone, domain: int) -> None:
        self._library, self._domain = library, domain
        made = library.create_participant(domain, None, None)
        self._entity: int = library.made(made, f"participant in domain {domain}")
        self._ends: list[_Inbox | _Outlet] = []

    def reader(self, channel: Channel[M]) -> Reader[M]:
        inbox = _Inbox(self._library, self._domain, self._entity, channel)
        self._ends.append(inbox)
        return cast(Reader[M], inbox)

    def writer(self, channel: Channel[M]) -> Writer[M]:
        outlet = _Outlet(self._library, self._entity, channel)
        self._ends.append(outlet)
        return cast(Writer[M], outlet)

    def close(self) -> None:
        if self._entity:
            self._library.delete(self._entity)
            self._entity = 0
            self._ends.clear()
            _links[self._domain] -= 1
            _leave(self._library, self._domain)


class _Inbox:
    def __init__(
        self, library: Cyclone, domain: int, participant: int, channel: Channel[Any]
    ) -> None:
        self._library = library
        self._memory = memory_for(channel, channel.depth)
        self._entity = _end(library, "reader", participant, channel, self._memory.descriptor)
        made = library.create_readcondition(self._entity, ANY_STATE)
        condition = library.made(made, "read condition")
        self._waitset = library.made(library.create_waitset(participant), "waitset")
        library.made(library.waitset_attach(self._waitset, condition, None), "waiting")
        self._places = (c_void_p * channel.depth)(
            *(self._memory.address + k * self._memory.size for k in range(channel.depth))
        )
        self._infos = (SampleInfo * channel.depth)()
        self._key = domain, channel.topic, channel.type_name
        self._refused_before = library.log.refused(*self._key)

    @property
    def matched(self) -> int:
        status = MatchedStatus()
        self._library.get_subscription_matched_status(self._entity, byref(status))
        return int(status.current)

    @property
    def refused(self) -> int:
        return self._library.log.refused(*self._key) - self._refused_before

    def take(self) -> list[Any]:
        depth = len(self._places)
        taken = self._library.take(self._entity, self._places, self._infos, depth, depth)
        if taken <= 0:
            return []
        messages = self._memory.get(k for k in range(taken) if self._infos[k].valid)
        self._memory.free(self._library, taken)
        return messages

    def wait(self, patience: float) -> bool:
        longest = math.ceil(clock.real(patience) * NS)
        ready = self._library.waitset_wait(self._waitset, None, 0, longest)
        return bool(ready > 0)


class _Outlet:
    def __init__(self, library: Cyclone, participant: int, channel: Channel[Any]) -> None:
        self._library = library
        self._memory = memory_for(channel, 1)
        self._entity = _end(library, "writer", participant, channel, self._memory.descriptor)

    @property
    def matched(self) -> int:
        status = MatchedStatus()
        self._library.get_publication_matched_status(self._entity, byref(status))
        return int(status.current)

    def write(self, message: Any) -> None:  # noqa: ANN401  # what the channel carries
        self._memory.put(message)
        self._library.write(self._entity, self._memory.address)


def _end(
    library: Cyclone, what: str, participant: int, channel: Channel[Any], descriptor: object
) -> int:
    """Make a reader or a writer that keeps the newest ``depth``; writing never waits for a peer."""
    topic = library.create_topic(participant, descriptor, channel.topic.encode(), None, None)
    library.made(topic, f"topic {channel.topic}")
    qos = library.create_qos()
    library.qset_reliability(qos, RELIABLE if channel.reliable else BEST_EFFORT, 0)
    library.qset_history(qos, KEEP_LAST, channel.depth)
    create = library.create_reader if what == "reader" else library.create_writer
    made = create(participant, topic, qos, None)
    library.delete_qos(qos)
    return library.made(made, f"{what} of {channel.topic}")
