"""Work of one dense QP in DAQP, by its dimensions and the iterations it took.

DAQP (Arnström et al., 2022, "A dual active-set solver for embedded quadratic programming using
recursive LDLᵀ updates", sections III and IV) solves, for min 1/2 xᵀ H x + fᵀ x with n unknowns
between bounds on x and on m rows A x, the least-distance problem in u = R x + v. With R the
Cholesky factor of H, what a solve takes is

    R, its inverse                                  n³/3 + n³/3
    v = R⁻ᵀ f, and x from u at the end              2 n²
    M = A R⁻¹ (R triangular), the rows normalised   m n² + 3 n (n + m)
    offsets of the bounds, M v                      2 n (n + m)

and in every iteration, with k constraints active,

    violations M u of all constraints               2 n (n + m)
    u = -Mᵀ lambda over the active ones             2 n k
    a row of LDLᵀ: products with the active rows    2 n k
    triangular solves with L, forth and back        2 k² + 2 k²

k is not told by the solver. Each iteration adds or removes one, so the k of n unknowns after i
iterations is at most min(i, n), which is used: an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass

from wm_bringup.costs.work import Work, numbers


@dataclass(frozen=True, slots=True)
class SolvedQp:
    """One QP: unknowns, rows besides their simple bounds, and iterations taken."""

    unknowns: int
    rows: int
    iterations: int


def qp_work(qp: SolvedQp) -> Work:
    """Work of setting up and solving it, as in the module's docstring."""
    n, m = qp.unknowns, qp.rows
    setup = 2.0 * n**3 / 3.0 + 2.0 * n**2 + m * n**2 + 5.0 * n * (n + m)
    flop = setup + sum(_iteration(n, m, min(i, n)) for i in range(1, qp.iterations + 1))
    most = min(qp.iterations, n)
    held = 2 * n * n + n + 2 * m * n + n * n + 4 * (n + m) + most * (most + 1) // 2
    return numbers(flop, held)


def _iteration(n: int, m: int, active: int) -> float:
    return 2.0 * n * (n + m) + 4.0 * n * active + 4.0 * active**2
