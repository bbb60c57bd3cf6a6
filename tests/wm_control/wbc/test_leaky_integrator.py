"""What the drives are sent leads the measurement as the wanted accelerations do, and no further."""

from __future__ import annotations

import numpy as np
import pytest

from wm_control.wbc.leaky_integrator import LeakyIntegrator

STILL = np.zeros(2)


def test_the_first_step_leads_what_is_measured_by_one_period() -> None:
    integrator = LeakyIntegrator(2)
    position, velocity = integrator.step(
        np.array([0.1, 0.2]), np.array([1.0, 0.0]), np.array([10.0, -5.0]), keep=0.9, dt=0.002
    )
    # dq' = 1 + 0.002 * 10, 0 - 0.002 * 5;  q' = 0.1 + 0.002 * 1.02, 0.2 - 0.002 * 0.01
    np.testing.assert_allclose(velocity, [1.02, -0.01])
    np.testing.assert_allclose(position, [0.10204, 0.19998])


def test_a_joint_that_does_not_follow_is_led_by_a_bounded_speed() -> None:
    integrator = LeakyIntegrator(2)
    for _ in range(200):
        _, velocity = integrator.step(STILL, STILL, np.array([10.0, 0.0]), keep=0.9, dt=0.002)
    # dt a / (1 - keep) = 0.02 / 0.1
    assert velocity[0] == pytest.approx(0.2)
    assert velocity[1] == 0.0


def test_after_a_reset_nothing_of_the_lead_is_left() -> None:
    integrator = LeakyIntegrator(2)
    first = integrator.step(STILL, STILL, np.array([10.0, 3.0]), keep=0.9, dt=0.002)
    integrator.step(STILL, STILL, np.array([10.0, 3.0]), keep=0.9, dt=0.002)
    integrator.reset()
    again = integrator.step(STILL, STILL, np.array([10.0, 3.0]), keep=0.9, dt=0.002)
    np.testing.assert_array_equal(first, again)


def test_what_was_sent_stays_as_it_was_when_the_next_step_comes() -> None:
    integrator = LeakyIntegrator(2)
    sent, _ = integrator.step(STILL, STILL, np.array([10.0, 3.0]), keep=0.9, dt=0.002)
    kept = sent.copy()
    integrator.step(STILL, STILL, np.array([-10.0, 3.0]), keep=0.9, dt=0.002)
    np.testing.assert_array_equal(sent, kept)
