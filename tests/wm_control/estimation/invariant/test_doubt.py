"""A wrong velocity is taken back, and the covariance says so meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from synthetic import SensorErrors

from wm_control.estimation.body.body import Soles
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.doubt import (
    Slide,
    VelocityDoubt,
    doubt_velocity,
    take_back_velocity,
)
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.probation import ForceSurprise, Probation, Verdict
from wm_control.estimation.invariant.stance import Stance
from wm_control.vector3 import ZERO

PARAMETERS = InvariantEkfParameters()
DT = 0.002


def soles(left=ZERO, right=ZERO, places=(ZERO, ZERO)):
    return Soles(list(places), [left, right], [ZERO, ZERO], [0.0, 0.0], [(0.0, 0.0, 1.0)] * 2)


@pytest.fixture
def stance():
    """Both soles stand firmly."""
    stance = Stance(PARAMETERS)
    stance.put_down(0)
    stance.put_down(1)
    return stance


# --- forces that nothing else shows -----------------------------------------------------------


def test_a_jump_of_the_force_alone_is_a_surprise_and_the_return_from_it_is_none():
    surprise, rest, still = ForceSurprise(PARAMETERS), np.array((0.0, 0.0, 9.81)), np.zeros(3)
    assert surprise.of(rest, still) is None
    told = surprise.of(rest + np.array((150.0, 0.0, 0.0)), still)
    assert told == pytest.approx((150.0, 0.0, 0.0))
    assert surprise.of(rest, still) is None


def test_an_impact_that_jolts_the_gyro_is_none():
    """40 m/s² for any sample, and 60 per rad/s: 150 with 2 rad/s."""
    surprise = ForceSurprise(PARAMETERS)
    surprise.of(np.array((0.0, 0.0, 9.81)), np.zeros(3))
    assert surprise.of(np.array((0.0, 0.0, 150.0)), np.array((0.0, 2.0, 0.0))) is None


def test_a_force_that_stays_is_a_level_after_40_ms():
    surprise = ForceSurprise(PARAMETERS)
    surprise.of(np.zeros(3), np.zeros(3))
    told = [surprise.of(np.array((100.0, 0.0, 0.0)), np.zeros(3)) for _ in range(21)]
    assert told[0] is not None
    assert told[-1] is None


# --- probation --------------------------------------------------------------------------------


def judged(stance, added, walked):
    """Verdict on a velocity (3,) that a sample added, when soles seem to walk at ``walked``."""
    probation, place = Probation(), np.zeros((2, 3))
    probation.suspect(np.array(added))
    moved = -0.5 * DT
    for k in range(30):
        moved += DT
        at = tuple(moved * w for w in walked)
        verdict = probation.hear(soles(places=(at, at)), place, stance, DT)
        if verdict is not Verdict.NONE:
            return verdict, k + 1
    return Verdict.NONE, 30


def test_soles_that_walk_away_by_what_a_sample_added_show_it_bad_within_16_ms(stance):
    verdict, samples = judged(stance, (0.3, 0.0, 0.0), (0.3, 0.0, 0.0))
    assert verdict is Verdict.BAD
    assert samples <= 8


@pytest.mark.parametrize("walked", [ZERO, (-0.2, 0.1, 0.0), (0.0, 0.5, 0.0), (1.5, 0.0, 0.0)])
def test_soles_that_stand_or_slide_otherwise_show_it_true(stance, walked):
    assert judged(stance, (0.3, 0.0, 0.0), walked)[0] is Verdict.TRUE


def test_without_a_sole_the_question_stays_open():
    assert judged(Stance(PARAMETERS), (0.3, 0.0, 0.0), ZERO)[0] is Verdict.OPEN


# --- sliding ----------------------------------------------------------------------------------


def watched(stance, left, right, samples=100):
    """Samples until the velocity is taken to be wrong, None if never; speeds: of time [s]."""
    doubt = VelocityDoubt(PARAMETERS)
    for k in range(samples):
        slide = doubt.watch(soles(left(k * DT), right(k * DT)), stance, DT)
        if slide is not None:
            return k * DT
    return None


def test_all_firm_soles_sliding_alike_for_a_tenth_of_a_second_are_a_wrong_velocity(stance):
    told = watched(stance, lambda t: (0.3, 0.0, 0.0), lambda t: (0.3, 0.0, 0.0))
    assert told == pytest.approx(0.14, abs=0.04)


def test_one_sole_that_stands_makes_the_other_ones_slide_a_slip(stance):
    assert watched(stance, lambda t: (0.3, 0.0, 0.0), lambda t: ZERO) is None


def test_a_slide_that_friction_brakes_is_a_slip(stance):
    """From 0.6 m/s by 3 m/s², friction 0.3: over after 0.2 s."""

    def braked(t):
        return (max(0.6 - 3.0 * t, 0.0), 0.0, 0.0)

    assert watched(stance, braked, braked, 200) is None


def doubted(stance, seen, samples=300, corrected=lambda t: np.zeros(3)):
    """Time until a doubt ends, None if never; seen: velocity of the only sole, of time [s]."""
    stance.lift(0)
    stance.lift(1)
    doubt = VelocityDoubt(PARAMETERS)
    doubt.watch(soles(seen(0.0)), stance, DT)
    stance.put_down(0)
    doubt.begin()
    for k in range(samples):
        assert doubt.watch(soles(seen(k * DT)), stance, DT) is None
        doubt.corrected(corrected(k * DT))
        if not doubt.active:
            return k * DT
    return None


@pytest.mark.parametrize("braking", [6.0, 10.0, 20.0, 40.0])
def test_a_sole_that_is_dragged_along_ends_no_doubt_before_it_stands(stance, braking):
    """From 0.8 m/s by friction."""
    ended = doubted(stance, lambda t: (max(0.8 - braking * t, 0.0), 0.0, 0.0))
    assert 0.8 / braking <= ended < 0.8 / braking + 0.1


def test_soles_in_the_air_end_no_doubt(stance):
    stance.lift(0)
    stance.lift(1)
    doubt = VelocityDoubt(PARAMETERS)
    doubt.begin()
    for _ in range(300):
        doubt.watch(soles(), stance, DT)
    assert doubt.active


def test_a_sole_stands_whether_or_not_the_velocity_is_corrected_by_it_meanwhile(stance):
    """Seen to slide by 0.4 m/s, 0.1 after the first correction of -0.3: it has stood all along."""
    ended = doubted(
        stance,
        lambda t: (0.4, 0.0, 0.0) if t < 0.005 else (0.1, 0.0, 0.0),
        corrected=lambda t: np.array((-0.3 if 0.003 < t < 0.005 else 0.0, 0.0, 0.0)),
    )
    assert ended == pytest.approx(PARAMETERS.doubt_time, abs=0.006)


def test_a_velocity_taken_back_is_that_of_the_sole():
    state = ekf.FilterState()
    state.covariance[:] = np.diag(np.full(ekf.SIZE, 1e-6))
    state.velocity[:] = 0.8, 0.0, 0.0
    slide = Slide(np.array((0.3, 0.0, 0.0)), np.full(3, 0.01))
    take_back_velocity(state, slide)
    np.testing.assert_allclose(state.velocity, (0.5, 0.0, 0.0), atol=0.001)
    assert state.covariance[3, 3] == pytest.approx(0.01**2, rel=0.01)


def test_doubt_of_the_velocity_is_doubt_of_the_way_gone_with_it():
    state = ekf.FilterState()
    doubt_velocity(state, 0.5, 0.1)
    assert state.covariance[3, 3] == pytest.approx(0.25)
    assert state.covariance[6, 6] == pytest.approx(0.0025)
    assert state.covariance[3, 6] == pytest.approx(0.025)


# --- stories ----------------------------------------------------------------------------------


def walked_with(robot, walk, change):
    """Errors (k, 3) of velocity and claimed deviations (k, 3) under a change of observations."""
    estimator = make_estimator(robot, ESTIMATOR)
    estimates = [
        estimator.update(change(k, o)) for k, o in enumerate(walk.observations(SensorErrors(), 1))
    ]
    error = np.array([e.base_velocity_in_base for e in estimates]) - walk.velocity[:, :3]
    claim = np.array([np.sqrt(np.diag(e.twist_covariance)[:3]) for e in estimates])
    assert all(e.healthy for e in estimates)
    return np.linalg.norm(error, axis=1), np.linalg.norm(claim, axis=1)


@pytest.mark.parametrize("value", [50.0, 100.0, 150.0, -150.0, 300.0, 1e5])
@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 1, 2)])
def test_one_bad_sample_of_the_accelerometer_is_taken_back_within_300_ms(robot, walk, value, axes):
    def change(k, o):
        if k != 900:
            return o
        force = o.imu_linear_acceleration.copy()
        force[list(axes)] += value
        return replace(o, imu_linear_acceleration=force)

    error, claim = walked_with(robot, walk, change)
    assert error[1050:].max() < 0.05
    wrong = error[900:] > 0.15
    assert (claim[900:][wrong] > error[900:][wrong] / 4.0).all()


@pytest.mark.parametrize("samples", [2, 5])
def test_several_bad_samples_in_a_row_are_taken_back_as_well(robot, walk, samples):
    def change(k, o):
        more = np.array((120.0, 0.0, 0.0)) * (900 <= k < 900 + samples)
        return replace(o, imu_linear_acceleration=o.imu_linear_acceleration + more)

    error, _ = walked_with(robot, walk, change)
    assert error[1050:].max() < 0.05


def test_a_sample_at_the_end_of_the_range_is_kept_doubted_and_recovered_from(robot, walk):
    def change(k, o):
        force = o.imu_linear_acceleration.copy()
        force[0] = 156.9 if k == 900 else force[0]
        return replace(o, imu_linear_acceleration=force)

    error, claim = walked_with(robot, walk, change)
    assert claim[900] > 0.2
    assert error[1050:].max() < 0.05


@pytest.mark.parametrize("kick", [(0.8, 0.0), (-0.5, 0.7), (0.0, -1.0)])
@pytest.mark.parametrize("at", [880, 900, 930])
def test_a_knock_beyond_the_range_that_drags_the_soles_along_is_recovered_from(
    robot, walk, kick, at
):
    """The filter lacks what the walk does not show: velocity wrong by the kick, less 16 g for 2 ms.

    Told by the same walk with a force at the end of the range in the one sample.
    """
    kick_in_base = np.array((*kick, 0.0))

    def change(k, o):
        if k != at:
            return o
        force = np.clip(o.imu_linear_acceleration + kick_in_base / DT, -156.9, 156.9)
        return replace(o, imu_linear_acceleration=force)

    error, claim = walked_with(robot, walk, change)
    assert error[at + 150 :].max() < 0.05
    wrong = error[at:] > 0.15
    assert (claim[at:][wrong] > error[at:][wrong] / 4.0).all()


def test_no_news_of_a_healthy_walk_is_doubted(robot, walk):
    estimator = make_estimator(robot, ESTIMATOR)
    for o in walk.observations(SensorErrors(), 1):
        estimator.update(o)
        assert not estimator._doubt.active
        assert not estimator._probation.pending
