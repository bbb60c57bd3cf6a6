"""A run that is known by hand, for criteria of the estimate."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.record.run_record import RunRecord

SAMPLES = 2001
LEVEL = (0.0, 0.0, 0.0, 1.0)


@pytest.fixture
def record():
    """4 s ahead at 1 m/s, left sole loaded; believed as it is, with 1 cm/s and 10 mrad claimed."""
    time = 0.002 * np.arange(SAMPLES)
    position = np.stack((time, 0 * time, 0 * time + 0.7), axis=1)
    velocity, level = np.tile((1.0, 0.0, 0.0), (SAMPLES, 1)), np.tile(LEVEL, (SAMPLES, 1))
    return RunRecord(
        {
            "time": time,
            "base_position": position,
            "base_orientation": level,
            "base_velocity": velocity,
            "normal_force": np.tile((300.0, 0.0), (SAMPLES, 1)),
            "sole_velocity": np.zeros((SAMPLES, 2, 6)),
            "estimated_position": position.copy(),
            "estimated_orientation": level.copy(),
            "estimated_velocity": velocity.copy(),
            "contact_probability": np.tile((0.9, 0.1), (SAMPLES, 1)),
            "slip_told": np.zeros((SAMPLES, 2)),
            "velocity_covariance": np.tile(1e-4 * np.eye(3), (SAMPLES, 1, 1)),
            "tilt_covariance": np.tile(1e-4 * np.eye(2), (SAMPLES, 1, 1)),
            "height_variance": np.full(SAMPLES, 1e-4),
            "update_time": np.full(SAMPLES, 1e-4),
            "unhealthy": np.zeros(SAMPLES),
        }
    )
