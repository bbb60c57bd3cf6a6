"""The recorded loop, built again and told again what it heard; no clock, no executor, no robot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from wm_bringup.cycle.loop import Call, ControlLoop, TickRecord
from wm_bringup.cycle.loop_faults import LoopFaults
from wm_bringup.cycle.stack import build_estimator
from wm_bringup.faults.fault import parse_all
from wm_bringup.faults.meanings import ESTIMATOR
from wm_bringup.lockstep.unguarded import UnguardedLoop
from wm_bringup.replay.recording import Cycle, Setup
from wm_control.arbiter.operator import NO_REQUEST
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.types import (
    ControllerResult,
    Estimate,
    Estimator,
    Executed,
    Observation,
    VelocityCommand,
)

_NOW: Final = 0.0
"""What the loop's clock says: stamps of stages are not computed again."""


class Recorded:
    """An estimator that believes what was recorded."""

    def __init__(self) -> None:
        """Nothing to believe yet."""
        self.next: Estimate | None = None

    def reset(self, observation: Observation) -> Estimate:
        """Return the recorded estimate."""
        return self.update(observation)

    def update(self, observation: Observation) -> Estimate:
        """Return the recorded estimate."""
        del observation
        assert self.next is not None
        return self.next


class RecordedController:
    """A controller that proposes what was recorded."""

    def __init__(self, name: str) -> None:
        """name: of the controller."""
        self.name = name
        self._next: ControllerResult | None = None

    def hear(self, result: ControllerResult | None) -> None:
        """Take in what it proposes in the cycle that comes.

        One that is held may be no number; who compares arrays asks first whether they are the same
        one.
        """
        before = self._next and self._next.command
        command = result and result.command
        if result and before and command and np.isnan(command.position).any():
            held = command.position.tobytes() == before.position.tobytes()
            position = before.position if held else command.position
            result = replace(result, command=replace(command, position=position))
        self._next = result

    def reset(self, estimate: Estimate) -> None:
        """Forget nothing: what was recorded is what it made of that."""

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Propose it."""
        del estimate, velocity, dt, executed
        assert self._next is not None
        return self._next


def rebuilt_estimator(setup: Setup, parameters: EstimatorParameters | None = None) -> Estimator:
    """Build the recorded loop's estimator, with the faults that were injected into it.

    parameters: others than the recorded ones. ValueError where the loop was given the truth.
    """
    chosen = parameters or setup.estimator
    if chosen is None:
        raise ValueError("the loop was given the true state: there is no estimator")
    built: Estimator = build_estimator(setup.description, chosen)
    faults = [fault for fault in parse_all(setup.faults) if fault.target == ESTIMATOR]
    if not faults:
        return built
    loop = Replayer(setup, estimator=built).loop
    LoopFaults(loop, setup.description, faults, setup.seed)
    return loop.estimator


class Replayer:
    """Tells a loop of recorded parts what the recorded loop heard, one cycle after the other."""

    def __init__(
        self,
        setup: Setup,
        *,
        limits: Callable[[SafetyParameters], SafetyParameters] = lambda recorded: recorded,
        estimator: Estimator | None = None,
    ) -> None:
        """Build the loop.

        limits: what is in force instead of the recorded ones, also of those that were changed
        during the run. estimator: to be asked; None: believe what was recorded.
        """
        self._believed = Recorded()
        self._limits = limits
        self._controllers = {
            name: RecordedController(name) for name in (*setup.drivers, *setup.shadows)
        }
        loop_class = UnguardedLoop if setup.unguarded else ControlLoop
        self.loop = loop_class(
            setup.description,
            estimator or self._believed,
            list(self._controllers.values()),
            limits(setup.safety),
            clock=lambda: _NOW,
            drivers=setup.drivers,
            recoverability=setup.recoverability,
        )

    def do(self, cycle: Cycle) -> TickRecord:
        """Do one cycle again; return what came of it."""
        tick, heard = cycle.tick, cycle.tick.heard
        self._believed.next = tick.estimate
        for name, controller in self._controllers.items():
            controller.hear(tick.results.get(name))
        for call, arguments in heard.calls:
            self._tell(call, arguments)
        if heard.operator != NO_REQUEST:
            self.loop.request(heard.operator)
        do = self.loop.hold if heard.anew else self.loop.tick
        do(tick.observation, heard.asked, cycle.now)
        assert self.loop.last is not None
        return self.loop.last

    def _tell(self, call: Call, arguments: tuple[Any, ...]) -> None:
        if call is Call.RESET:
            observation, armed = arguments
            self.loop.reset(observation, armed=armed)
        elif call is Call.SAFETY:
            self.loop.change_safety(self._limits(*arguments))
        else:
            getattr(self.loop, call.value)(*arguments)
