"""Why a policy was refused. Every error names file, field, what was expected and what was found."""

from __future__ import annotations

import os
from pathlib import Path

from wm_control.errors import WmError


class PolicyError(WmError):
    """Root of everything that keeps a policy from starting."""

    def __init__(self, file: str | Path, field: str, expected: object, found: object) -> None:
        """Make one line of the four; long values are cut in the middle, reasons are not."""
        self.file, self.field = str(file), field
        self.expected, self.found = _short(expected), _short(found)
        super().__init__(f"{self.file}: {field}: expected {self.expected}, found {self.found}")


class PolicyFileError(PolicyError):
    """A file is absent, cannot be read, or it is not clear which one is meant."""


class FieldError(PolicyError):
    """A field holds what it must not hold, or its name is not known."""


class MissingValueError(PolicyError):
    """Something that is needed to run the policy is said nowhere: gains, scale, rate, ..."""


class ConflictError(PolicyError):
    """Two places say different things about the same field."""


class UnknownTermError(PolicyError):
    """An observation term that the builder does not know."""


class WidthMismatchError(PolicyError):
    """A vector and what it is for have different lengths."""


class JointMismatchError(PolicyError):
    """A joint is missing, named twice, or not one of the robot's."""


class RobotMismatchError(PolicyError):
    """The robot is none of those that the policy is for: another one, or with other gears."""


class RateError(PolicyError):
    """The policy's rate does not divide the control rate."""


class HashMismatchError(PolicyError):
    """A file is not the one that was meant."""


class ExternalDataError(PolicyError):
    """Weights that lie outside of the network's file are absent, too short or out of bounds."""


class NonFiniteWeightsError(PolicyError):
    """Weights hold NaN or infinity."""


class NetworkError(PolicyError):
    """The network cannot be read or run, or its tensors are not what the manifest says."""


class PythonTagError(PolicyError):
    """A YAML file asks for a Python object to be made; it never is."""


class GoldenMismatchError(PolicyError):
    """The network does not answer its golden observation with its golden action."""


class ImplausibleError(PolicyError):
    """Metadata that contradicts the robot: out of its limits, left unlike right, order unknown."""


class UnforeseenError(PolicyError):
    """Reading the files failed in a way that nobody thought of; they are refused all the same."""


def absence(path: Path) -> str:
    """Say what there is where a file was expected and is none."""
    if path.is_dir():
        return "a folder"
    if path.is_symlink():
        return f"a link to {os.readlink(path)}, which is not there"
    return "a pipe or device" if os.path.exists(path) else "no such file"


LONGEST_VALUE, LONGEST_TEXT = 240, 4000
"""Characters: of data that was found, and of text, which gives a reason and is left whole."""


def _short(value: object) -> str:
    """Return one line; what is too long says how much was left out, and keeps its end."""
    longest = LONGEST_TEXT if isinstance(value, str) else LONGEST_VALUE
    text = " ".join((value if isinstance(value, str) else repr(value)).split())
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} ... ({len(text) - 2 * half} characters) ... {text[-half:]}"
