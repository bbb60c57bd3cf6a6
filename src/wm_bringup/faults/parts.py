"""Thin wrappers that put a faulty path around a delivery, an estimator or a controller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Generic, TypeVar

from wm_bringup.faults.path import FaultyPath
from wm_bringup.wire.delayed_delivery import DelayedDelivery, Stamped
from wm_control.types import (
    Command,
    Controller,
    ControllerResult,
    Estimate,
    Estimator,
    Executed,
    Observation,
    VelocityCommand,
)

T = TypeVar("T")


M = TypeVar("M", bound=Stamped)


class InjectedFaultError(Exception):
    """What a part raises that is made to fail on purpose."""


class FaultyDelivery(DelayedDelivery[M]):
    """A delivery on a path with faults; they act on what is sent while they are on."""

    def __init__(self, receive: Callable[[M], None], faults: FaultyPath[M]) -> None:
        """receive: takes what has arrived."""
        super().__init__(receive)
        self._faults = faults

    def send(self, message: M, arrival: float) -> None:
        """Put a message on its way, as far as the faults let it."""
        sent = self._faults.send(message, message.stamp)
        if sent.message is not None:
            super().send(sent.message, arrival + sent.late)


class FaultySignal(Generic[T]):
    """A value of every cycle on a path with faults."""

    def __init__(self, faults: FaultyPath[T]) -> None:
        """Nothing is under way."""
        self._faults = faults
        self.begin()

    def begin(self) -> None:
        """Forget what is under way."""
        self._arrived: list[T] = []
        self._delivery = DelayedDelivery(self._arrived.append)

    def next(self, value: T, time: float) -> T | None:
        """Send a value at ``time`` [s]; return the newest that has just arrived, None without."""
        sent = self._faults.send(value, time)
        if sent.message is not None:
            self._delivery.send(sent.message, time + sent.late)
        self._arrived.clear()
        self._delivery.deliver(time)
        return self._arrived[-1] if self._arrived else None

    @property
    def late(self) -> bool:
        """Whether something is under way."""
        return self._delivery.under_way > 0


class HeldSignal(Generic[T]):
    """A signal of which the last value holds while the next is late; one that is lost is missed."""

    def __init__(self, faults: FaultyPath[T], name: str) -> None:
        """name: of what sends it, for its failure."""
        self._signal, self._name = FaultySignal(faults), name
        self.begin()

    def begin(self) -> None:
        """Forget the last value, and what is under way."""
        self._signal.begin()
        self._held: T | None = None

    def next(self, value: T, time: float) -> T:
        """Return what there is in place of ``value``; InjectedFaultError when it is lost."""
        newest = self._signal.next(value, time)
        if newest is None and self._signal.late:
            newest = value if self._held is None else self._held
        if newest is None:
            raise InjectedFaultError(f"fault injected into the {self._name}")
        self._held = newest
        return newest


class FaultyEstimator:
    """A ``types.Estimator`` whose updates meet faults; a reset meets none."""

    def __init__(self, estimator: Estimator, faults: FaultyPath[Estimate]) -> None:
        """Wrap an estimator."""
        self._estimator = estimator
        self._signal = HeldSignal(faults, "estimator")

    def reset(self, observation: Observation) -> Estimate:
        """Start again."""
        self._signal.begin()
        return self._estimator.reset(observation)

    def update(self, observation: Observation) -> Estimate:
        """Take in the next observation; raises where that is the fault."""
        return self._signal.next(self._estimator.update(observation), observation.stamp)


class FaultyController:
    """A ``types.Controller`` whose results meet faults; whatever it says, it says it for now."""

    def __init__(self, controller: Controller, faults: FaultyPath[ControllerResult]) -> None:
        """Wrap a controller."""
        self.name = controller.name
        self._controller = controller
        self._signal = HeldSignal(faults, controller.name)

    def reset(self, estimate: Estimate) -> None:
        """Forget the past and start from this estimate."""
        self._signal.begin()
        self._controller.reset(estimate)

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Propose a command; raises where that is the fault, which the loop takes for a failure."""
        result = self._controller.step(estimate, velocity, dt, executed)
        result = self._signal.next(result, estimate.stamp)
        if result.command is None:
            return result
        observation = estimate.observation
        command = replace(result.command, stamp=observation.stamp, sequence=observation.sequence)
        return replace(result, command=command)


class FaultyLink:
    """The way of the joint command to the robot."""

    def __init__(self, faults: FaultyPath[Command]) -> None:
        """Nothing is under way."""
        self._signal = FaultySignal(faults)

    def begin(self) -> None:
        """Forget what is under way."""
        self._signal.begin()

    def send(self, command: Command) -> Command | None:
        """Return the command that reaches the robot in this cycle; None when none does."""
        return self._signal.next(command, command.stamp)
