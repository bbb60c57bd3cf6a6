"""Scripted faults, written ``TARGET:VERB[=VALUE]@TIME[+DURATION]``, e.g. ``gyro:bias=0.2@5+1``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

VERBS = {"stuck": None, "nan": None, "drop": 1.0, "bias": 0.1, "scale": -1.0}
"""Verbs and the value that each takes when none is given (None: it takes no value)."""

_FORM = re.compile(
    r"(?P<target>[\w.]+):(?P<verb>\w+)(=(?P<value>[^@]+))?@(?P<start>[^+]+)(\+(?P<duration>.+))?"
)


UNCHANGED = {"bias": 0.0, "scale": 1.0}
"""Values with which a verb would change nothing."""

ROUNDING = 1e-9
"""Times are sums of periods, and so not exactly what was written [s]."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one target.

    verb: stuck (keeps its last value), nan, drop (a sample is missing with probability ``value``),
        bias (``value`` is added), scale (is multiplied by ``value``).
    start, duration: [s]; an infinite duration means until the end.
    """

    target: str
    verb: str
    value: float
    start: float
    duration: float

    @staticmethod
    def parse(text: str) -> Fault:
        """Read one fault; ValueError says what was found and what was expected."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"fault '{text}': expected TARGET:VERB[=VALUE]@TIME[+DURATION]")
        verb, value = match["verb"], match["value"]
        if verb not in VERBS:
            raise ValueError(f"fault '{text}': verb '{verb}', expected one of {', '.join(VERBS)}")
        default = VERBS[verb]
        if value is not None and default is None:
            raise ValueError(f"fault '{text}': verb '{verb}' takes no value")
        number = float(value) if value is not None else (default or 0.0)
        fault = Fault(
            match["target"], verb, number, float(match["start"]), float(match["duration"] or "inf")
        )
        if not (math.isfinite(number) and 0.0 <= fault.start < math.inf and fault.duration > 0.0):
            raise ValueError(f"fault '{text}': value, time and duration must be real and positive")
        if verb == "drop" and not 0.0 < number <= 1.0:
            raise ValueError(f"fault '{text}': a drop probability must be in (0, 1]")
        if number == UNCHANGED.get(verb):
            raise ValueError(f"fault '{text}': {verb} by {number:g} changes nothing")
        return fault

    def active(self, time: float) -> bool:
        """Whether the fault is on at ``time`` [s]."""
        return self.start - ROUNDING <= time < self.start + self.duration - ROUNDING
