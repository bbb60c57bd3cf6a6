"""What tests with real processes on real DDS share."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
from ros_domain import Domain

from wm_bringup.host import clock
from wm_bringup.judging.pace import slow_motion_needed


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests that take a domain: they run in real time."""
    for item in items:
        if "domain" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def environment():
    """What processes started by tests inherit."""
    changed = pytest.MonkeyPatch()
    changed.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    changed.setenv("PYTHONPATH", os.pathsep.join(p for p in sys.path if p))
    yield changed
    changed.undo()


@pytest.fixture(scope="session")
def slow_motion():
    """Factor by which this machine's live graphs have to go slower, found out once."""
    return slow_motion_needed("g1", "pybullet")


@pytest.fixture(scope="module")
def pace(slow_motion):
    """All clocks of a module's graphs as slow as the machine needs.

    The tests' own deadlines are of the graph's time as well.
    """
    if slow_motion == 1.0:
        yield 1.0
        return
    with clock.slow_motion(slow_motion), pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "monotonic", clock.monotonic)
        patch.setattr(time, "time", clock.wall)
        patch.setattr(time, "sleep", clock.sleep)
        yield slow_motion


@pytest.fixture(scope="module")
def domain(environment, pace):
    taken = Domain()
    environment.setenv("ROS_DOMAIN_ID", str(taken.number))
    yield taken
    taken.release()


@pytest.fixture
def popen():
    """As ``subprocess.Popen``; what it starts does not outlive the test."""
    with ExitStack() as stack:

        def start(*command, **options):
            process = stack.enter_context(subprocess.Popen(*command, **options))
            stack.callback(process.kill)  # before it is waited for, and nothing once it has ended
            return process

        yield start
