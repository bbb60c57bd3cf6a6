"""A browser's end of a page without the browser: takes all that a page sends, and decodes it.

``python -m wm_bringup.bench.page_client ws://HOST:PORT`` says ``up`` when the page has begun to
send, and ends with SIGTERM and a line of JSON that says how much it was.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version

NICENESS = 15
"""So much does everybody else come first."""

_HEAD = 8
"""Bytes of a length at the begin of a frame; there are two."""


@dataclass(slots=True)
class Received:
    """frames: of the socket. messages: in them, poses and texts. bytes: of the frames."""

    frames: int = 0
    messages: int = 0
    bytes: int = 0


def decode(frame: bytes) -> int:
    """Unpack a frame as the page's script does; how many messages are in it."""
    import msgspec
    import zstandard

    size, packed = (int.from_bytes(frame[k : k + _HEAD], "little") for k in (0, _HEAD))
    text = zstandard.decompress(frame[2 * _HEAD : 2 * _HEAD + packed], max_output_size=size)
    return len(msgspec.msgpack.decode(text)["messages"])


def receive(address: str, received: Received) -> None:
    """Take what comes, until the page is gone."""
    from websockets.exceptions import ConnectionClosed
    from websockets.sync.client import connect
    from websockets.typing import Subprotocol

    spoken = Subprotocol(f"viser-v{version('viser')}")
    with connect(address, subprotocols=[spoken], max_size=None) as socket:
        try:
            for frame in socket:
                assert isinstance(frame, bytes)
                received.messages += decode(frame)
                received.bytes += len(frame)
                received.frames += 1
                if received.frames == 1:
                    print("up", flush=True)
        except ConnectionClosed:
            return


def main(arguments: list[str]) -> int:
    """Receive until SIGTERM."""
    received = Received()

    def end(*_: object) -> None:
        print(json.dumps(asdict(received)), flush=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    os.nice(NICENESS)
    receive(arguments[0], received)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
