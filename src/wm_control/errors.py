"""Errors raised at start-up and by tools; nothing in the control loop raises."""

from __future__ import annotations

from typing import Any


class WmError(Exception):
    """Root of every error this project raises on purpose; its text is meant for the user."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Cross from one process to another: with text and evidence, whatever ``__init__`` takes.

        Python itself would call the class with the text alone, and break the pool that tries.
        """
        return _rebuilt, (type(self), self.args, dict(self.__dict__))


def _rebuilt(kind: type[WmError], arguments: tuple[Any, ...], evidence: dict[str, Any]) -> WmError:
    """Make an error again from what it was, without making its text anew."""
    error = kind.__new__(kind)
    error.args = arguments
    error.__dict__.update(evidence)
    return error


class ParameterError(WmError):
    """A parameter is unknown or out of bounds."""

    def __init__(self, key: str, value: object, bound: str, source: str = "") -> None:
        """Name the key, the value found, the bound it broke and the file it came from."""
        self.key, self.value, self.bound, self.source = key, value, bound, source
        where = f" in {source}" if source else ""
        super().__init__(f"parameter '{key}'{where}: {value!r} - {bound}")


class UnreadableFileError(ParameterError):
    """A parameter file cannot be read, or is not what such a file must be."""

    def __init__(self, path: object, why: str) -> None:
        """Name the file and what is wrong with it, on one line."""
        super().__init__(str(path), None, why)
        self.args = (f"{path}: {' '.join(why.split())}",)


class RobotDescriptionError(WmError):
    """The robot's URDF and its configuration do not make a robot."""
