"""An ONNX graph that grows node by node."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from wm_training.learning.leg_kinematics import BACK, CYCLE
from wm_training.learning.mirror import Mirror


class Graph:
    """Collects nodes and constants under fresh names."""

    def __init__(self) -> None:
        """Empty."""
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: NDArray[Any]) -> str:
        """Add an array of any type; every method returns the name of what it added."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.array(values, order="C"), name))
        return name

    def floats(self, values: object) -> str:
        """Add numbers as float32."""
        return self.constant(np.asarray(values, dtype=np.float32))

    def node(self, kind: str, *inputs: str, **attributes: int | list[int]) -> str:
        """Add an operation of one output."""
        name = f"v{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(kind, list(inputs), [name], None, None, None, None, **attributes)
        )
        return name

    def columns(self, values: str, picked: Iterable[int], axis: int = 1) -> str:
        """Pick entries along one axis."""
        return self.node(
            "Gather", values, self.constant(np.array(list(picked), dtype=np.int64)), axis=axis
        )

    def shaped(self, values: str, shape: tuple[int, ...]) -> str:
        """Give the same values another shape."""
        return self.node("Reshape", values, self.constant(np.array(shape, dtype=np.int64)))

    def scaled(self, values: str, factor: float) -> str:
        """Multiply by a number."""
        return self.node("Mul", values, self.floats(factor))

    def cross(self, first: str, second: str) -> str:
        """Cross product along the last axis; first: (b, 3), second: (2, b, 3)."""
        (a, b), (c, d) = (
            (self.columns(first, order, axis=1), self.columns(second, other, axis=2))
            for order, other in ((CYCLE, BACK), (BACK, CYCLE))
        )
        return self.node("Sub", self.node("Mul", a, b), self.node("Mul", c, d))

    def mirrored(self, where: str, values: str, mirror: Mirror) -> str:
        """Mirror ``values`` where the condition holds."""
        picked = self.node("Gather", values, self.constant(mirror.index.astype(np.int64)), axis=1)
        image = self.node("Mul", picked, self.floats(mirror.sign[None]))
        return self.node("Where", where, image, values)
