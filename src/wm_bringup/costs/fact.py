"""One number that is said of a contestant without walking it in episodes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A number with all that a reader must know of it.

    value: None where nothing was measured. definition: one sentence. method: how it was found.
    version: changes with the definition. n, low, high: samples and their 95 % interval; a counted
    number has one sample and no interval. What is not finite is told as null.
    """

    value: float | None
    unit: str
    definition: str
    method: str
    version: int = 1
    n: int = 1
    low: float | None = None
    high: float | None = None


Facts = dict[str, Fact]
"""By name."""
