"""The network on which a real robot is; not that of ROS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Network:
    """One DDS domain on one network interface of this computer, by name (``ip link``)."""

    interface: str = ""
    domain: int = 0


NO_NETWORK = Network()
