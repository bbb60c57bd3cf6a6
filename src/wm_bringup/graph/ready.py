"""How a process tells whoever started it that it is up. No ROS here: the runner has none."""

from __future__ import annotations

import os

READY_DESCRIPTOR = "WM_READY_DESCRIPTOR"
"""Environment variable: an open file descriptor, to which a process writes one byte once it is up.

A process that ends before it has done so never began.
"""


def report_ready() -> None:
    """Say that this process is up; nothing when nobody asked."""
    descriptor = os.environ.pop(READY_DESCRIPTOR, "")
    if descriptor:
        os.write(int(descriptor), b"1")
        os.close(int(descriptor))
