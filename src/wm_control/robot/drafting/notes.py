"""What a draft says about itself: where each entry comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["taken", "guessed", "unknown"]


@dataclass(frozen=True, slots=True)
class Note:
    """One thing said of a draft.

    kind: taken (read off the URDF or measured on its shapes), guessed (a rule of thumb that a data
    sheet should replace), unknown (could not be told: has to be looked at by hand).
    """

    kind: Kind
    subject: str
    text: str


def taken(subject: str, text: str) -> Note:
    """Note what was read or measured."""
    return Note("taken", subject, text)


def guessed(subject: str, text: str) -> Note:
    """Note a rule of thumb."""
    return Note("guessed", subject, text)


def unknown(subject: str, text: str) -> Note:
    """Note what has to be looked at by hand."""
    return Note("unknown", subject, text)
