"""What a file says wrongly is judged only after an overlay has had its say.

A loader puts a ``Refusal`` where it cannot read a value. Whatever ``override`` replaces is then no
longer there; what remains is why the policy is refused, all of it at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from wm_policy.errors import MissingValueError, PolicyError

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Stands for a value that a file does not say, or says wrongly."""

    error: PolicyError

    @property
    def missing(self) -> bool:
        """Whether the file says nothing, so that ``fill`` may say it."""
        return isinstance(self.error, MissingValueError)


def judged(read: Callable[[], Read]) -> Read | Refusal:
    """Return what is read, or why it is refused."""
    try:
        return read()
    except PolicyError as error:
        return Refusal(error)


def refusals(content: object) -> Iterator[PolicyError]:
    """Yield the errors that are left in plain content, each once."""
    seen: set[str] = set()
    for error in _found(content):
        if str(error) not in seen:
            seen.add(str(error))
            yield error


def _found(content: object) -> Iterator[PolicyError]:
    if isinstance(content, Refusal):
        yield content.error
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _found(value)
