"""Networks of a few weights, written as ONNX files, and metadata that fits them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = [helper.make_opsetid("", 17)]


def weights(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    """Return fixed weights of moderate size."""
    values = np.random.default_rng(seed).uniform(-0.1, 0.1, (rows, columns))
    return values.astype(np.float32)


def _value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def save(graph: onnx.GraphProto, path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    model = helper.make_model(graph, opset_imports=OPSET, ir_version=9)
    for key, value in (metadata or {}).items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def linear(
    path: Path,
    inputs: int,
    outputs: int,
    *,
    matrix: np.ndarray | None = None,
    metadata: Mapping[str, str] | None = None,
    input_name: str = "obs",
    output_name: str = "actions",
) -> Path:
    """``actions = obs W``."""
    matrix = weights(inputs, outputs) if matrix is None else matrix.astype(np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", [input_name, "W"], [output_name])],
        "linear",
        [_value(input_name, (1, inputs))],
        [_value(output_name, (1, outputs))],
        [numpy_helper.from_array(matrix, "W")],
    )
    return save(graph, path, metadata)


def normalised(path: Path, mean: np.ndarray, deviation: np.ndarray, outputs: int) -> Path:
    """``actions = ((obs - mean) / deviation) W``, as training frameworks export it."""
    width = len(mean)
    graph = helper.make_graph(
        [
            helper.make_node("Sub", ["obs", "mean"], ["centred"]),
            helper.make_node("Div", ["centred", "deviation"], ["z"]),
            helper.make_node("MatMul", ["z", "W"], ["actions"]),
        ],
        "normalised",
        [_value("obs", (1, width))],
        [_value("actions", (1, outputs))],
        [
            numpy_helper.from_array(mean.astype(np.float32)[None], "mean"),
            numpy_helper.from_array(deviation.astype(np.float32)[None], "deviation"),
            numpy_helper.from_array(weights(width, outputs), "W"),
        ],
    )
    return save(graph, path)


def recurrent(
    path: Path,
    inputs: int,
    outputs: int,
    hidden: int = 8,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """An LSTM as rsl_rl exports it: obs, h_in, c_in -> actions, h_out, c_out; states [1, 1, h]."""
    nodes = [
        helper.make_node("Unsqueeze", ["obs", "axis"], ["sequence"]),
        helper.make_node(
            "LSTM",
            ["sequence", "W", "R", "", "", "h_in", "c_in"],
            ["all", "h_out", "c_out"],
            hidden_size=hidden,
        ),
        helper.make_node("Squeeze", ["h_out", "axis"], ["h"]),
        helper.make_node("MatMul", ["h", "head"], ["actions"]),
    ]
    state = (1, 1, hidden)
    graph = helper.make_graph(
        nodes,
        "recurrent",
        [_value("obs", (1, inputs)), _value("h_in", state), _value("c_in", state)],
        [_value("actions", (1, outputs)), _value("h_out", state), _value("c_out", state)],
        [
            numpy_helper.from_array(np.array([0]), "axis"),
            numpy_helper.from_array(weights(4 * hidden, inputs, 1)[None], "W"),
            numpy_helper.from_array(weights(4 * hidden, hidden, 2)[None], "R"),
            numpy_helper.from_array(weights(hidden, outputs, 3) * 10.0, "head"),
        ],
    )
    return save(graph, path, metadata)


def selecting(path: Path, inputs: int, first: int, count: int) -> Path:
    """``actions = obs[first : first + count]``: shows what the network was given."""
    matrix = np.zeros((inputs, count), dtype=np.float32)
    matrix[first : first + count] = np.eye(count)
    return linear(path, inputs, count, matrix=matrix)


def external(path: Path, inputs: int, outputs: int) -> Path:
    """Like ``linear``, its weights in ``<name>.data`` beside it."""
    linear(path, inputs, outputs)
    model = onnx.load(str(path))
    onnx.save_model(
        model,
        str(path),
        save_as_external_data=True,
        location=f"{path.name}.data",
        size_threshold=0,
    )
    return path
