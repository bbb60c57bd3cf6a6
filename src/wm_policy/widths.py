"""How many values terms, blocks and inputs have."""

from __future__ import annotations

from collections.abc import Iterator

from wm_policy.manifest import Block, Input, Manifest, Term
from wm_policy.terms import TERMS


def term_width(term: Term, manifest: Manifest) -> int:
    """Return the number of values of one term in one frame, as many as are picked of it."""
    return whole_width(term, manifest) if term.pick is None else len(term.pick)


def whole_width(term: Term, manifest: Manifest) -> int:
    """Return the number of values that a term has before any are picked."""
    kind = TERMS[term.name]
    if kind.width:
        return kind.width
    phases = len(manifest.phase.initial) if manifest.phase else 0
    counts = {
        "joints": len(term.joints if term.joints is not None else manifest.joints),
        "actions": len(manifest.action.joints),
        "phases": phases,
        "phases*2": 2 * phases,
        "value": len(term.value or ()),
    }
    return counts[kind.of]


def frame_width(block: Block, manifest: Manifest) -> int:
    """Return the number of values of one frame of a block."""
    return sum(term_width(term, manifest) for term in block.terms)


def block_width(block: Block, manifest: Manifest) -> int:
    """Return the number of values of a block, all its frames."""
    return frame_width(block, manifest) * (block.history.length if block.history else 1)


def input_width(tensor: Input, manifest: Manifest) -> int:
    """Return the number of values of an input."""
    return sum(block_width(block, manifest) for block in tensor.blocks)


def all_terms(manifest: Manifest) -> Iterator[tuple[str, Term]]:
    """Yield every term with its place in the manifest."""
    for i, tensor in enumerate(manifest.inputs):
        for b, block in enumerate(tensor.blocks):
            for t, term in enumerate(block.terms):
                yield f"inputs[{i}].blocks[{b}].terms[{t}]", term
