"""Position and speed of a joint together tell the speed better than it is measured."""

from types import SimpleNamespace

import numpy as np
import pytest

from wm_control.estimation.body.joint_motion import JointMotion


def see(motion, stamp, position, velocity):
    motion.see(SimpleNamespace(stamp=stamp, joint_position=position, joint_velocity=velocity))


def test_of_a_waist_that_sways_the_speed_has_half_its_noise():
    """0.03 rad at 0.8 Hz: 0.15 rad/s and 0.75 rad/s², and a shake of 6 rad/s² at 12 Hz."""
    motion, random = JointMotion(np.array([2, 0])), np.random.default_rng(0)
    stamp = 0.002 * np.arange(2000)
    slow, fast = 2.0 * np.pi * 0.8, 2.0 * np.pi * 12.0
    sway = 0.03 * np.sin(slow * stamp) + 6.0 / fast**2 * np.sin(fast * stamp)
    speed = 0.03 * slow * np.cos(slow * stamp) + 6.0 / fast * np.cos(fast * stamp)
    errors = []
    for t, q, v in zip(stamp, sway, speed, strict=True):
        readings = (q + 5e-4 * random.normal(size=3), v + 0.05 * random.normal(size=3))
        see(motion, t, *readings)
        errors.append((*(motion.velocity - v), *(motion.position - q)))
    rms = np.sqrt((np.array(errors)[100:] ** 2).mean(axis=0))
    assert (rms[:2] < 0.032).all()
    assert (rms[2:] < 3e-4).all()


def test_a_knock_a_gap_and_a_reset_are_believed_at_once():
    motion, still = JointMotion(np.array([0, 1])), np.zeros(2)
    see(motion, 0.0, still, still)
    knock = np.array([0.1, 3.0])
    see(motion, 0.002, still, knock)
    np.testing.assert_array_equal(motion.velocity, knock)
    see(motion, 0.004, still, knock + 0.1)
    assert np.abs(motion.velocity - knock).max() < 0.1
    for stamp in (0.1, 0.05):  # silence, and a clock that goes back
        see(motion, stamp, still, still)
        see(motion, stamp + 0.02, still, still + 0.15)
        np.testing.assert_array_equal(motion.velocity, 0.15)
    motion.reset()
    see(motion, 0.072, still, still)
    np.testing.assert_array_equal(motion.velocity, still)


def test_one_sample_counts_once():
    motion = JointMotion(np.array([0]))
    see(motion, 0.0, np.zeros(1), np.zeros(1))
    see(motion, 0.002, np.zeros(1), np.full(1, 0.1))
    once = motion.velocity.copy()
    see(motion, 0.002, np.zeros(1), np.full(1, 0.1))
    np.testing.assert_array_equal(motion.velocity, once)
    assert 0.0 < once[0] < 0.1
    assert motion.position[0] == pytest.approx(0.0, abs=1e-3)
