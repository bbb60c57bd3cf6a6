"""Held joints are well damped, and damping is what drives can do."""

import numpy as np
import pytest
from policy_files import ALL, G1

from wm_policy.drives import DRIVE_RATE, apparent_inertia, carried_inertia, largest_damping
from wm_policy.posture import LEAST_STIFFNESS


def test_an_apparent_inertia_is_at_least_the_rotor_and_at_most_what_is_carried() -> None:
    apparent, carried = apparent_inertia(G1), carried_inertia(G1)
    assert (apparent > 0.99 * G1.armature).all()
    assert (apparent <= carried + 1e-9).all()


def test_the_waist_carries_more_than_a_wrist() -> None:
    carried = dict(zip(ALL, carried_inertia(G1), strict=True))
    assert carried["waist_pitch_joint"] > 50 * carried["left_wrist_yaw_joint"]


def test_the_largest_damping_takes_half_of_the_speed_in_one_step() -> None:
    """An explicit damper multiplies a free joint's speed by 1 - kd dt / I, here by one half."""
    kept = 1.0 - largest_damping(G1) / DRIVE_RATE / apparent_inertia(G1)
    assert kept == pytest.approx(np.full(len(ALL), 0.5))


def test_usual_gains_of_legs_are_left_alone() -> None:
    legs = slice(0, 12)
    assert (largest_damping(G1)[legs] > 3.0).all()
    assert LEAST_STIFFNESS == 40.0
