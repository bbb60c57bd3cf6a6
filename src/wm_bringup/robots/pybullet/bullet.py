"""PyBullet, imported without the line that its C code writes to stderr on import."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any

__all__ = ["connect", "pybullet"]


@contextlib.contextmanager
def _silent_stderr() -> Iterator[None]:
    """Send what C code writes to stderr nowhere, exceptions pass as usual."""
    try:
        saved = os.dup(2)
    except OSError:  # stderr is closed: nothing to silence
        yield
        return
    with open(os.devnull, "w", encoding="utf-8") as sink:
        os.dup2(sink.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)


with _silent_stderr():
    import pybullet as _pybullet

pybullet: Any = _pybullet


def connect(*, gui: bool = False) -> int:
    """Open a world of its own; negative when a window is asked for and there is no display.

    PyBullet itself would end the whole process where there is no X server.
    """
    if gui and sys.platform == "linux" and not os.environ.get("DISPLAY"):
        return -1
    client: int = pybullet.connect(pybullet.GUI if gui else pybullet.DIRECT)
    return client
