from __future__ import annotations

import numpy as np
import pytest
from loop_fakes import G1, N, estimate_of, observation_at

from wm_bringup.wire.sole_frames import SoleFrames
from wm_control.types import LEFT, RIGHT

UP = np.array([[0.0, 0.0, 300.0, 0.0, 0.0, 0.0], [10.0, 0.0, 0.0, 0.0, 5.0, 0.0]])


def test_on_level_soles_world_axes_and_sole_axes_are_the_same():
    estimate = estimate_of(observation_at(0.0, 0), foot_wrench=UP)
    frames = SoleFrames(G1)
    assert frames.wrench(estimate, LEFT) == pytest.approx(UP[LEFT], abs=1e-6)
    assert frames.wrench(estimate, RIGHT) == pytest.approx(UP[RIGHT], abs=1e-6)


def test_a_robot_that_has_turned_left_feels_a_push_along_world_x_from_its_right():
    """Heading +90 degrees: world x points to the sole's right, that is its -y."""
    quarter = np.array([0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)])
    estimate = estimate_of(observation_at(0.0, 0), foot_wrench=UP, base_orientation=quarter)
    wrench = SoleFrames(G1).wrench(estimate, RIGHT)
    assert wrench == pytest.approx([0.0, -10.0, 0.0, 5.0, 0.0, 0.0], abs=1e-6)


def test_an_estimate_that_is_not_finite_gives_nan_and_no_number():
    estimate = estimate_of(observation_at(0.0, 0), joint_position=np.full(N, np.nan))
    assert np.isnan(SoleFrames(G1).wrench(estimate, LEFT)).all()
