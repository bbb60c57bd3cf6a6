"""How a number is written: its value, its interval, its n; the same on the page and in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

NONE = "\N{EN DASH}"
"""Where there is no number."""

_THIN = "\N{NARROW NO-BREAK SPACE}"
_PREFIXES = ((1e-12, "p"), (1e-9, "n"), (1e-6, "\N{MICRO SIGN}"), (1e-3, "m"), (1.0, ""))


def plain(value: float | None, digits: int = 3) -> str:
    """Write significant digits, thousands in groups; a dash for nothing."""
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"
    if value == 0.0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{abs(value):,.{min(places, 9)}f}".replace(",", _THIN)
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return f"\N{MINUS SIGN}{text}" if value < 0 else text


def is_share(number: Mapping[str, Any], unit: str) -> bool:
    """Whether a number counts how many of n, and is no rate."""
    return number.get("events") is not None and not unit


def _part(value: float | None) -> tuple[float, str]:
    """Return the part of a unit in which a value is told, and its prefix."""
    if not value or math.isnan(value):
        return 1.0, ""
    return next((part for part in reversed(_PREFIXES) if abs(value) >= part[0]), _PREFIXES[0])


def scaled(
    value: float | None, unit: str, *, share: bool, like: float | None = None
) -> tuple[float | None, str]:
    """Give shares in percent and what is far below one unit of energy in parts of it.

    like: the number in whose part of the unit it is told; None: its own.
    """
    if share:
        return (None if value is None else 100.0 * value), "%"
    if unit == "1/h":
        return value, "/h"
    if unit == "J":
        factor, prefix = _part(value if like is None else like)
        return (None if value is None else value / factor), prefix + unit
    return value, unit


YES_OR_NO = "yes or no"
"""Unit of what holds (1) or does not (0)."""


def value_text(number: Mapping[str, Any], unit: str) -> str:
    """Write the value and its unit."""
    if unit == YES_OR_NO and number["value"] is not None:
        return "yes" if number["value"] else "no"
    value, told = scaled(number["value"], unit, share=is_share(number, unit))
    return plain(value) + (f"{_THIN}{told}" if told and value is not None else "")


def interval_text(number: Mapping[str, Any], unit: str) -> str:
    """Write the interval in the value's unit, empty where there is none."""
    low, high = number.get("low"), number.get("high")
    if low is None and high is None:
        return ""
    share, like = is_share(number, unit), number["value"] or 0.0
    ends = (plain(scaled(end, unit, share=share, like=like)[0]) for end in (low, high))
    return f"[{', '.join(ends)}]"


def n_text(number: Mapping[str, Any], unit: str = "") -> str:
    """Write of how many: a share's count, a rate's events, or the number of samples.

    What is no sample says how it was found instead, in the first word of its method.
    """
    events, n = number.get("events"), number.get("n", 1)
    if n == 1 and number.get("method") and number.get("low") is None:
        return str(number["method"]).replace(":", " ").split()[0]
    if events is not None and unit:
        return f"{events} in {n} episodes"
    return f"{events} of {n}" if events is not None else f"n = {n}"


def p_text(p: float | None) -> str:
    """Write a probability; tiny ones as a bound."""
    if p is None:
        return NONE
    return "p < 0.001" if p < 1e-3 else f"p = {p:.2g}"
