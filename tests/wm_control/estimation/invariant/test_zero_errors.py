"""Wrong encoder zeros: soles that seem to turn alike with every step are doubted, others not."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from robot_parameters import ESTIMATOR
from synthetic import SensorErrors

from wm_control.estimation.invariant import ekf as ekf
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.estimation.invariant.parameters import InvariantEkfParameters
from wm_control.estimation.invariant.stance import Stance
from wm_control.estimation.invariant.zero_errors import ZeroErrors

PARAMETERS = replace(ESTIMATOR, kind="invariant_ekf")
P = InvariantEkfParameters()
LOOKS, CHANGE = 40, 0.3
"""Looks of a stance, 0.4 s, in which the heading's row of J changes by so much."""


class OneJoint:
    """Legs of one joint each; row: of its Jacobian that tells the sole's heading [1]."""

    def __init__(self):
        self.kinematics = SimpleNamespace(legs=([0], [1]))
        self.soles = SimpleNamespace(heading=[0.0, 0.0])
        self.jacobians = np.zeros((12, 8))

    def pose(self, foot, row, heading):
        self.jacobians[6 * foot + 5, 6 + foot] = row
        self.soles.heading[foot] = heading


def setup():
    stance = Stance(P)
    stance.put_down(0)
    body = OneJoint()
    return ZeroErrors(P, body), body, ekf.FilterState(), stance


def walked(turns):
    """Zeros after stances of both soles that seem to turn by ``turns`` (k, 2) [rad]."""
    zeros, body, state, stance = setup()
    for pair in turns:
        for foot, turn in enumerate(pair):
            stance.standing = [foot == 0, foot == 1]
            zeros.put_down(foot)
            for share in np.linspace(0.0, 1.0, LOOKS):
                body.pose(foot, CHANGE * share, turn * share)
                zeros.look(state, stance, 0.0)
            zeros.lift(foot)
    return zeros


def test_a_heading_is_doubted_by_the_change_of_posture_and_not_for_coming_back():
    """15 stances alike, 0.01² rad², 0.3²: (11.6 mrad)²."""
    zeros, body, state, stance = setup()
    zeros.learned = 1e-4
    for row in (0.0, 0.2, 0.3, 0.1, 0.0, 0.3):
        body.pose(0, row, 0.0)
        zeros.look(state, stance, None)
    expected = 15.0 * 1e-4 * 0.09
    assert state.covariance[24, 24] == pytest.approx(expected)
    assert np.count_nonzero(state.covariance) == 1


def test_a_sole_in_a_posture_that_stays_is_believed():
    zeros, body, state, stance = setup()
    zeros.learned = 1e-4
    body.pose(0, 0.7, 0.0)
    for _ in range(100):
        zeros.look(state, stance, 0.0)
    assert not state.covariance.any()


def test_soles_are_believed_until_they_turn_and_when_they_do_not():
    assert setup()[0].learned == 0.0
    assert walked(np.zeros((8, 2))).learned == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_soles_that_turn_now_one_way_now_the_other_tell_of_no_zeros(seed):
    turns = 1e-3 * np.random.default_rng(seed).standard_normal((30, 2))
    assert walked(turns).learned < (1.5e-3) ** 2


def test_one_sole_that_turns_alike_with_every_step_tells_how_far_zeros_are_off():
    """3 mrad by 0.3 are 10 mrad of a zero; the other leg's right ones make it 10 / √2."""
    turns = np.tile((3e-3, 0.0), (40, 1))
    assert np.sqrt(walked(turns).learned) == pytest.approx(7.1e-3, rel=0.15)


def test_a_jump_of_the_imus_heading_is_no_turn_of_the_sole():
    assert walked(np.tile((0.15, 0.0), (8, 1))).learned == 0.0


def test_a_stance_without_a_change_of_posture_teaches_nothing():
    zeros, body, state, stance = setup()
    for k in range(LOOKS):
        body.pose(0, 0.05 * k / LOOKS, 1e-3 * k)
        zeros.look(state, stance, 0.0)
    zeros.lift(0)
    assert zeros.learned == 0.0


@pytest.mark.parametrize("seed", [0, 1])
def test_hip_rolls_zeroed_wrong_by_0_9_degrees_do_not_turn_the_robot(robot, walk, seed):
    """Both by as much: every step would turn it by 1 mrad, 3.4 in these three seconds."""
    zero = np.array([0.015 * ("hip_roll" in name) for name in robot.joint_names])
    estimator = InvariantEkfEstimator(robot, PARAMETERS)
    for k, seen in enumerate(walk.observations(SensorErrors(), seed)):
        observation = replace(seen, joint_position=seen.joint_position + zero)
        estimate = estimator.update(observation) if k else estimator.reset(observation)

    def heading(quaternion):
        x, y, z, w = quaternion
        return np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))

    off = heading(estimate.base_orientation) - heading(walk.configuration[-1, 3:7])
    assert abs(off) < 1.5e-3
