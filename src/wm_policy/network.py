"""What an ONNX file says and holds, read without running it.

Weights are scanned for NaN and infinity, files beside the network are checked before anything is
loaded from them, and the normaliser that many networks begin with is recognised: its mean and
deviation are the statistics of the training data.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import ExternalDataInfo

from wm_policy.errors import (
    ExternalDataError,
    FieldError,
    NetworkError,
    NonFiniteWeightsError,
    PolicyFileError,
    absence,
)
from wm_policy.manifest import Statistics
from wm_policy.memory import Recurrence, recurrences

LARGEST_NETWORK = 500_000_000
"""Bytes; what is larger is no policy for a 500 Hz loop."""

FLOATS = {
    TensorProto.FLOAT: "float32",
    TensorProto.DOUBLE: "float64",
    TensorProto.FLOAT16: "float16",
}
"""Element types that inputs and outputs may have."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output. shape: a dimension that is not fixed in the file (a batch) is 1."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def width(self) -> int:
        """Number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class NetworkFile:
    """An ONNX file.

    sha256: of the file. weights_sha256: of graph and weights without the file's metadata, so that
    a network is known again whatever somebody wrote beside its weights. data: file name -> hash
    of external weights. metadata: as stored. statistics: by input, where a normaliser was found.
    recurrences: its states, and what they begin from.
    """

    path: Path
    sha256: str
    weights_sha256: str
    data: Mapping[str, str]
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    statistics: Mapping[str, Statistics]
    recurrences: tuple[Recurrence, ...] = ()


def read_network(path: Path) -> NetworkFile:
    """Read and check an ONNX file.

    PolicyFileError when it cannot be read, NetworkError when it is no network, ExternalDataError
    when weights beside it are not there, NonFiniteWeightsError for NaN or infinity in weights.
    """
    content = _read(path)
    model = _parse(content, path)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    data = _external_files(model, path)
    _check_weights(model, path)
    weights = hashlib.sha256(_without_metadata(model))
    for name in sorted(data):
        weights.update(data[name].encode())
    inputs = {t.name: t for t in _tensors(model.graph.input, path) if t.name not in constants}
    return NetworkFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        weights_sha256=weights.hexdigest(),
        data=data,
        inputs=inputs,
        outputs={tensor.name: tensor for tensor in _tensors(model.graph.output, path)},
        metadata=_metadata(model, path),
        statistics=_statistics(model, inputs, path),
        recurrences=recurrences(model),
    )


def _read(path: Path) -> bytes:
    """Read a file, but never from a pipe or device, which may have no end."""
    try:
        if not path.is_file():
            raise PolicyFileError(path, "file", "a file", absence(path))
        size = path.stat().st_size
        if size > LARGEST_NETWORK:
            raise PolicyFileError(path, "file", f"at most {LARGEST_NETWORK} bytes", f"{size}")
        return path.read_bytes()
    except OSError as error:
        raise PolicyFileError(path, "file", "a readable file", error.strerror) from error


def _parse(content: bytes, path: Path) -> onnx.ModelProto:
    model = onnx.ModelProto()
    if what := _known_otherwise(content):
        raise NetworkError(path, "file", "an ONNX network", what)
    try:
        model.ParseFromString(content)
    except Exception as error:
        raise NetworkError(path, "file", "an ONNX network", f"no valid ONNX: {error}") from error
    if not model.graph.node or not model.graph.input or not model.graph.output:
        raise NetworkError(path, "graph", "nodes, inputs and outputs", "an empty graph")
    return model


OTHERWISE: Mapping[bytes, str] = {
    b"version https://git-lfs": "a pointer to one (fetch the file itself: git lfs pull)",
    b"PK\x03\x04": "an archive, as PyTorch saves checkpoints (export the policy to ONNX)",
    b"<": "a web page or XML (download the file itself)",
}
"""What people take for a network, by how it begins."""


def _known_otherwise(content: bytes) -> str:
    """Say what a file is instead of a network; empty when nothing is known against it."""
    if not content.strip():
        return "an empty file"
    begin = content[:64].lstrip()
    return next((what for start, what in OTHERWISE.items() if begin.startswith(start)), "")


def _metadata(model: onnx.ModelProto, path: Path) -> dict[str, str]:
    metadata: dict[str, str] = {}
    for entry in model.metadata_props:
        if entry.key in metadata:
            raise FieldError(path, f"metadata.{entry.key}", "every key once", "the key twice")
        metadata[entry.key] = entry.value
    return metadata


def _without_metadata(model: onnx.ModelProto) -> bytes:
    bare = onnx.ModelProto()
    bare.CopyFrom(model)
    del bare.metadata_props[:]
    content: bytes = bare.SerializeToString(deterministic=True)
    return content


def _tensors(values: object, path: Path) -> Iterator[Tensor]:
    for value in values:  # type: ignore[attr-defined]
        field = f"tensor '{value.name}'"
        kind = value.type.tensor_type
        if not value.type.HasField("tensor_type") or kind.elem_type not in FLOATS:
            found = TensorProto.DataType.Name(kind.elem_type) if kind.elem_type else "no tensor"
            raise NetworkError(path, field, f"a tensor of {' or '.join(FLOATS.values())}", found)
        if not kind.HasField("shape"):
            raise NetworkError(path, field, "a shape", "none")
        shape = tuple(d.dim_value if d.dim_value > 0 else 1 for d in kind.shape.dim)
        yield Tensor(value.name, shape, FLOATS[kind.elem_type])


def _all_tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """Every constant of a graph and of the graphs inside its nodes."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield sparse.values
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            if attribute.HasField("g"):
                yield from _all_tensors(attribute.g)
            for inner in attribute.graphs:
                yield from _all_tensors(inner)


