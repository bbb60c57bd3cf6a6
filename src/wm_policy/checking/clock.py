"""What must hold of a gait clock, and of the limits below which a robot is told to stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from wm_policy.errors import FieldError, MissingValueError, PolicyError, WidthMismatchError
from wm_policy.manifest import Manifest, Moving, Phase, Standing, Wake


def clock_problems(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    """Yield what is wrong with ``phase`` and ``moving``."""
    if manifest.moving is not None:
        yield from _limited(manifest.moving, file, "moving")
    phase = manifest.phase
    if phase is None:
        return
    if phase.standing is not None:
        yield from _standing(phase, phase.standing, file)
    if not phase.frequency < manifest.rate / 2.0:
        expected = f"less than half the rate, {manifest.rate / 2.0:g} Hz"
        yield FieldError(file, "phase.frequency", expected, phase.frequency)


def _limited(limits: Moving | Standing, file: Path, field: str) -> Iterator[PolicyError]:
    stated = (limits.linear_below, limits.angular_below, limits.command_below)
    if stated == (None, None, None):
        expected = "command_below, linear_below or angular_below"
        yield MissingValueError(file, field, expected, "none of them")


def _standing(phase: Phase, standing: Standing, file: Path) -> Iterator[PolicyError]:
    yield from _limited(standing, file, "phase.standing")
    if standing.phase is None and not standing.blank:
        expected = "phase, at which the clock stops, or blank: true"
        yield MissingValueError(file, "phase.standing", expected, "neither")
    if standing.phase is not None:
        yield from _as_many(phase, standing.phase, file, "phase.standing.phase")
    wake = standing.wake
    if wake is not None:
        yield from _wake(phase, wake, file)
        if wake.initial_right is not None and standing.phase is None:
            field = "phase.standing.wake.initial_right"
            yield FieldError(
                file, field, "a clock that stops (phase.standing.phase)", "one that goes on"
            )


def _wake(phase: Phase, wake: Wake, file: Path) -> Iterator[PolicyError]:
    name = "phase.standing.wake"
    if wake.initial_right is not None:
        yield from _as_many(phase, wake.initial_right, file, f"{name}.initial_right")
    settling = wake.settling
    if settling is not None and settling.angular_velocity < wake.angular_velocity:
        field = f"{name}.settling.angular_velocity"
        expected = f"at least wake.angular_velocity, {wake.angular_velocity:g} rad/s"
        yield FieldError(file, field, expected, settling.angular_velocity)


def _as_many(
    phase: Phase, values: Sequence[float], file: Path, field: str
) -> Iterator[PolicyError]:
    if len(values) != len(phase.initial):
        expected = f"{len(phase.initial)} phases"
        yield WidthMismatchError(file, field, expected, f"{len(values)}")
