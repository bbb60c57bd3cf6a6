"""What the fields of a manifest are made of: numbers, bounds, names, choices of indices."""

from __future__ import annotations

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, Field, Strict, StringConstraints

Number = Annotated[float, Strict()]
"""Finite (STRICT says so), and really a number: no text, no boolean."""

Numbers = tuple[Number, ...]
Positive = Annotated[float, Strict(), Field(gt=0.0)]
Armature = Annotated[float, Strict(), Field(ge=0.0)]
"""Rotor inertia as its joint feels it [kg·m²]."""

Pair = tuple[Number, Number]


def _open(bounds: object) -> object:
    """Return bounds with an infinite side as the open side that it means."""
    if not isinstance(bounds, (list, tuple)) or len(bounds) != 2:
        return bounds
    low, high = bounds
    return (None if low == -math.inf else low, None if high == math.inf else high)


Bounds = Annotated[tuple[Number | None, Number | None], BeforeValidator(_open)]
"""Lower and upper bound; None, or infinity: unbounded on that side."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Names = tuple[Name, ...]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Strict(), Field(ge=1, le=1000)]


def _unrolled(pick: object) -> object:
    """Return ``"3:7"`` as the numbers 3 to 6; anything else as it is."""
    found = re.fullmatch(r"(\d{1,4}):(\d{1,4})", pick) if isinstance(pick, str) else None
    return tuple(range(int(found[1]), int(found[2]))) if found else pick


Index = Annotated[int, Strict(), Field(ge=0, lt=10_000)]
Pick = Annotated[Annotated[tuple[Index, ...], Field(min_length=1)], BeforeValidator(_unrolled)]
"""Which values of a vector are meant, by index and in this order; as text: ``"first:beyond"``."""
