"""Arithmetic and memory of a piece of computation, which add up."""

from __future__ import annotations

from dataclasses import dataclass

DOUBLE = 8
"""Bytes of a number in the model-based controller."""


@dataclass(frozen=True, slots=True)
class Work:
    """What one evaluation does.

    flop: additions, subtractions, multiplications, divisions, comparisons, roots and transcendental
    functions, each counted once; a multiply-add is two. Moving data is none. touched: bytes of all
    arrays that are read or written, each array once however often it is used.
    """

    flop: float = 0.0
    touched: float = 0.0

    def __add__(self, other: Work) -> Work:
        """Both, one after the other."""
        return Work(self.flop + other.flop, self.touched + other.touched)

    def __mul__(self, times: float) -> Work:
        """So many times; a share of one is a mean."""
        return Work(times * self.flop, times * self.touched)

    __rmul__ = __mul__


def numbers(flop: float, count: float) -> Work:
    """Work on ``count`` doubles."""
    return Work(flop, DOUBLE * count)


def product(rows: int, inner: int, columns: int) -> Work:
    """Dense matrix product (rows, inner) (inner, columns)."""
    held = rows * inner + inner * columns + rows * columns
    return numbers(2.0 * rows * inner * columns, held)
