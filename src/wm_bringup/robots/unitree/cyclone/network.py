"""What Cyclone is told about the network: one interface, and how others are found on it."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from xml.sax.saxutils import quoteattr

from wm_bringup.robots.unitree.link import LinkError

HIGHEST_DOMAIN: Final = 232
"""Above it the ports of RTPS (7400 + 250 per domain) do not exist."""

PARTICIPANTS: Final = 20
"""Processes on one host that are found without multicast; each asks at that many ports."""

_MULTICAST: Final = 0x1000
"""``IFF_MULTICAST``"""


def configuration(domain: int, interface: str, peers: Sequence[str] = ()) -> str:
    """Return Cyclone's XML for one interface of this machine; raises LinkError."""
    if not 0 <= domain <= HIGHEST_DOMAIN:
        raise LinkError(f"a DDS domain is a number from 0 to {HIGHEST_DOMAIN}, not {domain}")
    known = [name for _, name in socket.if_nameindex()]
    if interface not in known:
        raise LinkError(f"there is no network interface {interface!r}; here are {', '.join(known)}")
    multicast = has_multicast(interface)
    asked = list(peers) or ([] if multicast else ["127.0.0.1"] * (interface == "lo"))
    if not multicast and not asked:
        raise LinkError(f"{interface} has no multicast: say the robot's address as a peer")
    found_at = "".join(f"<Peer address={quoteattr(peer)}/>" for peer in asked)
    discovery = (
        f"<Discovery><ParticipantIndex>auto</ParticipantIndex>"
        f"<MaxAutoParticipantIndex>{PARTICIPANTS - 1}</MaxAutoParticipantIndex>"
        f"<Peers>{found_at}</Peers></Discovery>"
        if asked
        else ""
    )
    return (
        f'<CycloneDDS><Domain Id="any"><General>'
        f"<Interfaces><NetworkInterface name={quoteattr(interface)}/></Interfaces>"
        f"<AllowMulticast>{str(multicast).lower()}</AllowMulticast>"
        f"</General>{discovery}</Domain></CycloneDDS>"
    )


def has_multicast(interface: str) -> bool:
    """Tell whether an interface does multicast; a loopback does not, unless it was told to."""
    flags = Path("/sys/class/net", interface, "flags").read_text(encoding="ascii")
    return bool(int(flags, 16) & _MULTICAST)
