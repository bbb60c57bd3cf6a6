"""What command filter and velocity gate report of themselves, for whoever publishes health."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wm_control.arbiter.command_filter import Clip, CommandFilter
from wm_control.arbiter.velocity_gate import VelocityGate


@dataclass(frozen=True, slots=True)
class SafeguardReport:
    """clips: joint commands clipped since reset, by kind. refused: velocity commands refused.

    velocity_cause: why the newest velocity command is not followed; empty when it is.
    velocity_reduction: to what it is reduced, and why; empty when it is not.
    """

    clips: Mapping[str, int]
    refused: int
    velocity_cause: str
    velocity_reduction: str = ""


def report_safeguards(filtering: CommandFilter, gate: VelocityGate) -> SafeguardReport:
    """Take stock of both."""
    clips = {clip.name.lower(): int(filtering.counts[clip].sum()) for clip in Clip}
    return SafeguardReport(clips, gate.refused, gate.cause, gate.reduction())
