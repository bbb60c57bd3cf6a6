"""Flat ground as a measurement, against numbers worked by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pinocchio as pin
import pytest

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.ground_correction import GroundCorrection
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance

LEFT = 0
PARAMETERS = InvariantEkfParameters(
    encoder=1e-3,
    ground_tilt=2.5e-4,
    ground_height=2.5e-4,
    ground_tilt_gate=0.015,
    ground_gate=9.0,
    roughness_share=0.01,
)


def ground(x, y=0.0, seen_by_encoders=0.0):
    """A correction whose left sole's normal is (x, y, 1); one joint turns it about (1, 1, 0)."""
    jacobians = np.zeros((12, 8))
    jacobians[[3, 4], [6, 6]] = seen_by_encoders
    soles = SimpleNamespace(normal=[(x, y, 1.0), (x, y, 1.0)])
    kinematics = SimpleNamespace(legs=(np.array((0,)), np.array((1,))))
    body = SimpleNamespace(soles=soles, jacobians=jacobians, kinematics=kinematics)
    return GroundCorrection(PARAMETERS, body)


def state_with(tilt=0.0, height=0.0, height_variance=0.0):
    state = ekf.FilterState()
    state.covariance[0, 0] = state.covariance[1, 1] = tilt
    state.vectors[ekf.FOOT_ROW[LEFT], 2] = height
    row = ekf.FOOT[LEFT].start + 2
    state.covariance[row, row] = height_variance
    return state


def standing():
    stance = Stance(PARAMETERS)
    stance.put_down(LEFT)
    return stance


def test_sixteen_uses_in_a_step_say_as_much_as_the_floors_tilt_is_known():
    # 16 (0.25 mrad)^2 = (1 mrad)^2 by the floor; 1 mrad is believed, 0.5 mrad seen: half is left
    state = state_with(tilt=1e-6)
    assert ground(x=5e-4).level(state, LEFT)
    assert state.covariance[1, 1] == pytest.approx(5e-7)
    np.testing.assert_allclose(pin.log3(state.rotation), (0.0, -2.5e-4, 0.0), atol=1e-9)


def test_encoder_noise_is_as_large_as_the_legs_jacobian_makes_it():
    # ω = 3 (1, 1, 0) per rad moves the normal by 3 (1, -1): 9 (1 mrad)^2 on either variance, less
    # that on their covariance, beside 1 + 1 mrad^2 of floor and belief: ((11, -9), (-9, 11)), whose
    # inverse is ((11, 9), (9, 11)) / 40; of ω = (-n_y, n_x) one mrad^2 each was believed
    state = state_with(tilt=1e-6)
    assert ground(x=0.0, seen_by_encoders=3.0).level(state, LEFT)
    left = state.covariance[:2, :2] * 1e6
    np.testing.assert_allclose(left, ((29 / 40, 9 / 40), (9 / 40, 29 / 40)), rtol=1e-6)


def test_a_tilted_sole_tells_neither_level_nor_height():
    correction, state = ground(x=0.02), state_with(1e-6, height=0.001, height_variance=1e-6)
    before = state.copy()
    assert not correction.level(state, LEFT)
    correction.correct(state, standing())
    np.testing.assert_array_equal(state.mean, before.mean)
    np.testing.assert_array_equal(state.covariance, before.covariance)
    assert correction.roughness == correction.unevenness == 0.0


def test_a_level_sole_tells_both():
    state = state_with(1e-6, height=0.001, height_variance=1e-6)
    ground(x=0.0).correct(state, standing())
    # 16 (0.25 mm)^2 = (1 mm)^2 against (1 mm)^2; the roughness seen is none
    assert state.vectors[ekf.FOOT_ROW[LEFT], 2] == pytest.approx(5e-4)
    assert state.covariance[11, 11] == pytest.approx(5e-7)


def test_surprising_tilt_is_learned_as_the_grounds_own():
    correction = ground(x=0.01)
    correction.level(state_with(tilt=0.0), LEFT)
    # a hundredth of (0.01^2 + 0) / 2 - 0.00025^2
    assert correction.unevenness == pytest.approx(0.01 * (5e-5 - 6.25e-8))


def test_expected_errors_teach_no_roughness_on_average():
    """As large as the covariance says, in the mean: white noise must not pass for rough ground."""
    random, correction, found = np.random.default_rng(0), ground(x=0.0), []
    for height in 1e-3 * random.normal(size=4000):
        correction.rest(state_with(height=height, height_variance=1e-6 - 6.25e-8), LEFT)
        found.append(correction.roughness)
    assert np.mean(found) < 0.1e-6
    # innovations of twice that deviation leave 3 mm^2 unexplained
    for height in 2e-3 * random.normal(size=2000):
        correction.rest(state_with(height=height, height_variance=1e-6 - 6.25e-8), LEFT)
    assert correction.roughness == pytest.approx(3e-6, rel=0.4)


def test_a_height_beyond_the_gate_is_not_used_but_learned():
    correction, state = ground(x=0.0), state_with(height=0.02)
    correction.roughness = 0.0
    state.covariance[11, 11] = 1e-8
    before = state.copy()
    correction.parameters = InvariantEkfParameters(ground_height=2.5e-4, roughness_share=1e-3)
    correction.rest(state, LEFT)
    np.testing.assert_array_equal(state.mean, before.mean)
    # a thousandth of 20 mm squared, less what was expected
    assert correction.roughness == pytest.approx(1e-3 * (4e-4 - 7.25e-8))


def test_a_gentle_slope_entered_from_flat_ground_is_noticed():
    """Soles at 10 mrad, within the gate, where the tilt is known to 0.15 mrad by the IMU."""
    correction, state = ground(x=0.01), state_with(tilt=0.15e-3**2)
    for _ in range(200):
        assert correction.level(state, LEFT)
    assert np.abs(pin.log3(state.rotation)).max() < 0.6e-3
    # half of 10 mrad squared, of which 1 - 0.99^200 are learned
    assert correction.unevenness == pytest.approx(0.866 * 0.5 * 0.01**2, rel=0.01)
