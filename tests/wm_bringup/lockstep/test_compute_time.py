"""Measured compute times are replayed as a distribution, with a seed."""

import json

import numpy as np
import pytest
import yaml

from wm_bringup.lockstep.compute_time import ComputeTime
from wm_control.errors import ParameterError


def draw(distribution, count, seed=0):
    draws = distribution.draws(seed)
    return np.array([draws.next() for _ in range(count)])


def test_a_constant_is_always_drawn():
    assert set(draw(ComputeTime.constant(0.0007), 100)) == {0.0007}


def test_draws_follow_the_samples():
    samples = np.random.default_rng(1).gamma(4.0, 0.0002, 5000)
    drawn = draw(ComputeTime.from_samples(samples), 5000)
    for percentile in (5, 50, 95):
        expected = np.percentile(samples, percentile)
        assert np.percentile(drawn, percentile) == pytest.approx(expected, rel=0.05)
    assert samples.min() <= drawn.min() <= drawn.max() <= samples.max()


def test_quantiles_between_percentiles_are_linear_and_constant_outside():
    times = ComputeTime.from_percentiles({50.0: 0.001, 90.0: 0.002})
    assert times.quantile(0.7) == pytest.approx(0.0015)
    assert times.quantile(0.1) == pytest.approx(0.001)
    assert times.quantile(1.0) == pytest.approx(0.002)


def test_the_same_seed_gives_the_same_draws_and_another_seed_does_not():
    times = ComputeTime.from_samples([0.001, 0.002, 0.003])
    np.testing.assert_array_equal(draw(times, 20, seed=3), draw(times, 20, seed=3))
    assert not np.array_equal(draw(times, 20, seed=3), draw(times, 20, seed=4))


def test_yaml_and_json_files_are_read(tmp_path):
    as_json = tmp_path / "a.json"
    as_json.write_text(json.dumps({"machine": "x", "samples": [0.001, 0.003]}))
    as_yaml = tmp_path / "a.yaml"
    as_yaml.write_text(yaml.safe_dump({"percentiles": {0: 0.001, 100: 0.003}}))
    for path in (as_json, as_yaml):
        assert ComputeTime.load(path).quantile(0.5) == pytest.approx(0.002)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"samples": [0.001], "percentiles": {50: 0.001}},
        {"samples": [-0.001]},
        {"samples": [float("nan")]},
        {"percentiles": {120: 0.001}},
        {"percentiles": {10: 0.002, 90: 0.001}},
        {"sample": [0.001]},
    ],
)
def test_a_file_without_a_distribution_is_refused(tmp_path, content):
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(ParameterError):
        ComputeTime.load(path)
