"""Small closed-form expressions, written once in CasADi and called with fixed buffers.

numpy spends 0.3 to 1 us on every operation with three-vectors, whatever it computes. An expression
of some hundred such operations costs a microsecond or two as one kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import casadi as ca
import numpy as np

from wm_control.types import Array


class Kernel:
    """One CasADi function with buffers of its own; not to be shared by threads.

    function: the compiled expressions. inputs, outputs: arrays by name, in Fortran order as
    CasADi's; write the former, call ``run``, read the latter, which the next ``run`` overwrites.
    Column vectors are one-dimensional.
    """

    def __init__(
        self,
        name: str,
        inputs: Mapping[str, ca.SX],
        outputs: Mapping[str, ca.SX],
        memory: Mapping[str, Array] | None = None,
    ) -> None:
        """Compile; inputs are the free symbols of the outputs' expressions.

        memory: arrays to read inputs from in place, by name, so that kernels may share them; a
        matrix in Fortran order.
        """
        dense = [ca.densify(expression) for expression in outputs.values()]
        self.function = ca.Function(
            name, list(inputs.values()), dense, list(inputs), list(outputs), {"cse": True}
        )
        self._buffer: Any  # its stub lacks the form that takes a memoryview
        self._buffer, self.run = self.function.buffer()
        given = memory or {}
        self.inputs = {
            key: self._argument(k, inputs[key], given.get(key)) for k, key in enumerate(inputs)
        }
        self.outputs = {key: self._result(k, outputs[key]) for k, key in enumerate(outputs)}

    def _argument(self, index: int, symbol: ca.SX, given: Array | None) -> Array:
        flat = np.zeros(symbol.numel()) if given is None else given.T.reshape(-1, copy=False)
        self._buffer.set_arg(index, flat.data)
        return _shaped(flat, symbol)

    def _result(self, index: int, expression: ca.SX) -> Array:
        flat = np.zeros(expression.numel())
        self._buffer.set_res(index, flat.data)
        return _shaped(flat, expression)


def _shaped(flat: Array, expression: ca.SX) -> Array:
    rows, columns = expression.shape
    return flat if columns == 1 else flat.reshape((rows, columns), order="F")


def exponential(phi: ca.SX) -> ca.SX:
    """(3, 3) rotation by the rotation vector (3,), exact for all angles (Rodrigues)."""
    angle = ca.sqrt(ca.sumsqr(phi) + 1e-24)  # never zero
    half = ca.sin(0.5 * angle) / angle
    skew = ca.skew(phi)
    return ca.SX.eye(3) + ca.sin(angle) / angle * skew + 2.0 * half * half * (skew @ skew)


def logarithm(rotation: ca.SX) -> ca.SX:
    """(3,) rotation vector of a rotation (3, 3) by less than half a turn."""
    r = rotation
    odd = 0.5 * ca.vertcat(r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1])
    sine = ca.sqrt(ca.sumsqr(odd) + 1e-24)  # never zero
    return ca.atan2(sine, 0.5 * (ca.trace(r) - 1.0)) / sine * odd


def matrix_of(quaternion: ca.SX) -> ca.SX:
    """(3, 3) rotation of a unit quaternion (4,) xyzw."""
    axis, w = quaternion[:3], quaternion[3]
    skew = ca.skew(axis)
    return ca.SX.eye(3) + 2.0 * w * skew + 2.0 * (skew @ skew)


def quaternion_product(a: ca.SX, b: ca.SX) -> ca.SX:
    """(4,) xyzw rotation b, then a: R(a b) = R(a) R(b)."""
    vector = a[3] * b[:3] + b[3] * a[:3] + ca.cross(a[:3], b[:3])
    return ca.vertcat(vector, a[3] * b[3] - ca.dot(a[:3], b[:3]))


def quaternion_of_vector(phi: ca.SX) -> ca.SX:
    """(4,) xyzw of the rotation by the rotation vector (3,)."""
    angle = ca.sqrt(ca.sumsqr(phi) + 1e-24)  # never zero
    return ca.vertcat(ca.sin(0.5 * angle) / angle * phi, ca.cos(0.5 * angle))


def quaternion_of(rotation: ca.SX) -> ca.SX:
    """(4,) xyzw of a rotation (3, 3), from its largest component (Shepperd, 1978)."""
    r = rotation
    trace = r[0, 0] + r[1, 1] + r[2, 2]
    odd = (r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1])
    found = [ca.vertcat(*odd, 1.0 + trace)]
    largest = [trace]
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        parts = {i: 1.0 + 2.0 * r[i, i] - trace, 3: odd[i]}
        parts |= {j: r[j, i] + r[i, j], k: r[k, i] + r[i, k]}
        found.append(ca.vertcat(*(parts[n] for n in range(4))))
        largest.append(r[i, i])
    best, value = found[0], largest[0]
    for candidate, size in zip(found[1:], largest[1:], strict=True):
        better = size > value
        best, value = ca.if_else(better, candidate, best), ca.if_else(better, size, value)
    return best / ca.sqrt(ca.sumsqr(best))
