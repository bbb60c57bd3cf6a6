"""Tests against the vendor's own SDK, which lives in a Python 3.10 of its own: `make test-wire`."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from waiting import until

from wm_bringup.robots.unitree.cyclone.link import open_link

PYTHON = os.environ.get("WM_WIRE_PYTHON")
collect_ignore_glob = [] if PYTHON else ["test_*.py"]


class Vendor:
    """A process of the vendor's SDK that does what it is told, see ``counterpart.py``."""

    def __init__(self, domain, interface="lo"):
        script = Path(__file__).with_name("counterpart.py")
        own = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        self._process = subprocess.Popen(
            [PYTHON, script, str(domain), interface],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=own,
        )

    def ask(self, do, **values):
        self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def begin(self, do, **values):
        """Ask, and leave the answer for ``finish``."""
        self._process.stdin.write(json.dumps({"do": do, **values}) + "\n")
        self._process.stdin.flush()

    def finish(self):
        return json.loads(self._process.stdout.readline())

    def reader_of(self, name, writer, channel, message):
        """Let it listen to our writer; ``message`` is written until it is heard."""
        self.ask("listen", name=name, topic=channel.topic)
        heard = []
        while not heard:  # that we know of their reader does not mean that it knows of us
            writer.write(message)
            heard = self.ask("take", name=name, topic=channel.topic, patience=0.2)["messages"]
        while heard:
            heard = self.ask("take", name=name, topic=channel.topic, patience=0.2)["messages"]

    def writer_to(self, name, reader, channel):
        """Let it speak to our reader."""
        self.ask("speak", name=name, topic=channel.topic)
        until(lambda: reader.matched)

    def end(self):
        self._process.stdin.close()
        self._process.wait(timeout=10.0)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.wire)


@pytest.fixture(scope="session")
def wire_domain():
    from ros_domain import Domain

    taken = Domain()
    yield taken.number
    taken.release()


@pytest.fixture(scope="session")
def vendor(wire_domain):
    process = Vendor(wire_domain)
    yield process
    process.end()


@pytest.fixture(scope="session")
def link(wire_domain):
    opened = open_link(wire_domain)
    yield opened
    opened.close()
