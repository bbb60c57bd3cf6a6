"""A robot and walks without physics, made once for all tests of the estimator."""

from __future__ import annotations

import pytest
from synthetic import Course, synthetic_walk

from wm_control.robot.description import load_robot


@pytest.fixture(scope="package")
def robot():
    return load_robot("g1")


@pytest.fixture(scope="package")
def walk(robot):
    """3 s: rest, then forward, left and turning at once."""
    return synthetic_walk(robot, Course(velocity=(0.3, 0.1, 0.3)), 3.0)


@pytest.fixture(scope="package")
def rest(robot):
    """1 s at rest."""
    return synthetic_walk(robot, Course(velocity=(0.0, 0.0, 0.0), rest=2.0), 1.0)
