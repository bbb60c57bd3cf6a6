"""The C++ standard's Mersenne Twister, seeded as by ``std::seed_seq``: the same words as there.

Benchmarks that are written in C++ draw their episodes with it; the standard fixes both algorithms
to the last bit ([rand.util.seedseq], [rand.eng.mers]), but not its distributions, so that those
stand here in the form in which such programs write them out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array

_WORDS = 624
"""Words of 32 bit in the state of ``std::mt19937``."""

_MASK = 0xFFFFFFFF

_TAPS = ((623, 11), (68, 7), (39, 5), (7, 3))
"""From how many words on ``seed_seq`` mixes words that are how far apart."""


def seed_words(seeds: Sequence[int], count: int) -> list[int]:
    """``std::seed_seq(seeds).generate`` of ``count`` words, as the standard writes it down."""

    def mixed(x: int) -> int:
        return (x ^ (x >> 27)) & _MASK

    words, s = [0x8B8B8B8B] * count, len(seeds)
    t = next((t for least, t in _TAPS if count >= least), (count - 1) // 2)
    p = (count - t) // 2
    q = p + t
    m = max(s + 1, count)
    for k in range(m):
        r = 1664525 * mixed(words[k % count] ^ words[(k + p) % count] ^ words[(k - 1) % count])
        share = s if k == 0 else k % count + (seeds[k - 1] if k <= s else 0)
        r2 = (r + share) & _MASK
        words[(k + p) % count] = (words[(k + p) % count] + r) & _MASK
        words[(k + q) % count] = (words[(k + q) % count] + r2) & _MASK
        words[k % count] = r2
    for k in range(m, m + count):
        r3 = 1566083941 * mixed(
            (words[k % count] + words[(k + p) % count] + words[(k - 1) % count]) & _MASK
        )
        r4 = (r3 - k % count) & _MASK
        words[(k + p) % count] ^= r3 & _MASK
        words[(k + q) % count] ^= r4
        words[k % count] = r4
    return words


class StandardTwister:
    """``std::mt19937(std::seed_seq{seeds...})``."""

    def __init__(self, *seeds: int) -> None:
        """seeds: words of 32 bit."""
        key = np.array(seed_words(seeds, _WORDS), dtype=np.uint32)
        if not (key[0] >> 31 or key[1:].any()):
            key[0] = 1 << 31  # a state of zeros would stay one
        self._bits = np.random.MT19937()
        self._bits.state = {"bit_generator": "MT19937", "state": {"key": key, "pos": _WORDS}}

    def words(self, count: int) -> NDArray[np.uint64]:
        """Return the next words of 32 bit."""
        words: NDArray[np.uint64] = self._bits.random_raw(count)
        return words

    def units(self, count: int) -> Array:
        """Return numbers in [0, 1): the upper 24 bit of a word each, times 2^-24."""
        return (self.words(count) >> np.uint64(8)).astype(np.float64) / (1 << 24)

    def unit(self) -> float:
        """One of them."""
        return float(self.units(1)[0])

    def between(self, low: float, high: float) -> float:
        """One number in [low, high)."""
        return low + (high - low) * self.unit()

    def below(self, bound: int) -> int:
        """One whole number in [0, bound), every one as likely: words beyond a multiple are left."""
        span = (1 << 32) // bound
        while (word := int(self.words(1)[0])) >= span * bound:
            pass
        return word // span
