"""The novelty of an observation, with numbers worked by hand."""

from pathlib import Path

import numpy as np
import pytest
from policy_files import ALL, G1, deploy_yaml, estimate, leg_manifest, write_yaml
from tiny_networks import linear, normalised

from wm_control.types import VelocityCommand
from wm_policy.loading import load_policy
from wm_policy.models import shipped_policy
from wm_policy.network import read_network


def legs(tmp_path: Path, mean: np.ndarray, deviation: np.ndarray, **changes: object):
    network = normalised(tmp_path / "legs.onnx", mean, deviation, 12)
    content = {**leg_manifest(network), **changes}
    return load_policy(write_yaml(content, tmp_path / "legs.yaml"), G1)


def test_the_normaliser_of_a_network_is_found(tmp_path: Path) -> None:
    mean, deviation = np.linspace(-1, 1, 47), np.linspace(0.5, 2, 47)
    network = read_network(normalised(tmp_path / "n.onnx", mean, deviation, 12))
    assert network.statistics["obs"].mean == pytest.approx(mean)
    assert network.statistics["obs"].deviation == pytest.approx(deviation)


def test_a_network_without_normaliser_has_no_statistics(tmp_path: Path) -> None:
    assert read_network(linear(tmp_path / "n.onnx", 47, 12)).statistics == {}


def test_the_score_is_the_root_mean_square_of_all_deviations(tmp_path: Path) -> None:
    mean = np.zeros(47)
    mean[5] = -1.0
    policy = legs(tmp_path, mean, np.full(47, 2.0))
    frame = np.array(mean, dtype=np.float32)
    assert policy.novelty.score(frame) == 0.0
    frame[0] = 6.0  # three deviations in one of 47 values
    assert policy.novelty.score(frame) == pytest.approx(np.sqrt(9.0 / 47.0))
    frame[1] = 1e6  # counts for ten
    assert policy.novelty.score(frame) == pytest.approx(np.sqrt((9.0 + 100.0) / 47.0))


def test_a_tiny_deviation_does_not_make_a_trifle_new(tmp_path: Path) -> None:
    mean = np.zeros(47)
    mean[5] = -1.0
    policy = legs(tmp_path, mean, np.full(47, 1e-9))
    frame = np.array(mean, dtype=np.float32)
    frame[0] += 0.02  # gyro: spread 0.8 rad/s * scale 0.25, a tenth of it is 0.02
    assert policy.novelty.score(frame) == pytest.approx(np.sqrt(1.0 / 47.0), rel=1e-3)


def test_a_score_of_what_is_not_finite_is_not_finite(tmp_path: Path) -> None:
    mean = np.zeros(47)
    mean[5] = -1.0
    policy = legs(tmp_path, mean, np.ones(47))
    assert np.isnan(policy.novelty.score(np.full(47, np.nan, dtype=np.float32)))


def test_stated_statistics_come_before_those_of_the_network(tmp_path: Path) -> None:
    mean = [0.0] * 5 + [-1.0] + [0.0] * 41
    said = {"obs": {"mean": mean, "deviation": [4.0] * 47}}
    policy = legs(tmp_path, np.array(mean), np.ones(47), statistics=said)
    frame = np.array(mean, dtype=np.float32)
    frame[0] = 8.0
    assert policy.novelty.score(frame) == pytest.approx(np.sqrt(4.0 / 47.0))


def test_without_statistics_rest_is_familiar_and_a_tumble_is_not(tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", 96, 29, matrix=np.zeros((96, 29)))
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    policy = load_policy(tmp_path, G1)
    rest = policy.step(estimate(), VelocityCommand()).novelty
    tumble = estimate(
        gyro=(4.0, -5.0, 2.0),
        velocity=np.full(len(ALL), 8.0),
        orientation=(0.0, 0.5, 0.0, 0.866),
    )
    assert rest < 0.1
    assert policy.step(tumble, VelocityCommand()).novelty > 1.5


def test_values_of_a_block_with_a_history_are_not_said_to_be_measured(tmp_path: Path) -> None:
    """The shipped policy: 3 commands and 4 of the phase are measured, 42 with a history are not."""
    assert load_policy(shipped_policy(), G1).novelty.measured == 7
    mean = np.zeros(47)
    mean[5] = -1.0
    assert legs(tmp_path, mean, np.ones(47)).novelty.measured == 47
