"""The emulated robot in real time: a period every 2 ms on absolute deadlines.

What a period ends with is sent when the next one begins: as evenly as the beats come, however long
the physics took, and no earlier than it is true.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wm_bringup.emulator.control_socket import ControlSocket
from wm_bringup.emulator.on_link import RobotOnLink
from wm_bringup.host import realtime
from wm_control.constants import CONTROL_PERIOD

ROBOT_PRIORITY = 50
"""SCHED_FIFO: below the control loop, whose punctuality is what is watched, above all planners."""

_BINS = 10_000
_BIN = 1e-5
"""Of the histogram of lateness [s]: up to 0.1 s, then all the same."""


class Lateness:
    """How late periods began, in constant memory."""

    def __init__(self) -> None:
        """None yet."""
        self._counts = np.zeros(_BINS + 1, np.int64)
        self.worst = 0.0

    def add(self, lateness: float) -> None:
        """Take one period [s]."""
        self._counts[min(int(lateness / _BIN), _BINS)] += 1
        self.worst = max(self.worst, lateness)

    def percentile(self, share: float) -> float:
        """Lateness that ``share`` of the periods keep to [s]; to 10 us."""
        total = np.cumsum(self._counts)
        if not total[-1]:
            return 0.0
        return float(_BIN * (np.searchsorted(total, share * total[-1]) + 1))


@dataclass(slots=True)
class Punctuality:
    """How real the time was.

    late: periods that were not over when the next one should have begun. skipped: periods given
    up after the process was stopped. began: how late they began.
    """

    late: int
    skipped: int
    began: Lateness
    permissions: str


def run(
    attached: RobotOnLink,
    stopped: Callable[[], bool],
    control: Path | None = None,
    periods: int | None = None,
) -> Punctuality:
    """Live until ``stopped`` says so, or for a number of periods; control: path of its socket."""
    result = Punctuality(0, 0, Lateness(), "")
    listening: AbstractContextManager[ControlSocket | None] = (
        ControlSocket(control) if control else nullcontext()
    )
    with listening as socket:
        result.permissions = str(realtime.prepare_process())
        with realtime.raised(ROBOT_PRIORITY):
            _live(attached, stopped, socket, periods, result)
    return result


def _live(
    attached: RobotOnLink,
    stopped: Callable[[], bool],
    socket: ControlSocket | None,
    periods: int | None,
    result: Punctuality,
) -> None:
    deadlines = realtime.PeriodicDeadlines(CONTROL_PERIOD)
    robot = attached.robot
    while not stopped() and (periods is None or robot.counts.periods < periods):
        beat = deadlines.wait()
        result.began.add(beat.lateness)
        result.late += beat.lateness > CONTROL_PERIOD
        if beat.skipped:
            result.skipped += beat.skipped
            robot.pass_over(beat.skipped)
        attached.say()
        attached.live()
        if socket is not None:
            socket.serve(robot)
