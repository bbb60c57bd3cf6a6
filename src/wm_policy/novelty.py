"""How far an observation is from what the policy was trained on: one number per step.

    novelty = sqrt(mean(z²)),  z = clip((value - mean) / deviation, -10, 10)

over the frame of now. Mean and deviation are the manifest's ``statistics``, or those of the
normaliser inside the network, else, and for every block with a history, stated guesses: the default
pose at rest, and the usual spreads of the term table. About 1 is like training; docs/policies.md
lists what walking and falling give.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from wm_policy.manifest import Block, Input, Manifest, Statistics, Term
from wm_policy.observation import FrameTable
from wm_policy.signals import Floats
from wm_policy.terms import TERMS
from wm_policy.widths import block_width, frame_width, whole_width

LARGEST: Final = 10.0
"""One value alone counts for at most this many deviations."""

LEAST_SHARE: Final = 0.1
"""Of the term's usual spread; a smaller deviation would make trifles count as new."""


class Novelty:
    """Scores frames of one policy."""

    def __init__(
        self, manifest: Manifest, table: FrameTable, known: Mapping[str, Statistics]
    ) -> None:
        """known: statistics by input tensor; what has none, or a history, gets the stated guesses.

        measured: how many values have statistics.
        """
        mean, deviation = expected_frame(manifest, table, known)
        self.mean: Floats = mean
        self._weight: Floats = 1.0 / deviation
        self._z: Floats = np.zeros(len(mean), dtype=np.float32)
        self.measured = measured_values(manifest, known)

    def score(self, frame: Floats) -> float:
        """Novelty of one frame; NaN when the frame is not finite."""
        z = self._z
        np.subtract(frame, self.mean, out=z)
        np.multiply(z, self._weight, out=z)
        squares = float(np.dot(z, z))
        if not squares <= LARGEST * LARGEST:  # else no value is beyond it
            np.minimum(z, LARGEST, out=z)
            np.maximum(z, -LARGEST, out=z)
            squares = float(np.dot(z, z))
        return math.sqrt(squares / len(z))


def expected_frame(
    manifest: Manifest, table: FrameTable, known: Mapping[str, Statistics]
) -> tuple[Floats, Floats]:
    """(w,) mean and (w,) deviation of the frame of now."""
    means: list[float] = []
    deviations: list[float] = []
    for tensor in manifest.inputs:
        offset = 0
        for block in tensor.blocks:
            width = frame_width(block, manifest)
            here = slice(len(means), len(means) + width)
            scale = np.abs(table.scale[here])
            guesses = [_guess(term, manifest) for term in block.terms]
            centre = np.concatenate([c for c, _ in guesses])
            spread = np.concatenate([s for _, s in guesses]) * np.maximum(scale, 1e-6)
            mean = (centre - table.reference[here]) * table.scale[here]
            deviation = spread
            if _is_measured(tensor, block, known):
                part = slice(offset, offset + width)
                mean = np.array(known[tensor.name].mean[part])
                stated = np.array(known[tensor.name].deviation[part])
                deviation = np.maximum(stated, LEAST_SHARE * spread)
            means += mean.tolist()
            deviations += deviation.tolist()
            offset += block_width(block, manifest)
    return np.array(means, dtype=np.float32), np.array(deviations, dtype=np.float32)


def measured_values(manifest: Manifest, known: Mapping[str, Statistics]) -> int:
    """Return how many values of the frame of now have statistics; the others are guesses."""
    return sum(
        frame_width(block, manifest)
        for tensor in manifest.inputs
        for block in tensor.blocks
        if _is_measured(tensor, block, known)
    )


def _is_measured(tensor: Input, block: Block, known: Mapping[str, Statistics]) -> bool:
    """Whether statistics of a block are taken: where those of its frame of now lie is known."""
    return tensor.name in known and block.history is None


def _guess(term: Term, manifest: Manifest) -> tuple[Floats, Floats]:
    """Return centre and spread of a term's signal, before reference and scale."""
    kind, width = TERMS[term.name], whole_width(term, manifest)
    centre = np.zeros(width, dtype=np.float32)
    if term.name == "projected_gravity":
        centre[2] = -1.0
    elif term.name == "base_orientation_wxyz":
        centre[0] = 1.0
    elif term.name == "base_orientation_xyzw":
        centre[3] = 1.0
    elif kind.signal == "joint_position":
        defaults = dict(zip(manifest.joints, manifest.default_position, strict=True))
        joints = term.joints if term.joints is not None else manifest.joints
        centre[:] = [defaults.get(joint, 0.0) for joint in joints]
    elif term.name == "constant":
        centre[:] = 1.0
    if term.pick is not None:
        centre = centre[list(term.pick)]
    return centre, np.full(len(centre), kind.spread, dtype=np.float32)