def _external_files(model: onnx.ModelProto, path: Path) -> dict[str, str]:
    """Hashes of the files that hold weights; each tensor's part must lie inside its file."""
    hashes: dict[str, str] = {}
    for tensor in _all_tensors(model.graph):
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        entry = {item.key: item.value for item in tensor.external_data}
        name, field = entry.get("location", ""), f"weights of '{tensor.name}'"
        file = path.parent / name
        if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            raise ExternalDataError(path, field, "a file beside the network", name or "no name")
        if not file.is_file():
            raise ExternalDataError(path, field, f"the file '{name}' beside it", "no such file")
        _check_extent(entry, file.stat().st_size, path, field)
        if name not in hashes:
            hashes[name] = hashlib.sha256(_read(file)).hexdigest()
    return hashes


def _check_extent(entry: Mapping[str, str], size: int, path: Path, field: str) -> None:
    try:
        begin = int(entry.get("offset", "0"))
        end = begin + int(entry.get("length", "0"))
    except ValueError as error:
        raise ExternalDataError(path, field, "offset and length", str(dict(entry))) from error
    if not 0 <= begin <= end <= size:
        where = f"bytes {begin} to {end} of '{entry['location']}'"
        raise ExternalDataError(path, field, where, f"a file of {size} bytes")


def _check_weights(model: onnx.ModelProto, path: Path) -> None:
    """Refuse NaN anywhere and infinity in anything but a scalar (a bound may be infinite)."""
    for tensor in _all_tensors(model.graph):
        if tensor.data_type not in (*FLOATS, TensorProto.BFLOAT16):
            continue
        values = _values(tensor, path)
        finite = np.isfinite(values) if values.size > 1 else ~np.isnan(values)
        if not finite.all():
            bad = int(values.size - np.count_nonzero(finite))
            found = f"{bad} of {values.size} not finite"
            raise NonFiniteWeightsError(path, f"weights of '{tensor.name}'", "numbers", found)


def _values(tensor: TensorProto, path: Path) -> NDArray[np.float64]:
    try:
        if tensor.data_location == TensorProto.EXTERNAL:
            tensor = _with_data(tensor, path)
        return np.asarray(numpy_helper.to_array(tensor), dtype=np.float64)
    except Exception as error:
        raise NetworkError(path, f"weights of '{tensor.name}'", "a tensor", str(error)) from error


def _with_data(tensor: TensorProto, path: Path) -> TensorProto:
    """Return a copy that holds its weights; onnx does not read them through symbolic links."""
    stored = ExternalDataInfo(tensor)
    with (path.parent / stored.location).open("rb") as file:
        file.seek(stored.offset or 0)
        content = file.read(-1 if stored.length is None else stored.length)
    whole = TensorProto()
    whole.CopyFrom(tensor)
    del whole.external_data[:]
    whole.data_location = TensorProto.DEFAULT
    whole.raw_data = content
    return whole


def _statistics(
    model: onnx.ModelProto, inputs: Mapping[str, Tensor], path: Path
) -> dict[str, Statistics]:
    """Mean and deviation of inputs whose first operations are ``(x - mean) / deviation``.

    Also ``(x - mean) * (1 / deviation)``. What does not look exactly like this is left out.
    """
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    found: dict[str, Statistics] = {}
    for name, tensor in inputs.items():
        users = [node for node in model.graph.node if name in node.input]
        if len(users) != 1 or users[0].op_type != "Sub" or users[0].input[0] != name:
            continue
        subtract = users[0]
        scales = [node for node in model.graph.node if subtract.output[0] in node.input]
        if len(scales) != 1 or scales[0].op_type not in ("Div", "Mul"):
            continue
        factors = [i for i in scales[0].input if i != subtract.output[0]]
        if subtract.input[1] not in constants or not factors or factors[0] not in constants:
            continue
        mean = _values(constants[subtract.input[1]], path).ravel()
        factor = _values(constants[factors[0]], path).ravel()
        if mean.size != tensor.width or factor.size != tensor.width or not (factor > 0.0).all():
            continue
        deviation = factor if scales[0].op_type == "Div" else 1.0 / factor
        found[name] = Statistics(tuple(mean.tolist()), tuple(deviation.tolist()))
    return found
