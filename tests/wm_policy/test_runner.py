"""The network answers as a reference evaluator does, in arrays that never move."""

import gc
import tracemalloc
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from policy_files import G1, deploy_yaml, estimate, write_yaml
from tiny_networks import linear, recurrent

from wm_control.types import VelocityCommand
from wm_policy.loading import load_policy
from wm_policy.policy import Policy


@pytest.fixture
def policy(tmp_path: Path) -> Policy:
    linear(tmp_path / "policy.onnx", 96 * 5, 29)
    write_yaml(deploy_yaml(history=5), tmp_path / "deploy.yaml")
    return load_policy(tmp_path, G1)


def test_the_output_is_that_of_the_reference_evaluator(policy: Policy) -> None:
    reference = ReferenceEvaluator(str(policy.network.path))
    policy.step(estimate(gyro=(0.1, 0.2, 0.3)), VelocityCommand(0.3))
    seen = policy.runner.inputs["obs"].reshape(1, -1)
    (expected,) = reference.run(None, {"obs": seen})
    assert policy.runner.outputs["actions"] == pytest.approx(expected[0], abs=1e-6)


def test_states_are_handed_on_in_place(tmp_path: Path) -> None:
    recurrent(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    runner = load_policy(tmp_path, G1).runner
    address = runner.inputs["h_in"].ctypes.data
    runner.inputs["obs"][:] = 1.0
    runner.run()
    assert runner.inputs["h_in"].ctypes.data == address
    assert runner.inputs["h_in"].tolist() == runner.outputs["h_out"].tolist()
    assert np.abs(runner.inputs["h_in"]).max() > 0.0
    runner.reset()
    assert not runner.inputs["h_in"].any()


def held_by_steps() -> int:
    """Bytes that were allocated by lines of a step and are in use, whatever other threads do."""
    lines = [tracemalloc.Filter(True, f"*/{name}/*") for name in ("wm_policy", "onnxruntime")]
    found = tracemalloc.take_snapshot().filter_traces(lines).statistics("filename")
    return sum(one.size for one in found)


def test_steps_leave_no_memory_behind(policy: Policy) -> None:
    """What a step allocates, its command, is gone when the next one replaces it."""
    now = estimate(gyro=(0.1, 0.2, 0.3))
    addresses = [array.ctypes.data for array in policy.runner.inputs.values()]
    tracemalloc.start()
    held = []
    for _ in range(4):  # in the first, free lists fill
        for _ in range(500):
            policy.step(now, VelocityCommand(0.3))
        held.append(held_by_steps())
    tracemalloc.stop()
    more = [after - before for before, after in pairwise(held)]
    assert min(more) < 2000, "4 bytes a step would be more, each time"
    assert [array.ctypes.data for array in policy.runner.inputs.values()] == addresses


def test_building_and_running_allocates_less_than_one_observation(policy: Policy) -> None:
    """Views and scalars only: the peak of build and run is below the 480 values of the input."""
    now = estimate(gyro=(0.1, 0.2, 0.3))
    command = (0.3, 0.0, 0.0)
    for _ in range(20):
        policy.observation.build(now, command)
        policy.runner.run()
    gc.collect()
    tracemalloc.start()
    policy.observation.build(now, command)
    policy.runner.run()
    tracemalloc.reset_peak()
    start, _ = tracemalloc.get_traced_memory()
    policy.observation.build(now, command)
    policy.runner.run()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak - start < policy.runner.inputs["obs"].nbytes


def test_equal_histories_give_equal_commands(policy: Policy) -> None:
    rng = np.random.default_rng(0)
    walk = [estimate(0.02 * k, gyro=tuple(rng.normal(size=3))) for k in range(30)]
    runs = []
    for _ in range(2):
        policy.reset()
        runs.append([policy.step(e, VelocityCommand(0.4)).position.tolist() for e in walk])
    assert runs[0] == runs[1]
