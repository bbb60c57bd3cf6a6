"""A learned policy's step beside bare onnxruntime on the very same observations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from wm_bringup.bench.measure import Measurement, Stopwatch, measured, undisturbed
from wm_bringup.bench.walking import RecordedWalk
from wm_policy.loading import load_policy
from wm_policy.policy import Policy

Feed = dict[str, NDArray[np.floating]]


def bench_policy(walk: RecordedWalk, file: Path, overlay: Path | None = None) -> list[Measurement]:
    """Observation, inference and targets against ``InferenceSession.run`` on one thread.

    Every recorded tick counts as a policy step, although a policy only takes every tenth.
    """
    policy = load_policy(file, walk.description, overlay)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    bare = onnxruntime.InferenceSession(
        str(policy.network.path), options, providers=["CPUExecutionProvider"]
    )
    watch, bound = Stopwatch(), Stopwatch()
    with undisturbed():
        for tick in walk.ticks:
            watch.call(policy.step, tick.estimate, tick.velocity)
            feed = _feed(policy)
            bound.call(bare.run, None, feed)
    return [measured("policy", watch, "onnxruntime InferenceSession.run", bound)]


def _feed(policy: Policy) -> Feed:
    """Copy the input tensors in the network's shapes."""
    return {
        tensor.name: np.array(policy.runner.inputs[tensor.name]).reshape(tensor.shape)
        for tensor in policy.network.inputs.values()
    }
