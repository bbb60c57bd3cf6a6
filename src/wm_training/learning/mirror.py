"""Left and right: how vectors change when the world is seen in a mirror.

A walker in the second half of its stride is the mirror image of one in the first half. The network
therefore only ever sees the first half: observations of the second half are mirrored before it and
its actions mirrored back, which halves what it has to learn and makes it symmetric by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class Mirror:
    """``values[..., index] * sign`` is the mirror image; index (w,), sign (w,)."""

    index: NDArray[np.intp]
    sign: Array

    def __call__(self, values: Array) -> Array:
        """Return the mirror image of (..., w) values."""
        image: Array = values[..., self.index] * self.sign
        return image

    def where(self, mask: NDArray[np.bool_], values: Array) -> Array:
        """Return (n, w) values with the rows in ``mask`` (n,) mirrored."""
        return np.where(mask[:, None], self(values), values)


def joined(*mirrors: Mirror) -> Mirror:
    """Mirror of vectors that are put one after the other."""
    index, sign, start = [], [], 0
    for mirror in mirrors:
        index.append(mirror.index + start)
        sign.append(mirror.sign)
        start += len(mirror.sign)
    return Mirror(np.concatenate(index), np.concatenate(sign))


def signs(*values: float) -> Mirror:
    """Mirror of a vector whose components only change sign."""
    return Mirror(np.arange(len(values)), np.array(values))


PAIR = Mirror(np.array([1, 0]), np.ones(2))
"""Of one value per leg."""

VECTOR = signs(1.0, -1.0, 1.0)
"""Of velocities, gravity and positions x, y, z."""

ROTATION = signs(-1.0, 1.0, -1.0)
"""Of angular velocities about x, y, z."""

COMMAND = signs(1.0, -1.0, -1.0)
"""Of forward, left and turning speed."""


def second_half(sine: Array) -> NDArray[np.bool_]:
    """(n,) whether the right leg's half of the stride is under way; sine: (n, 2) of the phases."""
    return np.asarray(sine[:, 0] < -1e-6)
