"""The network in onnxruntime: one thread, tensors that are allocated once, nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from wm_policy.errors import NetworkError
from wm_policy.manifest import Manifest
from wm_policy.network import NetworkFile, Tensor

Flat = NDArray[np.float32]

WARM_UP_RUNS = 20

_BOILERPLATE = re.compile(
    r"^(\[ONNXRuntimeError\] : \d+ : \w+ : )?(Load model from .*? failed: ?)?"
    r"(/\S+?:\d+ [^()]*\([^)]*\) )?"
)
"""Before the reason: code, path of the model, place in onnxruntime's sources."""


class PolicyRunner:
    """One network with its input, output and state tensors.

    inputs, outputs: flat views of the tensors by name. Write inputs, ``run``, read outputs; states
    are handed on by ``run``. onnxruntime reads and writes these arrays themselves.
    """

    def __init__(self, network: NetworkFile, manifest: Manifest) -> None:
        """NetworkError when onnxruntime does not accept the network."""
        self._session = _session(network)
        self._path = network.path
        self._binding = self._session.io_binding()
        self._tensors: list[NDArray[np.floating]] = []
        self.inputs: Mapping[str, Flat] = {
            name: self._bind(tensor, self._binding.bind_ortvalue_input)
            for name, tensor in network.inputs.items()
        }
        self.outputs: Mapping[str, Flat] = {
            name: self._bind(tensor, self._binding.bind_ortvalue_output)
            for name, tensor in network.outputs.items()
        }
        self._fed_back = [
            (self.inputs[state.input], self.outputs[state.output], state.initial)
            for state in manifest.states
        ]
        self.reset()

    def _bind(self, tensor: Tensor, bind: object) -> Flat:
        array = np.zeros(tensor.shape, dtype=tensor.dtype)
        self._tensors.append(array)
        bind(tensor.name, onnxruntime.OrtValue.ortvalue_from_numpy(array))  # type: ignore[operator]
        flat: Flat = array.reshape(-1)
        return flat

    def reset(self) -> None:
        """Put every state to its initial value."""
        for fed, _, initial in self._fed_back:
            fed[:] = initial

    def memory(self) -> list[Flat]:
        """Copy every state."""
        return [fed.copy() for fed, _, _ in self._fed_back]

    def recall(self, memory: list[Flat]) -> None:
        """Put every state to what it was."""
        for (fed, _, _), value in zip(self._fed_back, memory, strict=True):
            fed[:] = value

    def run(self) -> None:
        """One inference from ``inputs`` to ``outputs``; states go from outputs to inputs."""
        self._session.run_with_iobinding(self._binding)
        for fed, given, _ in self._fed_back:
            fed[:] = given

    def warm_up(self, runs: int = WARM_UP_RUNS) -> None:
        """Let onnxruntime allocate what it needs; NetworkError when it cannot run the network."""
        try:
            for _ in range(runs):
                self.run()
        except Exception as error:
            raise NetworkError(self._path, "graph", "a network that runs", str(error)) from error
        self.reset()


def _session(network: NetworkFile) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(
            str(network.path), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise _refused(network.path, error) from error


def _refused(path: Path, error: Exception) -> NetworkError:
    """Say first what onnxruntime objects to, without its paths and codes, and what helps."""
    reason = _BOILERPLATE.sub("", " ".join(str(error).split())) or str(error)
    expected = f"a network that onnxruntime {onnxruntime.__version__} can run"
    if "IR version" in reason or "opset" in reason.lower():
        expected += " (export it with an older opset or IR version)"
    return NetworkError(path, "graph", expected, reason)
