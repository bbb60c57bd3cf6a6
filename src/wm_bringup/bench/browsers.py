"""As many as are wanted of what receives from a page like a browser."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from wm_bringup.bench.page_client import Received
from wm_control.errors import WmError


class BrowserError(WmError):
    """A browser does not come up."""


@contextmanager
def browsers(port: int, count: int) -> Iterator[list[int]]:
    """Have so many on the page at this port; what each has received is known afterwards [B]."""
    received: list[int] = []
    running: list[subprocess.Popen[str]] = []
    try:
        running.extend(_start(port) for _ in range(count))
        for process in running:
            _wait_until_up(process)
        yield received
    finally:
        received += [one.bytes for process in running if (one := _end(process)) is not None]


def _start(port: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wm_bringup.bench.page_client", f"ws://127.0.0.1:{port}"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _wait_until_up(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    if not process.stdout.readline().startswith("up"):
        raise BrowserError("the page sends nothing")


def _end(process: subprocess.Popen[str]) -> Received | None:
    """Ask it to end; what it says then."""
    process.terminate()
    try:
        said, _ = process.communicate(timeout=10.0)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    with suppress(ValueError, TypeError, IndexError):
        return Received(**json.loads(said.splitlines()[-1]))
    return None
