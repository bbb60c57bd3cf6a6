"""ROS domains for tests: several suites may run on one machine and must not hear each other."""

from __future__ import annotations

import fcntl
import tempfile
from pathlib import Path


class Domain:
    """A ROS domain number that no other test on this machine uses at the same time."""

    def __init__(self) -> None:
        folder = Path(tempfile.gettempdir()) / "wm_humanoid_test_domains"
        folder.mkdir(exist_ok=True)
        for number in range(20, 90):
            self._lock = (folder / str(number)).open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                self._lock.close()
                continue
            self.number = number
            return
        raise RuntimeError("no free ROS domain")

    def release(self) -> None:
        self._lock.close()
