"""Disturbances of a simulated robot that are asked for while it walks, as text.

push=FORWARD,LEFT[,UP][@PHASE]    impulse at the pelvis within 0.1 s [N·s], now or at a phase
payload=MASS                      what hangs from the torso from now on [kg]; 0 takes it off
friction=VALUE                    of soles on the ground from now on
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_PUSH = re.compile(r"push=(?P<impulse>[^@]+)(@(?P<phase>.+))?")
_OTHER = re.compile(r"(?P<what>payload|friction)=(?P<value>.+)")

LARGEST_IMPULSE, LARGEST_PAYLOAD, LARGEST_FRICTION = 200.0, 50.0, 2.0
"""Beyond these somebody has mistyped [N·s], [kg], [-]."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """One disturbance; what is not None is asked for.

    impulse: (3,) forward, left, up of when it begins [N·s]. phase: of the stride that it waits for,
    in [0, 1); None: now. payload: [kg], friction: [-]; None: left as they are. text: as written.
    """

    impulse: tuple[float, float, float] | None = None
    phase: float | None = None
    payload: float | None = None
    friction: float | None = None
    text: str = ""

    @staticmethod
    def parse(text: str) -> Disturbance:
        """Read one; ValueError says what was found and what was expected."""
        words = text.replace(" ", "")
        if push := _PUSH.fullmatch(words):
            impulse = _impulse(push["impulse"], text)
            phase = None if push["phase"] is None else _number(push["phase"], text, 0.0, 1.0)
            if phase == 1.0:
                raise ValueError(f"disturbance '{text}': a phase is at least 0 and less than 1")
            return Disturbance(impulse=impulse, phase=phase, text=words)
        if other := _OTHER.fullmatch(words):
            if other["what"] == "payload":
                mass = _number(other["value"], text, 0.0, LARGEST_PAYLOAD)
                return Disturbance(payload=mass, text=words)
            friction = _number(other["value"], text, 0.01, LARGEST_FRICTION)
            return Disturbance(friction=friction, text=words)
        raise ValueError(
            f"disturbance '{text}': expected push=FORWARD,LEFT[,UP][@PHASE], payload=MASS or "
            "friction=VALUE"
        )


def push_text(forward: float, left: float, phase: float | None = None) -> str:
    """Write a push; forward, left: [N·s]."""
    when = "" if phase is None else f"@{phase:g}"
    return f"push={forward:g},{left:g}{when}"


def _impulse(written: str, text: str) -> tuple[float, float, float]:
    parts = [_number(part, text, -LARGEST_IMPULSE, LARGEST_IMPULSE) for part in written.split(",")]
    if len(parts) not in (2, 3) or not any(parts):
        raise ValueError(f"disturbance '{text}': a push has two or three numbers, not all zero")
    forward, left, *up = parts
    return forward, left, up[0] if up else 0.0


def _number(written: str, text: str, lowest: float, highest: float) -> float:
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not lowest <= value <= highest:
        raise ValueError(
            f"disturbance '{text}': '{written}' must be a number from {lowest:g} to {highest:g}"
        )
    return value
