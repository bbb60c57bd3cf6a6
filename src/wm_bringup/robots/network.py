"""The network on which a real robot is; not that of ROS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LOOPBACK: Final = "lo"


@dataclass(frozen=True, slots=True)
class Network:
    """One DDS domain on one network interface of this computer, by name (``ip link``)."""

    interface: str = ""
    domain: int = 0

    @property
    def is_within(self) -> bool:
        """Whether it does not leave this computer: a robot there is an emulated one."""
        return self.interface == LOOPBACK


NO_NETWORK = Network()
