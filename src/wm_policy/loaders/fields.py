"""Reading fields of foreign metadata, each with its place for messages.

``Fields`` wraps a mapping, hands out typed values, and at the end refuses keys that nobody asked
for: a misspelled key must not be a silent default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from wm_policy.errors import FieldError, MissingValueError, WidthMismatchError


class Fields:
    """A mapping of one file, at ``place`` in it."""

    def __init__(
        self, content: object, file: str | Path, place: str = "", ignore: Sequence[str] = ()
    ) -> None:
        """FieldError unless ``content`` is a mapping with text keys.

        ignore: patterns of full names that mean nothing, here and below.
        """
        self.file, self.place = str(file), place
        self.ignore = tuple(ignore)
        if not isinstance(content, Mapping) or not all(isinstance(key, str) for key in content):
            raise FieldError(file, place or "file", "a mapping of names", content)
        self._content: Mapping[str, Any] = content
        self._used: set[str] = set()

    def at(self, key: str) -> str:
        """Return the full name of a key, for messages."""
        return f"{self.place}.{key}" if self.place else key

    def names(self) -> tuple[str, ...]:
        """Return all keys, in the file's order."""
        return tuple(self._content)

    def has(self, key: str) -> bool:
        """Whether the key is there and not null."""
        return self._content.get(key) is not None

    def is_null(self, key: str) -> bool:
        """Whether the key is there and says null."""
        self._used.add(key)
        return key in self._content and self._content[key] is None

    def optional(self, key: str) -> Any:  # noqa: ANN401 - whatever the file holds
        """Return the value as it is, None when it is absent."""
        self._used.add(key)
        return self._content.get(key)

    def required(self, key: str, expected: str = "a value") -> Any:  # noqa: ANN401
        """Return the value as it is; MissingValueError when it is absent or null."""
        value = self.optional(key)
        if value is None:
            found = "null" if key in self._content else "nothing"
            raise MissingValueError(self.file, self.at(key), expected, found)
        return value

    def fields(self, key: str) -> Fields:
        """Return the mapping under a key."""
        return Fields(self.required(key, "a mapping"), self.file, self.at(key), self.ignore)

    def text(self, key: str) -> str:
        """Return a text that is not empty."""
        value = self.required(key, "text")
        if not isinstance(value, str) or not value:
            raise FieldError(self.file, self.at(key), "text", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        value = self.required(key, "a list of names")
        if not is_list(value) or not all(isinstance(item, str) and item for item in value):
            raise FieldError(self.file, self.at(key), "a list of names", value)
        return tuple(value)

    def number(self, key: str) -> float:
        """Return a finite number."""
        return finite_number(self.required(key, "a number"), self.file, self.at(key))

    def numbers(self, key: str, length: int | None = None) -> tuple[float, ...]:
        """Return a list of finite numbers, ``length`` of them where it is given."""
        return finite_numbers(
            self.required(key, "a list of numbers"), self.file, self.at(key), length
        )

    def integers(self, key: str) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        value = self.required(key, "a list of whole numbers")
        if not is_list(value) or not all(type(item) is int for item in value):
            raise FieldError(self.file, self.at(key), "a list of whole numbers", value)
        return tuple(value)

    def nothing_else(self, ignored: Sequence[str] = ()) -> None:
        """FieldError for the first key that nobody asked for; ``ignored`` ones say nothing."""
        for key in self._content:
            meant = key not in ignored and not any(
                fnmatchcase(self.at(key), pattern) for pattern in self.ignore
            )
            if meant and key not in self._used:
                known = ", ".join(sorted({*self._used, *ignored}))
                raise FieldError(self.file, self.at(key), f"one of {known}", "an unknown key")


def is_list(value: object) -> bool:
    """Whether a value is a list as YAML or JSON make it."""
    return isinstance(value, (list, tuple))


def finite_number(value: object, file: str | Path, field: str) -> float:
    """Return a number; FieldError unless it is one and finite (true, false and text are not)."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise FieldError(file, field, "a number", value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FieldError(file, field, "a finite number", value)
    return number


def finite_numbers(
    value: object, file: str | Path, field: str, length: int | None = None
) -> tuple[float, ...]:
    """Return a list of numbers; WidthMismatchError when there are not ``length``."""
    if not isinstance(value, (list, tuple)):
        raise FieldError(file, field, "a list of numbers", value)
    if length is not None and len(value) != length:
        raise WidthMismatchError(file, field, f"{length} values", f"{len(value)}")
    return tuple(finite_number(item, file, f"{field}[{i}]") for i, item in enumerate(value))
