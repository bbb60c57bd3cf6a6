"""The last frames of a block, in the arrangement that its policy was trained with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_policy.manifest import History
from wm_policy.signals import Floats


@dataclass(frozen=True, slots=True)
class FramesBefore:
    """What a ``BlockWriter`` remembers."""

    store: Floats
    oldest: int
    empty: bool


class BlockWriter:
    """Copies a block's frame, or its last frames, into its part of an input tensor.

    Frames are kept twice in a buffer of 2 H rows, so that any H frames in a row lie next to each
    other, and one gather puts them into the wanted order.
    """

    def __init__(
        self, frame: Floats, target: Floats, widths: Sequence[int], history: History | None
    ) -> None:
        """frame: (w,) the block's part of the frame of now; target: (h w,) written by ``write``.

        widths: of the block's terms.
        """
        self._frame, self._target, self._history = frame, target, history
        self._length = history.length if history else 1
        self._width = len(frame)
        self._store: Floats = np.zeros((2 * self._length, self._width), dtype=np.float32)
        self._flat = self._store.reshape(-1)
        self._gather = arrangement(widths, history) if history else np.arange(self._width)
        self._direct = history is None
        self._oldest = 0
        self._empty = True

    def reset(self) -> None:
        """Forget all frames."""
        self._store[:] = 0.0
        self._oldest = 0
        self._empty = True

    def memory(self) -> FramesBefore:
        """Copy all frames."""
        return FramesBefore(self._store.copy(), self._oldest, self._empty)

    def recall(self, memory: FramesBefore) -> None:
        """Go back to these frames."""
        self._store[:] = memory.store
        self._oldest, self._empty = memory.oldest, memory.empty

    def write(self) -> None:
        """Take in the frame of now and write the target."""
        if self._direct:
            self._target[:] = self._frame
            return
        assert self._history is not None
        if self._empty and self._history.fill == "first":
            self._store[:] = self._frame
        self._empty = False
        if self._history.current:
            self._push()
            self._emit()
        else:
            self._emit()
            self._push()

    def _push(self) -> None:
        self._store[self._oldest] = self._frame
        self._store[self._oldest + self._length] = self._frame
        self._oldest = (self._oldest + 1) % self._length

    def _emit(self) -> None:
        begin = self._oldest * self._width
        window = self._flat[begin : begin + self._length * self._width]
        if self._target.dtype == np.float32:
            np.take(window, self._gather, out=self._target, mode="clip")
        else:
            self._target[:] = window[self._gather]


def arrangement(widths: Sequence[int], history: History) -> NDArray[np.intp]:
    """Return for every value of the block its place in the frames from oldest to newest.

    widths: of the terms of one frame.
    """
    width = sum(widths)
    frames = np.arange(history.length * width).reshape(history.length, width)
    if history.order == "newest_first":
        frames = frames[::-1]
    if history.layout == "per_frame":
        return frames.reshape(-1).astype(np.intp)
    ends = np.cumsum(widths)
    parts = [frames[:, end - w : end].reshape(-1) for w, end in zip(widths, ends, strict=True)]
    return np.concatenate(parts).astype(np.intp)
