"""What tests with real processes on real DDS share."""

import os
import sys

import pytest
from ros_domain import Domain


@pytest.fixture(scope="session")
def environment():
    """What processes started by tests inherit."""
    changed = pytest.MonkeyPatch()
    changed.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    changed.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    yield changed
    changed.undo()


@pytest.fixture(scope="module")
def domain(environment):
    taken = Domain()
    environment.setenv("ROS_DOMAIN_ID", str(taken.number))
    yield taken
    taken.release()
