"""What tests with real processes on real DDS share."""

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest
from ros_domain import Domain


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


@pytest.fixture(scope="module")
def domain(environment):
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
