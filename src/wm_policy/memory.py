"""Where a network keeps a memory, and what its memory begins from.

An exporter that traces a recurrent network without its state as an input bakes the state in: every
step then starts anew, and nothing but the robot's fall tells. Found are RNN, LSTM and GRU nodes, in
graphs inside nodes and in functions too, loops of one turn, and gates written out by hand:
``gate * state + gate * tanh(...)``.

For every value the walk knows on which inputs of the network it depends. The shape of an input does
not count: zeros in the shape of the observation are still zeros.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import onnx
from onnx import TensorProto, numpy_helper

Roots = frozenset[str]
NOWHERE: Final[Roots] = frozenset()

_CELLS: Final = {
    "RNN": ("initial_h",),
    "GRU": ("initial_h",),
    "LSTM": ("initial_h", "initial_c"),
    "DynamicQuantizeLSTM": ("initial_h", "initial_c"),
}
"""Recurrent nodes and the names of their inputs from the sixth on."""

_FIRST_STATE: Final = 5
_FLOATS: Final = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
_OF_SHAPE: Final = ("Shape", "Size")
_SAME_VALUES: Final = (
    "Split", "Slice", "Gather", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose",
    "Identity", "Cast",
)  # fmt: skip
"""Operations that only move values about."""

_DEEPEST: Final = 20
"""Functions inside functions; more are an endless recursion."""


@dataclass(frozen=True, slots=True)
class Recurrence:
    """One state of a network. node: for messages. state: its name there.

    roots: inputs of the network that the state begins from; empty where it is a constant.
    """

    node: str
    state: str
    roots: Roots


def recurrences(model: onnx.ModelProto) -> tuple[Recurrence, ...]:
    """Return all states of a network that are seen to be used for one step at a time.

    A cell that runs over a known number of frames, two or more, is an encoder of a history that is
    observed, and no memory.
    """
    functions = {(f.domain, f.name): f for f in model.functions}
    walk = _Walk(_shapes(model), functions, frozenset(_ones(model.graph)))
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in constants]
    walk.graph(model.graph.node, {name: frozenset((name,)) for name in inputs}, 0)
    return tuple(dict.fromkeys(walk.found))


@dataclass(slots=True)
class _Walk:
    shapes: Mapping[str, tuple[int, ...]]
    functions: Mapping[tuple[str, str], onnx.FunctionProto]
    ones: frozenset[str]
    found: list[Recurrence] = field(default_factory=list)

    def graph(self, nodes: Sequence[onnx.NodeProto], known: dict[str, Roots], depth: int) -> None:
        """Add what the nodes give to ``known``, and note the states on the way."""
        makers = {name: node for node in nodes for name in node.output}
        for node in nodes:
            roots = [known.get(name, NOWHERE) for name in node.input]
            self._cell(node, roots)
            if node.op_type == "Add":
                self._gates(node, makers, known)
            given = self._inside(node, roots, known, depth)
            if given is None:
                whole = NOWHERE if node.op_type in _OF_SHAPE else NOWHERE.union(*roots)
                given = [whole] * len(node.output)
            known.update(zip(node.output, given, strict=False))

    def _cell(self, node: onnx.NodeProto, roots: Sequence[Roots]) -> None:
        if node.op_type not in _CELLS or self._frames(node) > 1:
            return
        for index, state in enumerate(_CELLS[node.op_type], _FIRST_STATE):
            begin = roots[index] if index < len(roots) else NOWHERE
            self.found.append(Recurrence(_label(node), state, begin))

    def _frames(self, node: onnx.NodeProto) -> int:
        """Length of the sequence that a cell runs over, 0 where it is not known."""
        shape = self.shapes.get(node.input[0], ()) if node.input else ()
        axis = 1 if any(a.name == "layout" and a.i == 1 for a in node.attribute) else 0
        return shape[axis] if len(shape) == 3 else 0

    def _gates(
        self, node: onnx.NodeProto, makers: Mapping[str, onnx.NodeProto], known: Mapping[str, Roots]
    ) -> None:
        """Note the state of ``gate * state + gate * tanh(...)``, which is an LSTM or a GRU."""
        products = [makers.get(name) for name in node.input]
        sides = [list(p.input) for p in products if p is not None and p.op_type == "Mul"]
        if len(sides) != 2:
            return
        for old, new in (sides, sides[::-1]):
            if not any(_made_by(name, "Tanh", makers) for name in new):
                continue
            gates = [name for name in old if _made_by(name, "Sigmoid", makers)]
            others = [name for name in old if name not in gates]
            if len(gates) == len(others) == 1 and _is_gated(new, makers):
                begin = known.get(others[0], NOWHERE)
                self.found.append(Recurrence(_label(node), others[0] or "state", begin))

    def _inside(
        self, node: onnx.NodeProto, roots: Sequence[Roots], known: Mapping[str, Roots], depth: int
    ) -> list[Roots] | None:
        """Walk through the graphs in a node; returns the roots of its outputs, None without any."""
        function = self.functions.get((node.domain, node.op_type))
        if function is not None and depth < _DEEPEST:
            inner = dict(zip(function.input, roots, strict=False))
            self.graph(function.node, inner, depth + 1)
            return [inner.get(name, NOWHERE) for name in function.output]
        bodies = [a.g for a in node.attribute if a.HasField("g")]
        if not bodies or depth >= _DEEPEST:
            return None
        if node.op_type in ("Loop", "Scan"):
            return self._turns(node, bodies[0], roots, known, depth)
        given = [self._body(body, (), known, depth) for body in bodies]
        return [NOWHERE.union(*roots, *branches) for branches in zip(*given, strict=False)]

    def _body(
        self, body: onnx.GraphProto, begin: Sequence[Roots], known: Mapping[str, Roots], depth: int
    ) -> list[Roots]:
        inner = {**known, **dict(zip((v.name for v in body.input), begin, strict=False))}
        self.graph(body.node, inner, depth + 1)
        return [inner.get(value.name, NOWHERE) for value in body.output]

    def _turns(
        self,
        node: onnx.NodeProto,
        body: onnx.GraphProto,
        roots: Sequence[Roots],
        known: Mapping[str, Roots],
        depth: int,
    ) -> list[Roots]:
        """Walk through a loop until what it carries from turn to turn depends on nothing new."""
        scanned = next((a.i for a in node.attribute if a.name == "num_scan_inputs"), 0)
        loop = node.op_type == "Loop"
        count = len(roots) - (2 if loop else scanned)
        carried = list(roots[2:] if loop else roots[:count])
        before = list(roots[:2]) if loop else []
        self._carried(node, body, carried, scanned)
        given: list[Roots] = []
        for _ in range(len(carried) + 1):
            begin = [*before, *carried] if loop else [*carried, *roots[count:]]
            given = self._body(body, begin, known, depth)[1 if loop else 0 :]
            wider = [old | new for old, new in zip(carried, given, strict=False)]
            if wider == carried:
                break
            carried = wider
        return given

    def _carried(
        self, node: onnx.NodeProto, body: onnx.GraphProto, carried: Sequence[Roots], scanned: int
    ) -> None:
        """Note the numbers that a loop of one turn carries; it counts in integers."""
        if node.op_type == "Loop":
            once, first = node.input[0] in self.ones, 2
        else:
            lengths = [self.shapes.get(name, (0,))[:1] for name in node.input[len(carried) :]]
            once, first = scanned > 0 and lengths[:1] == [(1,)], 0
        for value, begin in zip(body.input[first:], carried, strict=False):
            if once and value.type.tensor_type.elem_type in _FLOATS:
                self.found.append(Recurrence(_label(node), value.name, begin))


def _label(node: onnx.NodeProto) -> str:
    name = node.name or next((output for output in node.output if output), "?")
    return f"{node.op_type} '{name}'"


def _made_by(name: str, operation: str, makers: Mapping[str, onnx.NodeProto]) -> bool:
    """Whether a value comes from an operation, possibly moved about since."""
    for _ in range(_DEEPEST):
        maker = makers.get(name)
        if maker is None or maker.op_type not in _SAME_VALUES:
            return maker is not None and maker.op_type == operation
        name = maker.input[0]
    return False


def _is_gated(factors: Sequence[str], makers: Mapping[str, onnx.NodeProto]) -> bool:
    """Whether one of the factors is a gate, or what a gate leaves: ``1 - gate``."""
    for name in factors:
        maker = makers.get(name)
        left = list(maker.input) if maker is not None and maker.op_type == "Sub" else []
        if any(_made_by(factor, "Sigmoid", makers) for factor in (name, *left)):
            return True
    return False


def _shapes(model: onnx.ModelProto) -> dict[str, tuple[int, ...]]:
    """Shapes of all values that have one; a dimension that is not fixed is 0."""
    try:
        model = onnx.shape_inference.infer_shapes(model)
    except Exception:  # then the lengths of sequences are not known
        return {}
    return {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in _values(model.graph)
    }


def _ones(graph: onnx.GraphProto) -> Iterator[str]:
    """Names of constants of one value, which is 1: how often a loop turns."""
    stored = [(tensor.name, tensor) for tensor in graph.initializer]
    for node in graph.node:
        stored += [(node.output[0], a.t) for a in node.attribute if node.op_type == "Constant"]
    for name, tensor in stored:
        here = tensor.data_location != TensorProto.EXTERNAL and math.prod(tensor.dims) == 1
        if here and tensor.data_type == TensorProto.INT64 and numpy_helper.to_array(tensor) == 1:
            yield name


def _values(graph: onnx.GraphProto) -> Iterator[onnx.ValueInfoProto]:
    yield from (*graph.input, *graph.value_info, *graph.output)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _values(attribute.g)
