"""The clock of a recording that is watched: plays, pauses, is sought, goes faster and slower."""

from __future__ import annotations

from dataclasses import dataclass

SPEEDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds of the recording per second."""


@dataclass(slots=True)
class Player:
    """Where in a recording of ``seconds`` we are: ``time`` [s]."""

    seconds: float
    time: float = 0.0
    speed: float = 1.0
    playing: bool = False

    def advance(self, elapsed: float) -> float:
        """Let ``elapsed`` seconds go by and return the time; playing ends with the recording."""
        if self.playing:
            self.time = min(self.time + self.speed * max(elapsed, 0.0), self.seconds)
            self.playing = self.time < self.seconds
        return self.time

    def seek(self, time: float) -> None:
        """Go to a time, within the recording."""
        self.time = min(max(time, 0.0), self.seconds)

    def toggle(self) -> None:
        """Play or pause; at the end play from the beginning."""
        if not self.playing and self.time >= self.seconds:
            self.time = 0.0
        self.playing = not self.playing
