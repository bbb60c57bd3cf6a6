"""The filter's algebra: every Jacobian by differences, and what must not matter."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant import measurements as look
from wm_control.estimation.invariant import placed_soles as soles
from wm_control.estimation.invariant.published_covariance import PublishedCovariance

EPSILON = 1e-6
ARM = np.array((0.04, -0.01, 0.08))


def some_state(seed=0):
    random = np.random.default_rng(seed)
    state = ekf.FilterState()
    state.rotation[:] = pin.exp3(random.normal(size=3))
    state.vectors[:] = random.normal(size=(4, 3))
    state.others[:] = 0.1 * random.normal(size=12)
    root = 0.01 * random.normal(size=(ekf.SIZE, ekf.SIZE))
    state.covariance[:] = root @ root.T + 1e-4 * np.eye(ekf.SIZE)
    return state


def disturbed(state, error):
    """X_believed = exp(ξ) X: ``retract`` with the opposite sign, whose inverse the test checks."""
    other = state.copy()
    ekf.retract(other, -error)
    return other


def error_between(believed, true):
    """(27,) ξ with X_believed = exp(ξ) X_true."""
    turn = believed.rotation @ true.rotation.T
    phi = pin.log3(turn)
    left = pin.Jexp3(-phi)
    moved = believed.vectors - true.vectors @ turn.T
    return np.concatenate(
        (phi, np.linalg.solve(left, moved.T).T.reshape(12), believed.others - true.others)
    )


def moved_by(state, omega, force, dt):
    """Move the state in place; return Φ."""
    propagation = ekf.Propagation()
    propagation.move(state, omega, omega, force, dt)
    return propagation.transition


def differences(function, size=ekf.SIZE):
    """Central differences of ``function(error)`` at zero error, (k, 27)."""
    columns = []
    for index in range(size):
        step = np.zeros(size)
        step[index] = EPSILON
        columns.append((function(step) - function(-step)) / (2.0 * EPSILON))
    return np.array(columns).T


def test_taking_out_an_error_is_the_inverse_of_the_exponential_map():
    state, error = some_state(1), 0.3 * np.random.default_rng(2).normal(size=ekf.SIZE)
    np.testing.assert_allclose(error_between(disturbed(state, error), state), error, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_transition_is_the_derivative_of_the_motion(seed):
    random = np.random.default_rng(seed)
    omega, force, dt = random.normal(size=3), 10.0 * random.normal(size=3), 0.002
    state = some_state(seed)
    moved = state.copy()
    transition = moved_by(moved, omega, force, dt)

    def after(error):
        other = disturbed(state, error)
        ekf.Propagation().move(other, omega, omega, force, dt)
        return error_between(other, moved)

    # R⁺ stands for the attitude during the sample: wrong by |ω| dt/2 in levers of 2 m times dt
    np.testing.assert_allclose(transition, differences(after), atol=5e-5)


def test_the_imus_heading_goes_on_at_its_rate_and_its_doubt_with_it():
    """2 mrad/s for 2 ms are 4 µrad; a rate in doubt by 1 rad/s turns it by 2 mrad."""
    state = ekf.FilterState()
    state.imu_heading, state.others[11] = 0.5, 2e-3
    row = [ekf.IMU_HEADING, ekf.IMU_HEADING_RATE]
    state.covariance[row, row] = 3e-6, 1.0
    ekf.drift_imu_heading(state, 0.002)
    assert state.imu_heading == pytest.approx(0.5 + 4e-6)
    expected = ((3e-6 + 4e-6, 2e-3), (2e-3, 1.0))
    np.testing.assert_allclose(state.covariance[np.ix_(row, row)], expected)


def test_the_covariance_is_carried_by_the_transition():
    state, propagation = some_state(2), ekf.Propagation()
    before = state.covariance.copy()
    omega, force = np.array((0.1, -0.2, 0.3)), np.array((1.0, 0.5, 9.0))
    propagation.move(state, omega, omega, force, 0.002)
    propagation.spread(state, np.zeros(6), np.zeros(ekf.SIZE))
    transition = propagation.transition
    np.testing.assert_allclose(state.covariance, transition @ before @ transition.T, atol=1e-15)


def test_the_motion_of_a_group_error_does_not_depend_on_the_state():
    a = moved_by(some_state(1), np.ones(3), np.ones(3), 0.002)
    b = moved_by(some_state(2), -np.ones(3), np.zeros(3), 0.002)
    np.testing.assert_array_equal(a[: ekf.GROUP, : ekf.GROUP], b[: ekf.GROUP, : ekf.GROUP])


def test_a_rate_that_changes_between_two_readings_makes_the_attitude_less_certain():
    state, propagation = ekf.FilterState(), ekf.Propagation()
    before, now = np.array((0.0, 0.1, 0.3)), np.array((0.12, 0.1, 0.0))
    propagation.move(state, before, now, np.array((0.0, 0.0, 9.81)), 0.002)
    propagation.spread(state, np.zeros(6), np.zeros(ekf.SIZE))
    # (0.12 rad/s)^2 / 12 (2 ms)^2 about x, nothing about y, (0.3 rad/s)^2 / 12 (2 ms)^2 about z
    np.testing.assert_allclose(
        np.diag(state.covariance)[ekf.PHI], (4.8e-9, 0.0, 3e-8), rtol=1e-3, atol=1e-13
    )
    # and the mean of both rates is what is turned by
    np.testing.assert_allclose(pin.log3(state.rotation), (1.2e-4, 2e-4, 3e-4), rtol=1e-9)


def sole_by_kinematics(state, place, heading):
    """World position and heading of a sole that the encoders see at ``place`` from the IMU."""
    forward = state.rotation @ heading
    return np.append(state.position + state.rotation @ place, np.arctan2(forward[1], forward[0]))


@pytest.mark.parametrize("feet", [(0,), (1,), (0, 1)])
def test_the_soles_jacobian_is_the_derivative_of_their_innovation(feet):
    state = some_state(3)
    state.rotation[:] = pin.exp3(np.array((0.0, 0.0, 2.0)))
    places = [np.array((0.1, 0.1, -0.7)), np.array((-0.2, -0.1, -0.6))]

    def innovation(error):
        other = disturbed(state, error)
        rows = [
            sole_by_kinematics(other, places[foot], np.array((1.0, 0.0, 0.0)))
            - np.append(other.vectors[ekf.FOOT_ROW[foot]], other.foot_heading[foot])
            for foot in feet
        ]
        return np.concatenate(rows)

    # d is where kinematics sees the sole: elsewhere the innovation is not zero and turns with φ
    for foot in feet:
        seen = sole_by_kinematics(state, places[foot], np.array((1.0, 0.0, 0.0)))
        state.vectors[ekf.FOOT_ROW[foot]] = seen[:3]
    np.testing.assert_allclose(look.sole_jacobian(feet), differences(innovation), atol=1e-6)


@pytest.mark.parametrize("foot", [0, 1])
def test_the_grounds_jacobian_is_the_derivative_of_the_soles_height(foot):
    state = some_state(4)
    row = ekf.FOOT_ROW[foot]

    def height(error):
        return disturbed(state, error).vectors[row][2:]

    jacobian = look.ground_jacobian(state.vectors[row], foot)
    np.testing.assert_allclose(jacobian, differences(height), atol=1e-6)


def test_the_levels_jacobian_is_the_derivative_of_the_soles_normal():
    state, in_base = some_state(5), pin.exp3(np.array((0.1, 0.2, 0.3)))[:, 2]

    def normal(error):
        return (disturbed(state, error).rotation @ in_base)[:2]

    jacobian = look.flatness_jacobian(state.rotation @ in_base)
    np.testing.assert_allclose(jacobian, differences(normal), atol=1e-6)


def test_the_published_covariance_is_that_of_the_bases_pose_and_twist():
    state, gyro = some_state(7), np.array((0.3, -0.2, 0.5))
    rotation, omega = state.rotation.copy(), gyro - state.biases[0]

    def pose(error):
        other = disturbed(state, error)
        base = other.position - other.rotation @ ARM
        return np.append(base, pin.log3(other.rotation @ rotation.T))

    def twist(error):
        other = disturbed(state, error)
        turn = gyro - other.biases[0]
        return np.append(other.rotation.T @ other.velocity - np.cross(turn, ARM), turn)

    assert np.allclose(twist(np.zeros(ekf.SIZE))[3:], omega)
    published = PublishedCovariance(ARM, 0.0)
    published.refresh(state)
    x, y, _ = state.position
    path = np.zeros((6, 6))  # what the published pose adds for the path so far, see the next test
    path[:2, 5] = path[5, :2] = -y, x
    path[:2, :2] = np.outer((-y, x), (-y, x))
    for function, covariance, more in ((pose, published.pose, path), (twist, published.twist, 0.0)):
        jacobian = differences(function)
        expected = jacobian @ state.covariance @ jacobian.T
        expected = expected + more * expected[5, 5]
        np.testing.assert_allclose(covariance, expected, rtol=1e-4, atol=1e-9)


def test_a_heading_error_turns_the_path_about_its_start():
    state = ekf.FilterState()
    state.position[:] = 10.0, 0.0, 0.7
    # known where the IMU is: rp = -φ x p; the base is at the IMU
    state.covariance[2, 2], state.covariance[7, 7] = 1e-4, 0.01
    state.covariance[2, 7] = state.covariance[7, 2] = -1e-3
    published = PublishedCovariance(np.zeros(3), 0.0)
    published.walked[:] = np.diag((0.01, 0.02))
    published.refresh(state)
    whole = published.pose
    # 10 m away along x, 0.01 rad are 0.1 m to the side: 0.01 m²
    np.testing.assert_allclose(np.diag(whole), (0.01, 0.03, 0.0, 0.0, 0.0, 1e-4))
    assert whole[1, 5] == pytest.approx(1e-3)
    assert np.linalg.eigvalsh(whole).min() > -1e-15


def test_settling_the_place_forgets_where_the_imu_is_and_nothing_else():
    state, published = some_state(11), PublishedCovariance(np.zeros(3), 0.0)
    state.vectors[1] = 0.0  # at the start, where a heading error has not turned any path yet
    published.refresh(state)
    before = published.pose, published.twist
    published.settle(state, None)
    np.testing.assert_allclose(published.walked, before[0][:2, :2])
    published.walked[:] = 0.0
    published.refresh(state)
    np.testing.assert_allclose(published.pose[:2], 0.0, atol=1e-12)
    np.testing.assert_allclose(published.pose[2:, 2:], before[0][2:, 2:])
    np.testing.assert_allclose(published.twist, before[1])


@pytest.mark.parametrize("foot", [0, 1])
def test_settling_on_a_sole_keeps_where_the_base_is_relative_to_it(foot):
    state = some_state(12)
    row = ekf.FOOT_ROW[foot]

    def relative(error):
        other = disturbed(state, error)
        return other.rotation.T @ (other.vectors[row] - other.position)

    def place(error):
        return disturbed(state, error).vectors[row][:2]

    jacobian, of_place = differences(relative), differences(place)
    before = jacobian @ state.covariance @ jacobian.T
    variance = of_place @ state.covariance @ of_place.T
    published = PublishedCovariance(ARM, 0.0)
    published.settle(state, foot)
    after = jacobian @ state.covariance @ jacobian.T
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-12)
    np.testing.assert_allclose(published.walked, variance, rtol=1e-5, atol=1e-12)
    known = of_place @ state.covariance @ of_place.T
    np.testing.assert_allclose(known, 0.0, atol=1e-9)


def test_a_new_contact_is_as_uncertain_as_the_base_and_the_encoders_together():
    state = some_state(8)
    noise = np.diag((1e-6, 2e-6, 3e-6, 4e-6))
    soles.add_contact(state, 1, np.array((1.0, 2.0, 3.0)), 0.4, noise)
    covariance, foot = state.covariance, ekf.FOOT[1]
    base = covariance[ekf.POSITION, ekf.POSITION]
    np.testing.assert_allclose(covariance[foot, foot], base + noise[:3, :3])
    np.testing.assert_allclose(covariance[foot, ekf.POSITION], base)
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0.0
    assert covariance[25, 25] == pytest.approx(covariance[2, 2] + 4e-6)


def test_a_removed_contact_leaves_the_rest_of_the_belief_as_it_was():
    state = some_state(9)
    before = state.covariance.copy()
    soles.remove_contact(state, 0)
    rest = [k for k in range(ekf.SIZE) if not (9 <= k < 12) and k != 24]
    np.testing.assert_array_equal(state.covariance[np.ix_(rest, rest)], before[np.ix_(rest, rest)])
    assert not state.covariance[9:12].any()


def test_a_correction_never_makes_anything_less_certain():
    state = some_state(10)
    before = state.covariance.copy()
    jacobian = look.sole_jacobian((0, 1))
    ekf.correct(state, np.full(8, 1e-3), jacobian, 1e-6 * np.eye(8))
    assert np.linalg.eigvalsh(before - state.covariance).min() > -1e-12
    assert np.linalg.eigvalsh(state.covariance).min() > -1e-12


def test_soles_say_nothing_about_heading_and_position():
    """Shifted and turned worlds are equally likely: H of the soles has them in its null space."""
    jacobian = look.sole_jacobian((0, 1))
    shift = np.zeros(ekf.SIZE)
    for part in (ekf.POSITION, *ekf.FOOT):
        shift[part] = (1.0, -2.0, 0.5)
    turn = np.zeros(ekf.SIZE)
    turn[[2, 24, 25]] = 1.0
    transition = moved_by(some_state(), np.ones(3), np.ones(3), 0.002)
    for direction in (shift, turn):
        np.testing.assert_allclose(jacobian @ direction, 0.0, atol=1e-15)
        np.testing.assert_allclose(transition @ direction, direction, atol=1e-15)
