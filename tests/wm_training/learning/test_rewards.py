"""Reward terms by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from training_parameters import STUDENT, TRAINING

from wm_training.learning import rewards
from wm_training.learning.motion import Motion
from wm_training.learning.parameters import RewardParameters
from wm_training.learning.rewards import Situation


def situation(**changes: object) -> Situation:
    """One robot that stands still, level, both feet loaded, 0.24 m apart."""
    gait = TRAINING.gait
    zeros = np.zeros((1, 12))
    soles = np.array([[[0.0, 0.12, 0.0], [0.0, -0.12, 0.0]]])
    up = np.zeros((1, 2, 3))
    up[:, :, 2] = 1.0
    motion = Motion(
        height=np.array([gait.height]),
        rotation=np.eye(3)[None],
        gravity=np.array([[0.0, 0.0, -1.0]]),
        angular_velocity=np.zeros((1, 3)),
        velocity=np.zeros((1, 3)),
        joint_position=zeros,
        joint_velocity=zeros,
        joint_acceleration=zeros,
        torque=zeros,
        sole_position=soles,
        sole_velocity=np.zeros((1, 2, 3)),
        sole_normal=up,
        sole_heading=np.zeros((1, 2)),
        load=np.full((1, 2), 160.0),
    )
    moved = {key: changes.pop(key) for key in list(changes) if key in Motion.__slots__}
    whole = Situation(
        motion=replace(motion, **moved),
        command=np.zeros((1, 3)),
        idle=np.array([True]),
        standing=np.array([True]),
        swing=np.zeros((1, 2)),
        mean_velocity=np.zeros((1, 3)),
        action=zeros,
        before=zeros,
        before_that=zeros,
        cadence=np.zeros(1),
        velocity_before=np.zeros((1, 2)),
        lower=np.full(12, -1.0),
        upper=np.full(12, 1.0),
        default=np.zeros(12),
        limit=np.full(12, 50.0),
        sideways=STUDENT.legs.sideways,
        gait=gait,
    )
    return replace(whole, **changes)


def test_standing_still_costs_nothing_and_earns_all() -> None:
    weights = RewardParameters()
    found = rewards.rewards(situation(), weights)
    positive = {name for name, value in found.items() if value[0] > 0.0}
    assert positive == {
        "velocity",
        "mean_velocity",
        "turning",
        "mean_turning",
        "schedule",
        "alive",
    }
    assert all(found[name][0] == pytest.approx(0.0, abs=1e-12) for name in found.keys() - positive)
    assert found["mean_velocity"][0] == weights.mean_velocity


def test_an_error_of_two_tenths_in_the_mean_velocity_costs_most_of_its_reward() -> None:
    """exp(-0.04 / 0.04) - 0.2 = 0.168."""
    s = situation(mean_velocity=np.array([[0.2, 0.0, 0.0]]))
    assert rewards.mean_velocity(s)[0] == pytest.approx(np.exp(-1.0) - 0.2)


def test_a_foot_that_should_swing_but_stands_is_as_bad_as_the_other_is_good() -> None:
    s = situation(swing=np.array([[0.5, 0.0]]), standing=np.array([False]))
    assert rewards.schedule(s)[0] == 0.0


def test_a_swing_foot_on_the_ground_misses_the_arc() -> None:
    s = situation(swing=np.array([[1.0, 0.0]]), standing=np.array([False]))
    assert rewards.apex(s)[0] == pytest.approx(TRAINING.gait.apex**2)


def test_a_pushed_robot_may_step_as_it_likes() -> None:
    pushed = {"velocity": np.array([[0.6, 0.0, 0.0]]), "load": np.array([[0.0, 160.0]])}
    assert rewards.schedule(situation(**pushed))[0] == 1.0
    assert rewards.stillness(situation(**pushed))[0] == 0.0
    calm = {**pushed, "velocity": np.array([[0.1, 0.0, 0.0]])}
    assert rewards.schedule(situation(**calm))[0] == 0.0
    slow = {**pushed, "mean_velocity": np.array([[0.5, 0.0, 0.0]])}
    assert rewards.schedule(situation(**slow))[0] == 0.0  # too fast, but not by a push
    assert rewards.stillness(situation(**calm))[0] == 3.0


def test_rocking_costs_who_stands_and_nobody_else() -> None:
    rocking = {"angular_velocity": np.array([[0.3, 0.4, 9.0]])}
    assert rewards.stillness(situation(**rocking))[0] == pytest.approx(0.5)
    assert rewards.stillness(situation(**rocking, standing=np.array([False])))[0] == 0.0


def test_only_work_that_is_done_counts_as_power() -> None:
    torque, speed = np.zeros((1, 12)), np.zeros((1, 12))
    torque[0, :2], speed[0, :2] = (10.0, 10.0), (2.0, -3.0)
    assert rewards.power(situation(torque=torque, joint_velocity=speed))[0] == 20.0


def test_only_loaded_feet_slip() -> None:
    speed = np.zeros((1, 2, 3))
    speed[0, :, 0] = 0.3
    s = situation(sole_velocity=speed, load=np.array([[100.0, 0.0]]))
    assert rewards.slip(s)[0] == pytest.approx(0.3)


def test_every_weight_has_its_term() -> None:
    assert set(rewards.TERMS) | set(rewards.FALLS) == set(RewardParameters.__dataclass_fields__)


def test_stepping_without_being_asked_costs() -> None:
    walking, asked = np.array([False]), np.array([False])
    assert rewards.restless(situation(standing=walking))[0] == 1.0
    assert rewards.restless(situation(standing=walking, idle=asked))[0] == 0.0
    assert rewards.restless(situation())[0] == 0.0
