"""Faults of what the control loop hears, calls and sends; built where somebody asks for them only.

    observation -> estimator -> controllers -> arbiter -> command
    sensors        estimator    mpc            clock      command     <- targets of faults

Plans and proposals are on ``paths`` as well: they meet their faults where they are sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from wm_bringup.cycle.loop import ControlLoop
from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import CLOCK, COMMAND, ESTIMATOR, PLAN, TIMING
from wm_bringup.faults.parts import FaultyController, FaultyEstimator, FaultyLink
from wm_bringup.faults.path import FaultyPath
from wm_bringup.faults.paths import FaultyPaths, path_of
from wm_bringup.faults.schedule import Acted
from wm_bringup.faults.sensors import FaultInjector, SensorLayout
from wm_bringup.wire.delayed_delivery import DelayedDelivery
from wm_control.drivers import MPC, POLICY
from wm_control.robot.description import RobotDescription
from wm_control.types import Command, Observation

SENT_TO_THE_LOOP: Final = (POLICY, PLAN, TIMING)
"""Targets whose faults act where the message is sent, and not in the loop."""


class LoopFaults:
    """The faults of one loop. Whoever runs the loop passes time, command and observation through.

    paths: of everything that is no sensor.
    """

    def __init__(
        self,
        loop: ControlLoop,
        description: RobotDescription,
        faults: Iterable[Fault] = (),
        seed: int = 0,
    ) -> None:
        """Put faulty parts into the loop, where it has faults. seed: of what is lost.

        ParameterError for a fault of no sensor of this robot.
        """
        faults = tuple(faults)
        self._loop = loop
        self._clock: FaultyPath[float] | None = None
        self._link: FaultyLink | None = None
        self._sensors = ObservationFaults(
            SensorLayout(description.joint_names), [f for f in faults if f.of_sensors], seed
        )
        self.paths = FaultyPaths(faults, description.default_position, seed)
        for name in (ESTIMATOR, MPC, CLOCK, COMMAND):
            path = self.paths.get(name)
            if path is not None:
                self._wire(name, path)

    def _wire(self, name: str, path: FaultyPath[Any]) -> None:
        loop = self._loop
        if name == ESTIMATOR:
            loop.estimator = FaultyEstimator(loop.estimator, path)
        elif name == CLOCK:
            self._clock = path
        elif name == COMMAND:
            self._link = FaultyLink(path)
        else:
            loop.controllers = tuple(
                FaultyController(one, path) if one.name == name else one for one in loop.controllers
            )

    def begin(self, zero: float) -> None:
        """Begin a run whose time zero is ``zero`` on the clock of the observations [s]."""
        self.paths.begin(zero)
        self._sensors.begin(zero)
        if self._link is not None:
            self._link.begin()

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on; ParameterError for no sensor here."""
        if fault.of_sensors:
            self._sensors.ask(fault, time)
            return
        name = path_of(fault.target)
        if self.paths.get(name) is None:
            self._wire(name, self.paths.made(name))
        self.paths.made(name).ask(fault, time)

    def now(self, now: float) -> float:
        """Return the time that the loop is told at ``now`` [s]."""
        if self._clock is None:
            return now
        told = self._clock.send(now, now).message
        assert told is not None  # no fault of a clock loses it
        return told

    def command(self, command: Command) -> Command | None:
        """Return the command that reaches the robot in this cycle; None when none does."""
        return command if self._link is None else self._link.send(command)

    def observation(self, observation: Observation) -> Observation:
        """Return what the loop sees of what the robot says it has observed."""
        return self._sensors.seen(observation)

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault."""
        return (*self._sensors.acted, *self.paths.acted)


class ObservationFaults:
    """Faults of the sensors in observations that a robot has made, as in those it makes."""

    def __init__(self, layout: SensorLayout, faults: Iterable[Fault], seed: int) -> None:
        """ParameterError for a fault of no sensor here. seed: of what is lost."""
        self._injector = FaultInjector(faults, layout)
        self._layout, self._seed = layout, seed
        self._asked = False
        self.begin(0.0)

    def begin(self, zero: float) -> None:
        """Begin a run whose time zero is ``zero`` [s].

        Faults that were asked for go on, and with them what they hold back. Those of a script
        begin anew, after the observation that the run begins with.
        """
        self._injector.reset(zero)
        self._rng = np.random.default_rng(self._seed)
        if not self._asked:
            self._arrived: list[Observation] = []
            self._delivery = DelayedDelivery(self._arrived.append)

    def ask(self, fault: Fault, time: float) -> None:
        """Add a fault whose start counts from ``time`` on [s]."""
        self._injector.ask(fault, time)
        self._asked = True

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault."""
        return self._injector.acted

    def seen(self, observation: Observation) -> Observation:
        """Return the newest observation that has come through, the last one where none has.

        The very first comes through in any case: there is none to repeat.
        """
        if not self._injector:
            self._arrived[:] = [observation]
            return observation
        stamp, channels = observation.stamp, self._layout.flat(observation)
        missing = self._injector.apply(stamp, channels, self._rng)
        spoiled = self._layout.observation(stamp, observation.sequence, channels, observation.run)
        if not missing:
            self._delivery.send(spoiled, stamp + self._injector.late(stamp))
        self._delivery.deliver(stamp)
        del self._arrived[:-1]
        if not self._arrived:
            self._arrived.append(spoiled)
        return self._arrived[0]
