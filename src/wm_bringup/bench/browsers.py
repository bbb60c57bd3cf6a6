"""Browsers on a page, as many as are wanted: real ones, or what receives like one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, get_args

from wm_bringup.bench.page_client import NICENESS, Received
from wm_control.errors import WmError

Kind = Literal["socket", "chromium"]
KINDS: tuple[Kind, ...] = get_args(Kind)

START_UP = 60.0
"""One that has not come up by then does not [s]."""

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SWITCHES = (
    *("--headless=new", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-3d-apis", "--disable-gpu"),
)
"""Without 3D, which a machine without a graphics card draws by software."""


class BrowserError(WmError):
    """A browser does not come up."""


@contextmanager
def browsers(kind: Kind, count: int, port: int) -> Iterator[list[Received]]:
    """Have so many on the page at this port; what each has received is known afterwards.

    Of real browsers that is not known: the list stays empty.
    """
    received: list[Received] = []
    with tempfile.TemporaryDirectory(prefix="browsers_", ignore_cleanup_errors=True) as folder:
        running: list[subprocess.Popen[str]] = []
        try:
            running.extend(_start(kind, port, Path(folder) / str(k)) for k in range(count))
            for process in running if kind == "socket" else ():
                _wait_until_up(process)
            yield received
        finally:
            received += [one for process in running if (one := _end(process)) is not None]


def _start(kind: Kind, port: int, folder: Path) -> subprocess.Popen[str]:
    command = _socket(port) if kind == "socket" else _chromium(port, folder)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _socket(port: int) -> list[str]:
    return [sys.executable, "-m", "wm_bringup.bench.page_client", f"ws://127.0.0.1:{port}"]


def _chromium(port: int, folder: Path) -> list[str]:
    found = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserError(f"there is none of {', '.join(CHROMIUM)}")
    switches = (*SWITCHES, "--remote-debugging-port=0", f"--user-data-dir={folder}")
    return ["nice", "-n", str(NICENESS), found, *switches, f"http://127.0.0.1:{port}"]


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
