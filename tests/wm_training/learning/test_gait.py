"""The clock of training is the clock of deployment, and the reference swings one leg at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training_parameters import STUDENT, TRAINING

from wm_policy.manifest import Phase, Settling, Standing, Wake
from wm_policy.phase import PhaseClock
from wm_training.learning.gait import START, START_RIGHT, Clock, build_gait

PARAMETERS = replace(
    TRAINING.gait,
    stride=0.8,
    double_support=0.04,
    wake_above=0.5,
    wake_strides=2.0,
    settling_above=0.65,
    settling_time=0.1,
)
GAIT = build_gait(PARAMETERS, 50.0, STUDENT.legs)


def test_training_and_deployment_tick_alike() -> None:
    rng = np.random.default_rng(0)
    standing = Standing(0.05, 0.05, (0.0, 0.0), Wake(0.5, 2.0, START_RIGHT, Settling(0.65, 0.1)))
    deployed = PhaseClock(Phase(1.0 / 0.8, START, "before", standing, "speed"), 50.0)
    trained = Clock(1, GAIT)
    trained.reset(np.array([0]), np.zeros(1))
    woken = right = slept = 0
    for _ in range(300):
        moving = rng.random() < 0.5
        for _ in range(int(rng.integers(1, 20))):
            rolling, pitching = rng.normal(0.0, 0.2, 2)
            deployed.speed = rng.uniform(0.5, 1.5)
            deployed.tick((0.3 * moving, 0.0, 0.0), rolling, pitching)
            shaking, speed = np.hypot([rolling], [pitching]), np.array([deployed.speed])
            trained.tick(np.array([not moving]), shaking, np.array([rolling]), speed)
            right += bool(trained.cosine[0, 0] < 0.0 and abs(trained.sine[0, 0]) < 1e-4)
            woken += bool(not moving and not trained.stopped[0])
            slept += bool(trained.stopped[0] and 0.5 < shaking[0] < 0.65)
            assert trained.sine[0] == pytest.approx(deployed.sine, abs=1e-6)
            assert trained.cosine[0] == pytest.approx(deployed.cosine, abs=1e-6)
    assert woken > 20
    assert slept > 3
    assert right > 3


def test_nobody_swings_while_standing() -> None:
    clock = Clock(1, GAIT)
    clock.tick(np.array([True]), np.zeros(1), np.zeros(1), np.ones(1))
    assert (clock.sine == 0.0).all()
    assert (clock.cosine == 1.0).all()
    assert not GAIT.reference(clock.sine).any()


def test_left_swings_in_the_first_half_and_right_in_the_second() -> None:
    quarter = GAIT.swing(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    assert quarter.tolist() == [[1.0, 0.0], [0.0, 1.0]]
    assert GAIT.reference(np.array([1.0, -1.0]))[3] == pytest.approx(2.0 * PARAMETERS.lift)
    assert not GAIT.reference(np.array([1.0, -1.0]))[6:].any()


def test_both_feet_are_down_for_the_double_support_of_every_step() -> None:
    """Of a stride of 0.8 s, 0.04 s per step: a tenth of the time nobody swings."""
    phase = np.linspace(0.0, 2.0 * np.pi, 100_000, endpoint=False)
    swing = GAIT.swing(np.sin(np.column_stack((phase, phase + np.pi))))
    assert (swing.sum(axis=1) == 0.0).mean() == pytest.approx(0.1, abs=1e-3)


def test_a_lifted_foot_stays_level() -> None:
    """Hip, knee and ankle pitch of default and reference each add up to zero."""
    for posture in (GAIT.default, GAIT.direction[0], GAIT.direction[1]):
        assert posture[[0, 3, 4]].sum() == pytest.approx(0.0)
        assert posture[[6, 9, 10]].sum() == pytest.approx(0.0)
