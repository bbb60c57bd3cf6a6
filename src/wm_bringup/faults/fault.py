"""Scripted faults, written ``TARGET:VERB[=VALUE]@TIME[+DURATION]``, e.g. ``gyro:bias=0.2@5+1``.

Targets and verbs are those of ``wm_bringup.faults.meanings``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from wm_bringup.faults.meanings import PATHS, meanings_of
from wm_control.errors import WmError

_FORM = re.compile(
    r"(?P<target>[\w.]+):(?P<verb>\w+)(=(?P<value>[^@]+))?@(?P<start>[^+]+)(\+(?P<duration>.+))?"
)

UNCHANGED = {"bias": 0.0, "scale": 1.0}
"""Values with which a verb would change nothing."""

ROUNDING = 1e-9
"""Times are sums of periods, and so not exactly what was written [s]."""


class FaultRefusedError(WmError):
    """A fault that was asked for is not injected; the text says why."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one target.

    value: in the unit that ``meanings`` gives; zero for a verb that takes none.
    start, duration: [s]; an infinite duration means until the end.
    text: as it was written.
    """

    target: str
    verb: str
    value: float
    start: float
    duration: float
    text: str = field(default="", compare=False)

    @staticmethod
    def parse(text: str) -> Fault:
        """Read one fault; ValueError says what was found and what was expected."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"fault '{text}': expected TARGET:VERB[=VALUE]@TIME[+DURATION]")
        target, verb, value = match["target"], match["verb"], match["value"]
        meanings = meanings_of(target)
        if verb not in meanings:
            known = ", ".join(meanings)
            raise ValueError(
                f"fault '{text}': verb '{verb}' means nothing of {target}, expected one of {known}"
            )
        meaning = meanings[verb]
        if value is not None and meaning.unit is None:
            raise ValueError(f"fault '{text}': verb '{verb}' takes no value")
        number = float(value) if value is not None else meaning.default
        start, duration = float(match["start"]), float(match["duration"] or "inf")
        fault = Fault(target, verb, number, start, duration, text)
        if not (math.isfinite(number) and 0.0 <= start < math.inf and duration > 0.0):
            raise ValueError(f"fault '{text}': value, time and duration must be real and positive")
        if verb == "drop" and not 0.0 < number <= 1.0:
            raise ValueError(f"fault '{text}': a drop probability must be in (0, 1]")
        if verb == "delay" and not 0.0 < number <= 10.0:
            raise ValueError(f"fault '{text}': a delay must be in (0, 10] s")
        if number == UNCHANGED.get(verb):
            raise ValueError(f"fault '{text}': {verb} by {number:g} changes nothing")
        return fault

    def active(self, time: float) -> bool:
        """Whether the fault is on at ``time`` [s]."""
        return self.start - ROUNDING <= time < self.start + self.duration - ROUNDING

    @property
    def of_sensors(self) -> bool:
        """Whether it is a fault of what the sensors say."""
        return self.target not in PATHS


def parse_all(texts: Iterable[str]) -> tuple[Fault, ...]:
    """Read several faults, in order."""
    return tuple(Fault.parse(text) for text in texts)
