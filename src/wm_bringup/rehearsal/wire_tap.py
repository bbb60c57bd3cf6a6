"""Listens to what the robot is sent, beside it."""

from __future__ import annotations

import threading
from dataclasses import replace

from wm_bringup.host import clock, realtime
from wm_bringup.rehearsal.outcome import Sent
from wm_bringup.robots.unitree.frames import Frame
from wm_bringup.robots.unitree.link import LOW_COMMAND, Link

DEPTH = 64
PATIENCE = 0.1

TAP_PRIORITY = realtime.SERVICE_PRIORITY
"""When commands come is what is measured here."""


class WireTap:
    """``sent`` holds every command that was heard, the oldest first."""

    def __init__(self, link: Link) -> None:
        """Begin to listen."""
        self.sent: list[Sent] = []
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
                self.sent += [Sent(now, _stiff(frame)) for frame in self._reader.take()]


def _stiff(frame: Frame) -> bool:
    motors = frame["motor"]
    return bool(motors["kp"].any() or motors["tau"].any())
