"""Listens to what the robot is sent, beside it."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from wm_bringup.host import clock, realtime
from wm_bringup.rehearsal.outcome import Sent
from wm_bringup.robots.unitree.frames import Frame
from wm_bringup.robots.unitree.link import LOW_COMMAND, Link

DEPTH = 64
KEPT = 100_000
"""Commands that are kept: more than three minutes of them."""

PATIENCE = 0.1

TAP_PRIORITY = realtime.SERVICE_PRIORITY
"""When commands come is what is measured here."""


class WireTap:
    """``sent`` holds the newest commands that were heard, oldest first; ``heard`` counts all."""

    def __init__(self, link: Link) -> None:
        """Begin to listen."""
        self.sent: deque[Sent] = deque(maxlen=KEPT)
        self.heard = 0
        self._reader = link.reader(replace(LOW_COMMAND, depth=DEPTH))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="wire tap")
        self._thread.start()

    def close(self) -> None:
        """Listen no more."""
        self._ending.set()
        self._thread.join()

    def _listen(self) -> None:
        realtime.raise_thread(TAP_PRIORITY)
        while not self._ending.is_set():
            if self._reader.wait(PATIENCE):
                now = clock.monotonic()
                frames = self._reader.take()
                self.sent.extend(Sent(now, _stiff(frame)) for frame in frames)
                self.heard += len(frames)


def _stiff(frame: Frame) -> bool:
    motors = frame["motor"]
    return bool(motors["kp"].any() or motors["tau"].any())
