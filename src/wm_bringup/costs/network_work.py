"""Work of one inference of an ONNX network, by operator and shape.

The shapes are onnx's own inference with every free dimension (a batch) set to one. An operator that
is in none of the tables is refused by name, so that no network is counted in part.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import onnx
from onnx import NodeProto, TensorProto, helper, shape_inference

from wm_bringup.costs.work import Work
from wm_control.errors import WmError

Shape = tuple[int, ...]


def _each(work: int, names: str) -> dict[str, int]:
    """Give all of these operators the same work."""
    return dict.fromkeys(names.split(), work)


MOVES = frozenset(
    _each(
        0,
        "Cast Concat Constant ConstantOfShape Dropout Expand Flatten Gather GatherElements "
        "GatherND Identity Pad Range Reshape ScatterElements ScatterND Shape Size Slice Split "
        "Squeeze Tile Transpose Unsqueeze Where",
    )
)
"""Operators that only move, select or make numbers."""

PER_OUTPUT: Mapping[str, int] = {
    **_each(
        1,
        "Abs Acos Add And Asin Atan Ceil Cos Div Equal Erf Exp Floor Greater GreaterOrEqual Less "
        "LessOrEqual Log Mod Mul Neg Not Or Pow Reciprocal Relu Round Sign Sin Sqrt Sub Tan Tanh "
        "Xor",
    ),
    **_each(2, "Clip LeakyRelu PRelu"),  # two comparisons; comparison, product
    **_each(3, "Softplus"),  # exponential, sum, logarithm
    # sign, exponential, sum, quotient; comparison, exponential, difference, product
    **_each(4, "Sigmoid Elu HardSigmoid"),
    **_each(5, "Celu Gelu HardSwish Mish Selu"),
}
"""Operations for each number that comes out."""

PER_INPUT: Mapping[str, int] = {
    **_each(
        1,
        "ArgMax ArgMin CumSum GlobalAveragePool ReduceMax ReduceMean ReduceMin ReduceProd "
        "ReduceSum",
    ),
    **_each(2, "ReduceL1 ReduceL2 ReduceSumSquare"),
    # scale and shift by running statistics; largest, difference, exponential, sum, quotient
    **_each(4, "BatchNormalization"),
    **_each(5, "LogSoftmax Softmax"),
    # mean, variance (3), difference, quotient, scale, shift
    **_each(8, "LayerNormalization"),
}
"""Operations for each number that goes in."""

GATES: Mapping[str, tuple[int, int]] = {"LSTM": (4, 25), "GRU": (3, 20), "RNN": (1, 3)}
"""Matrices of a recurrent cell, and what else it does per hidden unit.

LSTM: four sums of two products and a bias (8), three sigmoids (12), two tanh (2), the new cell (3).
GRU: three such sums (6), two sigmoids (8), tanh, the reset (1), the blend (4). RNN: sum, tanh.
"""


class UncountedOperatorError(WmError):
    """A network holds an operator whose work is not known."""


@dataclass(frozen=True, slots=True)
class NetworkWork:
    """Of one inference: its work, and the numbers that were learned (constants of float type)."""

    work: Work
    parameters: int


def network_work(path: Path) -> NetworkWork:
    """Count a network's file; UncountedOperatorError for one that is not known in full.

    Touched are the weights, the input and every intermediate result, each once.
    """
    model = _with_shapes(onnx.load(str(path)))
    graph = model.graph
    sizes = _sizes(graph)
    constants = {t.name: t for t in graph.initializer}
    flop = sum(_flop(node, {n: s for n, (s, _) in sizes.items()}, path) for node in graph.node)
    touched = sum(math.prod(shape) * width for shape, width in sizes.values())
    learned = (t for t in constants.values() if t.data_type in _FLOATS)
    return NetworkWork(Work(flop, touched), sum(math.prod(t.dims) for t in learned))


_FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16)


def _with_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    for value in model.graph.input:
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_value < 1:
                dimension.dim_value = 1
    del model.graph.value_info[:]  # may still tell the free dimensions
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    return shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def _sizes(graph: onnx.GraphProto) -> dict[str, tuple[Shape, int]]:
    """Shape and bytes per number of every tensor."""
    sizes = {t.name: (tuple(t.dims), _width(t.data_type)) for t in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        kind = value.type.tensor_type
        shape = tuple(d.dim_value for d in kind.shape.dim)
        sizes.setdefault(value.name, (shape, _width(kind.elem_type)))
    return sizes


def _width(element: int) -> int:
    return int(helper.tensor_dtype_to_np_dtype(element).itemsize)


def _flop(node: NodeProto, shapes: Mapping[str, Shape], path: Path) -> float:
    kind = node.op_type
    if kind in MOVES:
        return 0.0
    missing = [name for name in (*node.input, *node.output) if name and name not in shapes]
    if missing:
        raise UncountedOperatorError(f"{path}: the shape of '{missing[0]}' ({kind}) is not known")
    given = [shapes[name] for name in node.input if name]
    made = shapes[next(name for name in node.output if name)]
    if kind in PER_OUTPUT:
        return float(PER_OUTPUT[kind] * math.prod(made))
    if kind in PER_INPUT:
        return float(PER_INPUT[kind] * math.prod(given[0]))
    if kind in COUNTS:
        return float(COUNTS[kind](node, given, made))
    known = sorted({*MOVES, *PER_OUTPUT, *PER_INPUT, *COUNTS})
    raise UncountedOperatorError(f"{path}: operator '{kind}' is none of {', '.join(known)}")


def _attribute(node: NodeProto, name: str, default: int) -> int:
    return next((a.i for a in node.attribute if a.name == name), default)


def _matrix_product(node: NodeProto, given: list[Shape], made: Shape) -> int:
    """Each output is a sum of products."""
    del node
    return 2 * given[0][-1] * math.prod(made)


def _gemm(node: NodeProto, given: list[Shape], made: Shape) -> int:
    """Alpha and beta are ones in every exporter's networks; the bias is one sum."""
    inner = given[0][0 if _attribute(node, "transA", 0) else 1]
    return (2 * inner + (len(given) > 2)) * math.prod(made)


def _convolution(node: NodeProto, given: list[Shape], made: Shape) -> int:
    """Weights (outputs, inputs per group, kernel...)."""
    del node
    return (2 * math.prod(given[1][1:]) + (len(given) > 2)) * math.prod(made)


def _recurrent(node: NodeProto, given: list[Shape], made: Shape) -> int:
    """X (steps, batch, inputs), W (directions, gates x hidden, inputs)."""
    del made
    gates, beside = GATES[node.op_type]
    steps, batch, inputs = given[0]
    directions, hidden = given[1][0], given[1][1] // gates
    cell = 2 * gates * hidden * (inputs + hidden) + beside * hidden
    return steps * batch * directions * cell


def _combination(node: NodeProto, given: list[Shape], made: Shape) -> int:
    """Sum, Max, Min, Mean of several tensors."""
    del node
    return max(len(given) - 1, 1) * math.prod(made)


COUNTS: Mapping[str, Callable[[NodeProto, list[Shape], Shape], int]] = {
    "MatMul": _matrix_product,
    "Gemm": _gemm,
    "Conv": _convolution,
    **dict.fromkeys(GATES, _recurrent),
    **dict.fromkeys(("Sum", "Max", "Min", "Mean"), _combination),
}
"""Operators whose work is no multiple of one size."""
