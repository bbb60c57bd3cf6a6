"""Names of the keys in what a terminal sends."""

from __future__ import annotations

from collections.abc import Iterator

_ARROWS = {"A": "up", "B": "down", "C": "right", "D": "left"}
_ESCAPE, _SEQUENCE = "\x1b", ("[", "O")


class KeyReader:
    """Splits what is read into keys; an arrow may come in pieces."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._rest = ""

    def keys(self, data: bytes) -> Iterator[str]:
        """Yield names: letters in lower case, ``space``, ``up``, ``down``, ``left``, ``right``.

        Other sequences of a terminal are passed over.
        """
        text, self._rest = self._rest + data.decode(errors="replace"), ""
        while text:
            if text[0] != _ESCAPE:
                yield "space" if text[0] == " " else text[0].lower()
                text = text[1:]
                continue
            length = _length_of(text)
            if length is None:
                self._rest = text
                return
            if name := _ARROWS.get(text[length - 1]) if length == 3 else None:
                yield name
            text = text[length:]


def _length_of(text: str) -> int | None:
    """Length of the sequence that a text begins with; None where it is not all there."""
    if len(text) == 1:
        return None
    if text[1] not in _SEQUENCE:
        return 1
    ends = (n for n, letter in enumerate(text[2:], 3) if "@" <= letter <= "~")
    return next(ends, None)
