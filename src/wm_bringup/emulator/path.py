"""One direction of an imperfect network: late, lost, twice, out of order, with wrong bits."""

from __future__ import annotations

import heapq
from collections import Counter

import numpy as np

from wm_bringup.emulator.parameters import PathParameters
from wm_bringup.robots.unitree.frames import Frame, copied

_ROUNDING = 1e-9


class Path:
    """Frames go in and come out when they arrive. What happens to them follows from the seed.

    parameters: may be changed at any time. happened: frames by what befell them.
    """

    def __init__(
        self, parameters: PathParameters, generator: np.random.Generator, period: float
    ) -> None:
        """period: between two frames; one that is overtaken comes that much and half later [s]."""
        self.parameters = parameters
        self.happened: Counter[str] = Counter()
        self._random, self._period = generator, period
        self._cut_until = -1.0
        self._waiting: list[tuple[float, int, Frame]] = []
        self._count = 0

    def cut(self, until: float) -> None:
        """Lose all that is sent before ``until`` [s]."""
        self._cut_until = until

    def is_cut(self, now: float) -> bool:
        """Whether nothing gets through now."""
        return now < self._cut_until - _ROUNDING

    def send(self, frame: Frame, now: float) -> None:
        """Put in a frame that is sent at ``now`` [s]; it is not changed afterwards."""
        asked = self.parameters
        if self.is_cut(now):
            self.happened["cut off"] += 1
            return
        if self._befalls(asked.loss, "lost"):
            return
        if self._befalls(asked.crc_errors, "wrong bit"):
            frame = self._spoiled(frame)
        late = asked.delay
        if asked.jitter > 0.0:
            late += asked.jitter * self._random.random()
        if self._befalls(asked.reordered, "reordered"):
            late += 1.5 * self._period
        self._enqueue(frame, now + late)
        if self._befalls(asked.repeated, "repeated"):
            self._enqueue(frame, now + late)

    def arrived(self, now: float) -> list[Frame]:
        """Take out what has arrived by ``now`` [s], in order of arrival."""
        taken = []
        while self._waiting and self._waiting[0][0] <= now + _ROUNDING:
            taken.append(heapq.heappop(self._waiting)[2])
        return taken

    def _enqueue(self, frame: Frame, arrival: float) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (arrival, self._count, frame))

    def _befalls(self, share: float, what: str) -> bool:
        """Draw whether it happens; without a share nothing is drawn."""
        if share > 0.0 and self._random.random() < share:
            self.happened[what] += 1
            return True
        return False

    def _spoiled(self, frame: Frame) -> Frame:
        """Return a copy with one bit of its checksum turned: what the wire carries of any frame."""
        spoiled = copied(frame)
        spoiled["crc"] ^= np.uint32(1 << int(self._random.integers(32)))
        return spoiled
