"""Families beyond the ones we have files of: 12 joints, recurrent, histories newest first."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from policy_files import (
    ALL,
    G1,
    LEG_TERMS,
    LEGS,
    deploy_yaml,
    estimate,
    examined,
    leg_manifest,
    sha256,
    write_yaml,
)
from tiny_networks import linear, recurrent, selecting

from wm_control.types import VelocityCommand
from wm_policy.loading import load_policy
from wm_policy.policy import Policy

WALK = VelocityCommand(0.5, 0.0, 0.1)


def legs(tmp_path: Path, network: Path, **changes: object) -> Policy:
    content = {**leg_manifest(network), **changes}
    return load_policy(write_yaml(content, tmp_path / "legs.yaml"), G1)


def by_the_book(q: np.ndarray, dq: np.ndarray, gyro: np.ndarray, action: np.ndarray, count: int):
    """The 47 values of unitree_rl_gym, as its deployment script writes them, written again."""
    default = np.array([-0.1, 0, 0, 0.3, -0.2, 0] * 2)
    phase = 2 * np.pi * ((count * 0.02) % 0.8) / 0.8
    return np.concatenate(
        [
            gyro * 0.25,
            [0, 0, -1],
            np.array([0.5, 0.0, 0.1]) * [2.0, 2.0, 0.25],
            q[:12] - default,
            dq[:12] * 0.05,
            action,
            [np.sin(phase), np.cos(phase)],
        ]
    )


def test_a_leg_policy_sees_its_47_values_and_moves_only_the_legs(tmp_path: Path) -> None:
    policy = legs(tmp_path, linear(tmp_path / "legs.onnx", 47, 12))
    matrix = onnx.numpy_helper.to_array(onnx.load(str(tmp_path / "legs.onnx")).graph.initializer[0])
    action = np.zeros(12)
    rng = np.random.default_rng(3)
    for count in range(1, 6):
        q, dq = rng.normal(size=29), rng.normal(size=29)
        gyro = rng.normal(size=3)
        step = policy.step(estimate(position=q, velocity=dq, gyro=tuple(gyro)), WALK)
        action = by_the_book(q, dq, gyro, action, count) @ matrix
        target = np.array([-0.1, 0, 0, 0.3, -0.2, 0] * 2) + 0.25 * action
        assert step.position[:12] == pytest.approx(target, abs=1e-5)
        assert step.stiffness[:12].tolist() == [100.0] * 12


def test_what_a_leg_policy_leaves_is_held_at_the_default_posture_within_a_second(
    tmp_path: Path,
) -> None:
    policy = legs(tmp_path, linear(tmp_path / "legs.onnx", 47, 12))
    start = G1.default_position + 0.4
    steps = [policy.step(estimate(position=start), WALK) for _ in range(50)]
    assert steps[0].position[12:] == pytest.approx(start[12:] - 0.4 / 50)
    assert steps[24].position[12:] == pytest.approx(start[12:] - 0.2)
    assert steps[-1].position[12:] == pytest.approx(G1.default_position[12:])
    assert (steps[-1].stiffness[12:] >= 40.0).all()
    assert (steps[-1].damping[12:] > 0.5).all()


def test_a_manifest_may_say_how_a_joint_is_held(tmp_path: Path) -> None:
    held = {
        "waist_*_joint": {"stiffness": 300.0, "damping": 12.0},
        "left_elbow_joint": {"position": 1.0},
    }
    policy = legs(tmp_path, linear(tmp_path / "legs.onnx", 47, 12), held=held)
    steps = [policy.step(estimate(), WALK) for _ in range(51)]
    assert steps[-1].stiffness[12:15].tolist() == [300.0] * 3
    assert steps[-1].damping[12:15].tolist() == [12.0] * 3
    assert steps[-1].position[ALL.index("left_elbow_joint")] == pytest.approx(1.0)


def test_a_leg_policy_with_a_history_block_newest_first(tmp_path: Path) -> None:
    """The frame of now, then five before it, newest first; the network shows their gyro x."""
    past = {
        "length": 5,
        "layout": "per_frame",
        "order": "newest_first",
        "fill": "zero",
        "current": False,
    }
    network = selecting(tmp_path / "legs.onnx", 6 * 47, 47, 12)
    inputs = [
        {"name": "obs", "blocks": [{"terms": LEG_TERMS}, {"terms": LEG_TERMS, "history": past}]}
    ]
    policy = legs(tmp_path, network, inputs=inputs)
    seen = policy.runner.inputs["obs"]
    for k in range(1, 8):
        policy.step(estimate(gyro=(k, 0, 0)), WALK)
    assert seen[::47].tolist() == [7 * 0.25, *(k * 0.25 for k in (6, 5, 4, 3, 2))]
    policy.reset()
    policy.step(estimate(gyro=(9, 0, 0)), WALK)
    assert seen[::47].tolist() == [9 * 0.25, 0, 0, 0, 0, 0]


def test_a_recurrent_29_joint_policy_by_unitree_deploy_yaml(tmp_path: Path) -> None:
    """obs, h_in, c_in -> actions, h_out, c_out, the states found by their names."""
    network = recurrent(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    policy = load_policy(network, G1)
    assert [(s.input, s.output) for s in policy.manifest.states] == [
        ("h_in", "h_out"),
        ("c_in", "c_out"),
    ]
    reference = ReferenceEvaluator(str(network))
    h, c = np.zeros((1, 1, 8), np.float32), np.zeros((1, 1, 8), np.float32)
    for k in range(4):
        step = policy.step(estimate(gyro=(0.3 * k, -0.1, 0.2)), WALK)
        observation = policy.runner.inputs["obs"].reshape(1, 96)
        actions, h, c = reference.run(None, {"obs": observation, "h_in": h, "c_in": c})
        target = np.array(policy.manifest.default_position) + 0.25 * actions[0]
        assert step.position == pytest.approx(target, abs=1e-5)
    assert np.abs(h).max() > 1e-3


def test_a_reset_forgets_the_hidden_state(tmp_path: Path) -> None:
    recurrent(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    policy = load_policy(tmp_path, G1)
    first = policy.step(estimate(gyro=(1, 0, 0)), WALK).position
    second = policy.step(estimate(gyro=(1, 0, 0)), WALK).position
    policy.reset()
    again = policy.step(estimate(gyro=(1, 0, 0)), WALK).position
    assert again.tolist() == first.tolist()
    assert np.abs(second - first).max() > 1e-6


def test_a_recurrent_policy_by_our_own_manifest(tmp_path: Path) -> None:
    network = recurrent(tmp_path / "legs.onnx", 47, 12)
    states = [{"input": "h_in", "output": "h_out"}, {"input": "c_in", "output": "c_out"}]
    policy = legs(tmp_path, network, states=states)
    assert set(policy.runner.inputs) == {"obs", "h_in", "c_in"}


def test_states_that_the_manifest_does_not_mention_are_refused(tmp_path: Path) -> None:
    network = recurrent(tmp_path / "legs.onnx", 47, 12)
    path = write_yaml(leg_manifest(network), tmp_path / "legs.yaml")
    texts = [str(problem) for problem in examined(path).problems]
    assert any("the network's 'h_in', found nothing about it" in text for text in texts)


@pytest.mark.parametrize(
    ("target", "expected"), [("default", -0.1 + 0.25), ("absolute", 0.25), ("measured", 0.75)]
)
def test_targets_are_relative_to_the_default_to_nothing_or_to_the_measurement(
    tmp_path: Path, target: str, expected: float
) -> None:
    matrix = np.zeros((47, 12))
    matrix[5] = -1.0  # gravity z is -1: every action is 1
    network = linear(tmp_path / "legs.onnx", 47, 12, matrix=matrix)
    action = {"output": "actions", "target": target, "scale": 0.25}
    policy = legs(tmp_path, network, action=action)
    step = policy.step(estimate(position=np.full(29, 0.5)), WALK)
    assert step.position[0] == pytest.approx(expected)


def test_the_raw_action_is_clipped_before_it_is_remembered(tmp_path: Path) -> None:
    matrix = np.zeros((47, 12))
    matrix[5] = -8.0
    network = linear(tmp_path / "legs.onnx", 47, 12, matrix=matrix)
    action = {"output": "actions", "target": "absolute", "scale": 0.1, "clip": [-2.0, 2.0]}
    policy = legs(tmp_path, network, action=action)
    assert policy.step(estimate(), WALK).position[0] == pytest.approx(0.2)
    policy.step(estimate(), WALK)
    assert policy.runner.inputs["obs"][33:45].tolist() == [2.0] * 12


def test_targets_keep_the_stated_limits(tmp_path: Path) -> None:
    matrix = np.zeros((47, 12))
    matrix[5] = -8.0
    network = linear(tmp_path / "legs.onnx", 47, 12, matrix=matrix)
    limits = [[-0.3, 0.3]] * 12
    action = {"output": "actions", "target": "absolute", "scale": 0.1, "limits": limits}
    step = legs(tmp_path, network, action=action).step(estimate(), WALK)
    assert step.position[:12].tolist() == [0.3] * 12


def test_the_hash_of_the_manifest_belongs_to_the_network(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    assert legs(tmp_path, network).network.sha256 == sha256(network)
    assert list(legs(tmp_path, network).manifest.joints) == list(LEGS)
