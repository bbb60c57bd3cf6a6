"""Contestants under watch: who cheats or breaks is caught and named, and goes on as on a robot.

While a contestant works it cannot look at the truth, and not for ever. What raises or hangs beside
the loop is a process that died: it says no more, and the arbiter sees to the robot.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

import numpy as np

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.faults.paths import FaultyPaths
from wm_bringup.lockstep.contestants import Contestant
from wm_bringup.lockstep.lockstep import ComputeTimes
from wm_bringup.robots.base import Blindfold
from wm_control.arbiter.finite import arrays_of
from wm_control.errors import WmError
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Controller, ControllerResult, Estimate, Executed, VelocityCommand

HANGS_AFTER = 30.0
"""A call that lasts longer never ends [s]; nearly all take under 1 ms."""

RINGS = 30
"""Rings of the alarm until a call has hung."""

PEEKED, RAISED, HUNG, NOT_FINITE = "read the true state", "raised", "hung", "not a number"
"""What a contestant may be caught at."""

T = TypeVar("T")


class ContestantDiedError(WmError):
    """A contestant that raised or hung is asked again."""


class _Hung(BaseException):
    """Ends a call that lasts too long; nothing that a contestant catches."""


class _Alarm:
    """Ends a call that lasts too long, on the wall's clock while this process runs.

    It rings often and counts: of the time that the process is stopped, or the computer asleep, no
    more than one ring is left.
    """

    def __init__(self) -> None:
        """Nothing rings before ``begin``."""
        self._rings = 0

    def begin(self, after: float) -> None:
        """Begin a call that may last so long [s]."""
        self._rings = 0
        signal.setitimer(signal.ITIMER_REAL, after / RINGS, after / RINGS)

    def end(self) -> None:
        """Ring no more."""
        signal.setitimer(signal.ITIMER_REAL, 0.0)

    def ring(self, number: int, frame: FrameType | None) -> None:
        """Take SIGALRM."""
        self._rings += 1
        if self._rings == RINGS:
            raise _Hung


_ALARM: ContextVar[_Alarm | None] = ContextVar("alarm", default=None)
"""Of ``hangs_end``, within it."""


@dataclass(frozen=True, slots=True)
class Offence:
    """What a contestant was caught at. at: on the robot's clock, for the first time [s]."""

    contestant: str
    kind: str
    at: float
    what: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.contestant} {self.what}"


@dataclass(slots=True)
class Thought:
    """CPU time that a contestant took, beside the loop and in it, and what it was charged [s]."""

    beside: float = 0.0
    charged: float = 0.0
    in_loop: float = 0.0


class ChargedTimes:
    """Compute times of one contestant, summed up as they are drawn."""

    def __init__(self, times: ComputeTimes, thought: Thought) -> None:
        """thought: where they are summed up."""
        self._times, self._thought = times, thought

    def control(self) -> float:
        """See ``ComputeTimes``."""
        return self._times.control()

    def plan(self) -> float:
        """See ``ComputeTimes``."""
        return self._charged(self._times.plan())

    def proposal(self) -> float:
        """See ``ComputeTimes``."""
        return self._charged(self._times.proposal())

    def _charged(self, drawn: float) -> float:
        self._thought.charged += drawn
        return drawn


class Watch:
    """Lets one contestant work, without the truth and not for ever; keeps what it was caught at."""

    def __init__(self, name: str, blindfold: Blindfold) -> None:
        """name: of the contestant. blindfold: of the robot that it walks."""
        self.name, self.now = name, 0.0
        self.offences: dict[str, Offence] = {}
        self.dead = ""
        self._blindfold, self._hangs_after = blindfold, HANGS_AFTER

    def work(self, job: Callable[..., T], *given: object) -> T:
        """Do a job of the contestant's; ContestantDiedError where it has died, of this or before.

        What it raises in good time is caught by whoever called, and noted.
        """
        if self.dead:
            raise ContestantDiedError(self.dead)
        peeks, alarm = self._blindfold.peeks, _ALARM.get()
        self._blindfold.worn = True
        if alarm is not None:
            alarm.begin(self._hangs_after)
        try:
            return job(*given)
        except _Hung:
            self.dead = f"hung for more than {self._hangs_after:g} s"
            self.note(HUNG, self.dead)
            raise ContestantDiedError(self.dead) from None
        except Exception as error:
            self.note(RAISED, f"raised {type(error).__name__}: {error}")
            raise
        finally:
            if alarm is not None:
                alarm.end()
            self._blindfold.worn = False
            if self._blindfold.peeks > peeks:
                self.note(PEEKED, PEEKED)

    def beside(self, job: Callable[..., T], otherwise: T, *given: object) -> T:
        """Do a job beside the loop; of a process that died there comes nothing."""
        try:
            return self.work(job, *given)
        except ContestantDiedError:
            return otherwise
        except Exception as error:
            self.dead = f"raised {type(error).__name__}: {error}"
            return otherwise

    def note(self, kind: str, what: str) -> None:
        """Remember the first time of each kind."""
        self.offences.setdefault(kind, Offence(self.name, kind, self.now, what))

    def look_at(self, result: ControllerResult | None) -> None:
        """Note a command that is not a number."""
        command = None if result is None else result.command
        if command is None:
            return
        if not np.isfinite(np.concatenate(arrays_of(command), axis=None)).all():
            self.note(NOT_FINITE, "proposed a command that is not a number")


