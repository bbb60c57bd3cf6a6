"""From an estimate to the network's inputs: table-driven, vectorised, without allocation.

All terms of all inputs form one frame: ``clip_scaled(scale * clip(signal - reference))``, some six
numpy calls however many terms there are. Blocks then place the frame, or the last frames, into
the input tensors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Estimate
from wm_policy.history import BlockWriter, FramesBefore
from wm_policy.manifest import Manifest, Term
from wm_policy.phase import ClockBefore, PhaseClock
from wm_policy.signals import Floats, Signals
from wm_policy.terms import TERMS
from wm_policy.values import Bounds
from wm_policy.widths import all_terms, block_width, frame_width, term_width


@dataclass(frozen=True, slots=True)
class FrameTable:
    """Every value of the frame: which signal, minus what, times what, within which bounds.

    index: (w,) into the signals. The rest: (w,) float32; bounds may be infinite.
    """

    index: NDArray[np.intp]
    reference: Floats
    scale: Floats
    lower: Floats
    upper: Floats
    lower_scaled: Floats
    upper_scaled: Floats


@dataclass(frozen=True, slots=True)
class ObservedBefore:
    """What an ``ObservationBuilder`` remembers. clock: None without one. frames: by block."""

    last_action: Floats
    clock: ClockBefore | None
    frames: tuple[FramesBefore, ...]


class ObservationBuilder:
    """Fills the input tensors of one policy; one ``build`` per policy step."""

    def __init__(
        self, manifest: Manifest, robot_joints: Sequence[str], tensors: Mapping[str, Floats]
    ) -> None:
        """tensors: the flat input tensors by name, written by every ``build``."""
        terms = [term for _, term in all_terms(manifest)]
        phases = len(manifest.phase.initial) if manifest.phase else 0
        wanted = {TERMS[term.name].signal for term in terms}
        actions = len(manifest.action.joints)
        self.signals = Signals(wanted, len(robot_joints), actions, phases, manifest.moving)
        self.clock = PhaseClock(manifest.phase, manifest.rate) if manifest.phase else None
        self.table = frame_table(manifest, robot_joints, self.signals)
        self.frame: Floats = np.zeros(len(self.table.index), dtype=np.float32)
        self._shifts = bool(self.table.reference.any())
        self._clips = _bounded(self.table.lower, self.table.upper)
        self._clips_scaled = _bounded(self.table.lower_scaled, self.table.upper_scaled)
        self._writers = _writers(manifest, self.frame, tensors)

    def reset(self) -> None:
        """Forget histories, phase and the last action."""
        self.signals.last_action[:] = 0.0
        if self.clock is not None:
            self.clock.reset()
        for writer in self._writers:
            writer.reset()

    def memory(self) -> ObservedBefore:
        """Copy histories, phase and the last action."""
        return ObservedBefore(
            self.signals.last_action.copy(),
            None if self.clock is None else self.clock.memory(),
            tuple(writer.memory() for writer in self._writers),
        )

    def recall(self, memory: ObservedBefore) -> None:
        """Go back to these."""
        self.signals.last_action[:] = memory.last_action
        if self.clock is not None and memory.clock is not None:
            self.clock.recall(memory.clock)
        for writer, frames in zip(self._writers, memory.frames, strict=True):
            writer.recall(frames)

    def build(self, estimate: Estimate, command: Sequence[float]) -> None:
        """Write the observation of this instant into the input tensors.

        command: forward, left [m/s], turning [rad/s], within the policy's ranges.
        """
        if self.clock is not None:
            rolling, pitching, _ = estimate.base_angular_velocity_in_base.tolist()
            self.clock.tick(command, rolling, pitching)
        self.signals.refresh(estimate, command, self.clock)
        table, frame = self.table, self.frame
        np.take(self.signals.vector, table.index, out=frame, mode="clip")
        if self._shifts:
            np.subtract(frame, table.reference, out=frame)
        if self._clips:
            np.maximum(frame, table.lower, out=frame)
            np.minimum(frame, table.upper, out=frame)
        np.multiply(frame, table.scale, out=frame)
        if self._clips_scaled:
            np.maximum(frame, table.lower_scaled, out=frame)
            np.minimum(frame, table.upper_scaled, out=frame)
        for writer in self._writers:
            writer.write()


def frame_table(manifest: Manifest, robot_joints: Sequence[str], signals: Signals) -> FrameTable:
    """Unroll the manifest's terms into one row per value."""
    index: list[int] = []
    columns: list[list[float]] = [[], [], [], [], [], []]
    for _, term in all_terms(manifest):
        where, reference, factor = _rows(term, manifest, robot_joints, signals)
        shown = term.pick if term.pick is not None else range(len(where))
        scales = term.scale if isinstance(term.scale, tuple) else (term.scale,) * len(shown)
        index += [where[i] for i in shown]
        columns[0] += [reference[i] for i in shown]
        columns[1] += [scale * factor[i] for scale, i in zip(scales, shown, strict=True)]
        sides = (*_sides(term.clip), *_sides(term.clip_scaled))
        for column, value in zip(columns[2:], sides, strict=True):
            column += [value] * len(shown)
    return FrameTable(np.array(index, dtype=np.intp), *(_floats(column) for column in columns))


def _rows(
    term: Term, manifest: Manifest, robot_joints: Sequence[str], signals: Signals
) -> tuple[list[int], list[float], list[float]]:
    """Index, reference and factor (beside the scale) of a term's values, before any are picked."""
    if term.name == "constant":
        values = list(term.value or ())
        return signals.indices("one", ()) * len(values), [0.0] * len(values), values
    if term.name == "moving":
        standing, moving = term.value or (0.0, 1.0)
        span = moving - standing  # standing + span * signal = span * (signal - reference)
        return signals.indices("moving", ()), [-standing / span], [span]
    joints = term.joints if term.joints is not None else manifest.joints
    where = signals.indices(TERMS[term.name].signal, [robot_joints.index(j) for j in joints])
    reference = [0.0] * len(where)
    if term.name == "joint_position_relative":
        defaults = dict(zip(manifest.joints, manifest.default_position, strict=True))
        reference = [defaults[joint] for joint in joints]
    return where, reference, [1.0] * len(where)


def _sides(bounds: Bounds | None) -> tuple[float, float]:
    low, high = bounds or (None, None)
    return (-np.inf if low is None else low), (np.inf if high is None else high)


def _floats(values: list[float]) -> Floats:
    return np.array(values, dtype=np.float32)


def _bounded(lower: Floats, upper: Floats) -> bool:
    return bool(np.isfinite(lower).any() or np.isfinite(upper).any())


def _writers(manifest: Manifest, frame: Floats, tensors: Mapping[str, Floats]) -> list[BlockWriter]:
    """One writer per block, each with its part of the frame and of its tensor."""
    writers = []
    start = 0
    for tensor in manifest.inputs:
        offset = 0
        for block in tensor.blocks:
            width, total = frame_width(block, manifest), block_width(block, manifest)
            widths = [term_width(term, manifest) for term in block.terms]
            target = tensors[tensor.name][offset : offset + total]
            writers.append(BlockWriter(frame[start : start + width], target, widths, block.history))
            start += width
            offset += total
    return writers
