"""Trigger and release counting of one rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Latch:
    """Active after ``trigger`` bad samples in a row, until ``release`` good ones in a row.

    release None: only ``clear`` lets go, and only while the newest sample is good.
    """

    trigger: int
    release: int | None
    active: bool = False
    bad: int = 0
    good: int = 0

    def update(self, holds: bool) -> bool:
        """Take in one sample and return whether the rule is active now."""
        if holds:
            self.good, self.bad = self.good + 1, 0
            if self.active and self.release is not None and self.good >= self.release:
                self.active = False
        else:
            self.bad, self.good = self.bad + 1, 0
            if self.bad >= self.trigger:
                self.active = True
        return self.active

    def clear(self) -> None:
        """Let go unless the newest sample was bad."""
        if self.bad == 0:
            self.active = False

    def reset(self, release: int | None) -> None:
        """Forget every sample. release: from now on."""
        self.release, self.active = release, False
        self.bad = self.good = 0