@contextmanager
def hangs_end() -> Iterator[None]:
    """Within it contestants that hang are interrupted; in the main thread, where signals arrive."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    alarm = _Alarm()
    before, within = signal.signal(signal.SIGALRM, alarm.ring), _ALARM.set(alarm)
    try:
        yield
    finally:
        _ALARM.reset(within)
        signal.signal(signal.SIGALRM, before)


class WatchedController:
    """The part of a contestant in the loop, under watch."""

    def __init__(self, controller: Controller, watch: Watch, thought: Thought) -> None:
        """thought: where its CPU time is summed up."""
        self.name = controller.name
        self._controller, self._watch, self._thought = controller, watch, thought

    def reset(self, estimate: Estimate) -> None:
        """Reset it; if that raises it has died."""
        self._watch.beside(self._controller.reset, None, estimate)

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Let it propose; what it raises the loop takes for a failure."""
        self._watch.now = estimate.stamp
        began = time.thread_time()
        try:
            result = self._watch.work(self._controller.step, estimate, velocity, dt, executed)
        finally:
            self._thought.in_loop += time.thread_time() - began
        self._watch.look_at(result)
        return result


class Watched:
    """A contestant under watch; see ``contestants.Contestant``."""

    def __init__(self, contestant: Contestant, watch: Watch, thought: Thought) -> None:
        """thought: where its CPU time is summed up."""
        self.controller = WatchedController(contestant.controller, watch, thought)
        self.watch, self.thought = watch, thought
        self._contestant = contestant
        self._looked_at: ControllerResult | None = None

    def meet(self, faults: FaultyPaths) -> None:
        """Let what it sends meet faults on its way."""
        self._contestant.meet(faults)

    @property
    def plan(self) -> WalkingPlan | None:
        """The plan that is being followed."""
        return self._contestant.plan

    @property
    def newest(self) -> ControllerResult | None:
        """What it proposed last beside the loop."""
        return self._contestant.newest

    def prepare(self, estimate: Estimate) -> None:
        """Let it work ahead."""
        self._timed(self._contestant.prepare, estimate)

    def start(self) -> None:
        """Let it take up what it prepared."""
        self._timed(self._contestant.start)

    def deliver(self, now: float) -> None:
        """Hand over what has arrived."""
        self.watch.now = now
        self._timed(self._contestant.deliver, now)

    def work_ahead(self, record: TickRecord) -> None:
        """Let its part in the loop work ahead, which is charged to nobody."""
        began = time.thread_time()
        self.watch.beside(self._contestant.work_ahead, None, record)
        self.thought.in_loop += time.thread_time() - began

    def think(self, record: TickRecord) -> None:
        """Let it do the work that is due."""
        self._timed(self._contestant.think, record)
        newest = self._contestant.newest
        if newest is not self._looked_at:  # mostly it is still the same
            self.watch.look_at(newest)
            self._looked_at = newest

    def gait_phase(self, now: float) -> float:
        """Phase of the stride; NaN when it has none."""
        return self.watch.beside(self._contestant.gait_phase, math.nan, now)

    def _timed(self, job: Callable[..., None], *given: object) -> None:
        began = time.thread_time()
        self.watch.beside(job, None, *given)
        self.thought.beside += time.thread_time() - began
