"""A robot that is commanded by message: what its process does every 2 ms.

    commands -> watchdog -> robot.step(command) -> hand the observation over

The counterpart of ``ControlCycle`` for a robot in a process of its own. No ROS here, no clock but
those that are handed in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from wm_bringup.host.realtime import PeriodStart
from wm_bringup.robots.base import Robot
from wm_control.arbiter.command_check import (
    CommandBounds,
    implausible_command,
    implausible_timing,
)
from wm_control.arbiter.postures import damping_command
from wm_control.arbiter.watchdog import CommandWatchdog
from wm_control.constants import CONTROL_PERIOD
from wm_control.fast_init import replace
from wm_control.refusal import Refusal
from wm_control.types import Command, Observation

DAMPED_PERIODS = 10
"""Periods of damping at the end."""


class CommandedRobot:
    """A robot that follows commands, as the watchdog lets them pass; ``run`` does one period.

    A simulated robot is held in its starting pose until the first command with stiffness comes.

    One thread makes all calls, but ``take`` and ``request_reset`` may come from others.
    """

    def __init__(
        self,
        robot: Robot,
        watchdog: CommandWatchdog,
        sink: Callable[[Observation], None],
        *,
        started: Callable[[float], None],
        clock: Callable[[], float],
        ros_clock: Callable[[], float],
    ) -> None:
        """Wire the parts; nothing happens before ``start``.

        sink: gets every observation, stamped in ROS time. started: gets the stamp of the first
        observation of every run, before the sink does. clock: that of the periods and arrivals
        [s]. ros_clock: ROS time [s].
        """
        self.watchdog = watchdog
        self._robot, self._sink, self._started = robot, sink, started
        self._clock, self._ros_clock = clock, ros_clock
        self._bounds = CommandBounds.of(robot.description)
        self._commands: deque[tuple[Command, float]] = deque(maxlen=1)
        self._reset_requested = False
        self._held = True
        self._began_before = self._began = np.inf
        self._to_ros = 0.0
        self._stamp = 0.0

    def take(self, command: Command) -> Refusal | None:
        """Leave a command for the next period; returns why it cannot be meant, if it cannot.

        Whoever commands hears of a reset later: what answers the run before is let pass by.
        """
        if self._began_before <= command.stamp + 0.5 * CONTROL_PERIOD < self._began:
            return None
        ahead = command.stamp - self._stamp
        refusal = implausible_timing(ahead) or implausible_command(command, self._bounds)
        if refusal is None:
            self._commands.append((command, self._clock()))
        return refusal

    def request_reset(self) -> None:
        """Start again from the default posture with the next period."""
        self._reset_requested = True

    def start(self) -> None:
        """Begin from the default posture."""
        self._reset_requested = False
        self._commands.clear()
        self.watchdog.reset()
        self._held = True
        self._to_ros = self._ros_clock() - self._clock()
        self._see(self._robot.reset(0))
        self._began_before, self._began = self._began, np.inf

    def run(self, period: PeriodStart) -> None:
        """One period; whatever raises in it, damping is the last that the robot is told."""
        try:
            self._run(period)
        except Exception:
            with suppress(Exception):
                gains = self._robot.description.damping
                self._robot.step(damping_command(self._observation, gains))
            raise

    def _run(self, period: PeriodStart) -> None:
        if self._reset_requested:
            self.start()
        if self._commands:
            command, arrived = self._commands.popleft()
            self.watchdog.receive(command, arrived)
            self._held = self._held and not command.stiffness.any()
        if self._held:
            self._robot.clock.begin(period.scheduled)
            self._see(self._robot.hold())
        else:
            if period.skipped:
                self._see(self._robot.pass_over(period.skipped))
            self._step()
        if self._began == np.inf:
            self._began = self._stamp
            self._started(self._stamp)
        self._sink(self._observation)

    def _step(self) -> None:
        command = self.watchdog.command(self._observation, self._clock())
        self._see(self._robot.step(command))

    def _see(self, observation: Observation) -> None:
        """Take an observation over, with its stamp in ROS time."""
        measured = self._robot.clock.measured(observation.stamp, self._clock())
        self._stamp = measured + self._to_ros
        self._observation = replace(observation, stamp=self._stamp)

    def shut_down(self, periods: Callable[[], PeriodStart]) -> None:
        """Let damping go out for some periods, unless the robot was never let go of."""
        self.watchdog.reset()
        for _ in range(0 if self._held else DAMPED_PERIODS):
            periods()
            self._step()
