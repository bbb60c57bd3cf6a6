"""What is asked is turned into what must be told, in the graph as in numbers."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnxruntime
import pytest
from training_layers import random_layers
from training_parameters import OUTPUTS, STUDENT, TRAINING

from wm_control.robot.description import load_robot
from wm_training.learning import calibration
from wm_training.learning.calibration import (
    AxisMap,
    calibrate,
    inverse,
    measure,
    symmetric,
    told_grid,
)
from wm_training.learning.network_graph import INPUT, build_network
from wm_training.learning.observing import observation_width

ROBOT = load_robot("g1")
PARAMETERS = TRAINING
MAP = AxisMap((-0.3, 0.0, 0.4, 0.8), (-0.4, 0.0, 0.4, 1.0))


def test_a_walker_that_reaches_four_fifths_is_told_five_fourths() -> None:
    told = np.array([-1.0, -0.5, 0.5, 1.0])
    found = inverse(told, 0.8 * told)
    assert found.range == pytest.approx((-0.8, 0.8))
    assert found(np.array([-0.4, 0.0, 0.2, 0.4])) == pytest.approx([-0.5, 0.0, 0.25, 0.5])


def test_what_is_not_reached_is_not_asked_for() -> None:
    """Told more than 0.5 it walks no faster."""
    found = inverse(np.array([-0.5, 0.25, 0.5, 0.75, 1.0]), np.array([-0.5, 0.25, 0.5, 0.5, 0.49]))
    assert found.range == (-0.5, 0.5)


def test_a_policy_that_does_not_follow_at_all_can_be_asked_for_nothing() -> None:
    assert inverse(np.array([-1.0, 1.0]), np.zeros(2)).range == (0.0, 0.0)


def test_both_directions_are_averaged() -> None:
    assert symmetric(np.array([-0.3, -0.1, 0.2, 0.5])) == pytest.approx([-0.4, -0.15, 0.15, 0.4])


def test_directions_that_were_told_different_speeds_are_not_averaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A walker that does exactly what it is told needs to be told exactly what is asked."""
    command = dataclasses.replace(PARAMETERS.command, sideways=(-0.2, 0.6), turning=(-0.9, 0.9))
    parameters = dataclasses.replace(PARAMETERS, command=command)
    monkeypatch.setattr(calibration, "measure", lambda act, robot, p, commands, seed: commands)
    _, left, turn = calibrate(lambda seen: seen, ROBOT, parameters, 0)
    assert left.range == pytest.approx((-0.2, 0.6))
    assert left(np.array([-0.15, 0.45])) == pytest.approx([-0.15, 0.45])
    assert turn.range == pytest.approx((-0.9, 0.9))


def test_the_grid_is_rising_without_zero_and_ends_at_the_trained_range() -> None:
    grid = told_grid((-0.6, 1.2))
    assert (np.diff(grid) > 0.0).all()
    assert grid[[0, -1]].tolist() == [-0.6, 1.2]
    assert 0.0 not in grid


def test_the_graph_tells_what_the_map_says() -> None:
    """The mapped network on asked commands answers as the bare one on told commands."""
    bare, mapped = (
        onnxruntime.InferenceSession(build_network(random_layers(), STUDENT, maps))
        for maps in ((), (MAP, MAP, MAP))
    )
    rng = np.random.default_rng(0)
    for _ in range(10):
        seen = rng.normal(0.0, 0.3, (1, observation_width(STUDENT)))
        seen[0, :3] = rng.uniform(-0.3, 0.8, 3)
        answer = mapped.run(None, {INPUT: seen.astype(np.float32)})[0]
        seen[0, :3] = MAP(seen[0, :3])
        assert answer == pytest.approx(
            bare.run(None, {INPUT: seen.astype(np.float32)})[0], abs=1e-4
        )


def test_a_robot_that_does_nothing_reaches_nothing_or_falls() -> None:
    reached = measure(
        lambda seen: np.zeros((len(seen), OUTPUTS), dtype=np.float32),
        ROBOT,
        PARAMETERS,
        np.array([[0.0, 0.0, 0.0]]),
        0,
    )
    assert reached.shape == (1, 3)
    assert np.isfinite(reached).all()


def test_the_nominal_delay_fits_into_a_period_of_any_rate() -> None:
    noise = dataclasses.replace(PARAMETERS.randomisation, delay=(0.0, 0.004))
    physics = dataclasses.replace(PARAMETERS.physics, step=0.004)
    quick = dataclasses.replace(PARAMETERS, rate=125.0, physics=physics, randomisation=noise)
    assert calibration.nominal(quick).randomisation.delay == (0.008, 0.008)
    assert calibration.nominal(PARAMETERS).randomisation.delay == (0.01, 0.01)
