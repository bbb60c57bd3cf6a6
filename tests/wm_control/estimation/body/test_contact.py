"""Foot wrenches from generalised forces, and contact from force, height and speed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from robot_parameters import ESTIMATOR

from wm_control.estimation.body.body import Body
from wm_control.estimation.body.contact import (
    ContactDetector,
    ContactFilter,
    WrenchSolver,
    contact_log_odds,
)
from wm_control.estimation.body.momentum import MomentumObserver

PARAMETERS = ESTIMATOR.contact
WEIGHT = 327.0


@pytest.fixture(scope="module")
def body(robot):
    return Body(robot)


@pytest.fixture(scope="module")
def jacobians(robot, body):
    body.place(robot.default_position)
    return body.jacobians.copy()


@pytest.fixture(scope="module")
def solver(body):
    return WrenchSolver(PARAMETERS, len(body.rows))


@pytest.mark.parametrize(
    "wrenches",
    [
        [[0, 0, 160, 0, 0, 0], [0, 0, 160, 0, 0, 0]],
        [[30, -20, 320, 4, -8, 2], [0, 0, 0, 0, 0, 0]],
        [[0, 0, 0, 0, 0, 0], [-40, 10, 500, -3, 12, -1]],
    ],
)
def test_wrenches_are_found_again_from_the_generalised_force_they_make(solver, jacobians, wrenches):
    wrenches = np.array(wrenches, dtype=float)
    found = solver.solve(jacobians.T @ wrenches.ravel(), jacobians)
    np.testing.assert_allclose(found[:, :3], wrenches[:, :3], atol=8.0)
    np.testing.assert_allclose(found[:, 3:], wrenches[:, 3:], atol=1.0)


def test_a_straight_leg_still_gives_a_finite_wrench(robot, body, solver):
    body.place(np.zeros(len(robot.joint_names)))
    straight = body.jacobians.copy()
    wrenches = np.array(((0, 0, 330, 0, 0, 0), (0, 0, 0, 0, 0, 0)), dtype=float)
    found = solver.solve(straight.T @ wrenches.ravel(), straight)
    assert np.isfinite(found).all()
    assert found[:, 2].sum() == pytest.approx(330.0, abs=40.0)


def test_the_observer_follows_a_force_with_its_bandwidth():
    observer = MomentumObserver(3, bandwidth=100.0)
    observer.reset(np.zeros(3))
    for _ in range(5):  # 10 ms = one time constant: 1 - 1.2^-5 = 0.598
        observer.update(np.array((10.0, 0.0, 0.0)), 0.002)
    np.testing.assert_allclose(observer.residual, (5.981, 0.0, 0.0), atol=1e-3)


def test_the_observer_does_not_differentiate_noise_of_the_velocity():
    # M = 1: raw force (v_k - v_k-1) / dt; momentum form: K (v - lag) stays below K |v|
    observer = MomentumObserver(1, bandwidth=100.0)
    noise = np.random.default_rng(0).normal(size=1000)
    worst = 0.0
    for before, now in pairwise(noise):
        observer.update(np.array(((now - before) / 0.002,)), 0.002)
        worst = max(worst, abs(float(observer.residual[0])))
    assert worst < 2.0 * 100.0 * np.abs(noise).max()


def test_a_firm_load_outweighs_a_slip_but_not_a_slip_high_above_ground():
    firm = contact_log_odds(load=1.0, height=0.0, speed=0.0, parameters=PARAMETERS)
    slipping = contact_log_odds(load=1.0, height=0.0, speed=2.0, parameters=PARAMETERS)
    kicking = contact_log_odds(load=1.0, height=0.3, speed=2.0, parameters=PARAMETERS)
    assert firm == pytest.approx(PARAMETERS.load_evidence)
    assert 0.0 < slipping < firm
    assert kicking < 0.0


def test_half_the_probability_lies_at_the_load_threshold():
    odds = contact_log_odds(PARAMETERS.load_threshold, 0.0, 0.0, PARAMETERS)
    assert odds == pytest.approx(0.0)


def test_a_sole_that_lifts_loses_contact_within_ten_milliseconds():
    contact = ContactFilter(PARAMETERS)
    for _ in range(5):
        contact.update([1.0, 0.0], [0.0, 0.0], [0.0, 0.0], 0.002)
    left, right = contact.probability
    assert left > 0.95
    assert right < 0.2
    for _ in range(5):
        contact.update([1.0, 0.5], [0.0, 0.0], [0.0, 0.0], 0.002)
    assert contact.probability[1] > 0.8


def test_swapping_the_feet_swaps_the_probabilities():
    one, other = ContactFilter(PARAMETERS), ContactFilter(PARAMETERS)
    loads, heights, speeds = [0.7, 0.1], [0.0, 0.04], [0.1, 0.8]
    left = one.update(loads, heights, speeds, 0.002)
    right = other.update(loads[::-1], heights[::-1], speeds[::-1], 0.002)
    assert left == right[::-1]


def detected(body, loads, samples=10):
    """Probabilities after some samples of these loads, with both soles resting."""
    detector = ContactDetector(PARAMETERS, WEIGHT)
    wrench = np.zeros((2, 6))
    wrench[:, 2] = np.array(loads) * WEIGHT
    for _ in range(samples):
        probability = detector.update(wrench, body.soles, 0.002)
    return probability


def test_a_firm_load_stands_and_an_unloaded_sole_does_not(robot, body):
    body.place(robot.default_position)
    left, right = detected(body, (0.9, 0.0))
    assert left > 0.9
    assert right < 0.1
