"""What carries Unitree's messages, whichever DDS library does: readers and writers by channel.

Nothing here waits but ``Reader.wait``, and nothing raises once a link is open: a robot that is
silent, or not there, is seen by its age.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from wm_bringup.robots.unitree.frames import BATTERY_STATE, COMMAND, IMU, STATE, Frame
from wm_control.errors import WmError

M = TypeVar("M")
Sent = TypeVar("Sent", contravariant=True)


class LinkError(WmError):
    """The wire cannot be opened; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Channel(Generic[M]):
    """A topic and the DDS type of its messages.

    carries: layout of its frames, or class of its messages. depth: messages kept for a reader that
    is slow; the oldest go. reliable: sent again when lost.
    """

    topic: str
    type_name: str
    carries: np.dtype[Any] | type[Any]
    depth: int = 1
    reliable: bool = False


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """Call of a service of the robot: ``number`` is the caller's, ``api`` says what is wanted.

    parameter: JSON.
    """

    number: int
    api: int
    parameter: str = "{}"


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """Answer to the call of that ``number``; code 0: done. data: JSON, or empty."""

    number: int
    api: int
    code: int
    data: str = ""


LOW_COMMAND: Channel[Frame] = Channel("rt/lowcmd", "unitree_hg::msg::dds_::LowCmd_", COMMAND)
LOW_STATE: Channel[Frame] = Channel("rt/lowstate", "unitree_hg::msg::dds_::LowState_", STATE, 8)
SECONDARY_IMU: Channel[Frame] = Channel("rt/secondary_imu", "unitree_hg::msg::dds_::IMUState_", IMU)
BATTERY: Channel[Frame] = Channel(
    "rt/lf/bmsstate", "unitree_hg::msg::dds_::BmsState_", BATTERY_STATE
)
SWITCHER_REQUEST: Channel[ApiRequest] = Channel(
    "rt/api/motion_switcher/request", "unitree_api::msg::dds_::Request_", ApiRequest, 10, True
)
SWITCHER_RESPONSE: Channel[ApiResponse] = Channel(
    "rt/api/motion_switcher/response", "unitree_api::msg::dds_::Response_", ApiResponse, 10, True
)


class Reader(Protocol[M]):
    """What arrives on one channel.

    Frames keep the layout of ``frames``; what was sent shorter is not delivered, and counted. What
    was sent longer is read by its first members: its checksum, elsewhere, tells.
    """

    @property
    def matched(self) -> int:
        """Writers on the other side now."""

    @property
    def refused(self) -> int:
        """Messages on this topic that could not be read, too short or of no known encoding."""

    def take(self) -> list[M]:
        """All that arrived since the last call, the oldest first; at most the channel's depth."""

    def wait(self, patience: float) -> bool:
        """Wait until something can be taken, for at most ``patience`` [s]; whether it can."""


class Writer(Protocol[Sent]):
    """What is sent on one channel."""

    @property
    def matched(self) -> int:
        """Readers on the other side now."""

    def write(self, message: Sent) -> None:
        """Send; does not wait for anybody."""


class Link(Protocol):
    """One participant in the robot's network."""

    def reader(self, channel: Channel[M]) -> Reader[M]:
        """Listen to a channel."""

    def writer(self, channel: Channel[M]) -> Writer[M]:
        """Speak on a channel."""

    def close(self) -> None:
        """Leave the network; a second call does nothing."""
