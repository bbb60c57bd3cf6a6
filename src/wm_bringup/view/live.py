"""A run that goes on, as the newest messages of the graph tell it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from wm_bringup.view.charts_data import WINDOW
from wm_bringup.view.from_bag import curve_of
from wm_bringup.view.reading import read_decision, read_latencies, read_targets
from wm_bringup.view.recording import Curve
from wm_bringup.view.scene import STALE, Footstep, Moment, StepFinder, Surveyor
from wm_bringup.view.timeline import Stint, Told, stints
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_estimate, decode_velocity
from wm_bringup.wire.plans import decode_plan
from wm_bringup.wire.topics import (
    DECISION,
    ESTIMATE,
    LATENCY,
    PLAN,
    POLICY_PROPOSAL,
    PROPOSAL,
    VELOCITY,
    Topic,
)
from wm_control.drivers import MPC, POLICY
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, VelocityCommand

HEARD: tuple[Topic, ...] = (
    ESTIMATE,
    PLAN,
    PROPOSAL,
    POLICY_PROPOSAL,
    VELOCITY,
    DECISION,
    LATENCY,
)
"""All that a page of a live robot listens to."""

KEPT = 2000
"""Decisions of which the timeline is made: more than a minute of them."""

WALKED = 60
"""Footsteps behind the robot that stay drawn."""


@dataclass(frozen=True, slots=True)
class Newest:
    """A message as it was read, and when it came [s]."""

    time: float
    value: object


class LiveRun:
    """A ``Run`` that is fed with messages; one thread makes all calls.

    Times count from the first message. silence: since the newest estimate came [s].
    """

    live = True

    def __init__(self, description: RobotDescription) -> None:
        """Nothing is known yet."""
        self.description = description
        self._n = len(description.joint_names)
        self._survey = Surveyor(description)
        self._zero: float | None = None
        self._now = 0.0
        self._newest: dict[Topic, Newest] = {}
        self._told: deque[Told] = deque(maxlen=KEPT)
        self._rows: dict[str, deque[tuple[float, float]]] = {}
        self._steps = StepFinder()
        self._run: int | None = None
        self._readers: Mapping[Topic, Callable[[bytes], object]] = {
            ESTIMATE: lambda data: decode_estimate(data, self._n),
            PLAN: decode_plan,
            PROPOSAL: lambda data: read_targets(data, self._n),
            POLICY_PROPOSAL: lambda data: read_targets(data, self._n),
            VELOCITY: lambda data: decode_velocity(data).command,
        }

    @property
    def seconds(self) -> float:
        """How long it has been so far [s]."""
        return self._now

    @property
    def silence(self) -> float:
        """Since the newest estimate came; since the beginning where none has [s]."""
        last = self._newest.get(ESTIMATE)
        return self._now - (last.time if last else 0.0)

    @property
    def told(self) -> Told | None:
        """The newest decision."""
        return self._told[-1] if self._told else None

    def see(self, topic: Topic, data: bytes, clock: float) -> None:
        """Take in a message that came at ``clock`` [s]; one that cannot be read is passed over."""
        time = self.tick(clock)
        if topic is DECISION:
            self._decided(read_decision(data, time))
        elif topic is LATENCY:
            if (cycles := read_latencies(data)) is not None:
                self._keep("latency", time, 1e3 * cycles.median)
                self._keep("longest", time, 1e3 * cycles.longest)
        else:
            with suppress(MessageError):
                self._newest[topic] = Newest(time, self._readers[topic](data))
                self._keep_motion(topic, time)

    def tick(self, clock: float) -> float:
        """Let time go on; return it, since the start [s]. clock: [s]."""
        if self._zero is None:
            self._zero = clock
        self._now = clock - self._zero
        return self._now

    def _decided(self, told: Told | None) -> None:
        if told is None:
            return
        self._told.append(told)
        for name, key in (("margin", "capture_margin"), ("impulse", "impulse")):
            if key in told.figures:
                self._keep(name, told.time, told.figures[key])

    def _keep_motion(self, topic: Topic, time: float) -> None:
        value = self._newest[topic].value
        if isinstance(value, VelocityCommand):
            self._keep("asked", time, value.linear_x)
        elif isinstance(value, Estimate):
            self._keep("speed", time, float(value.base_velocity_in_base[0]))
            if value.observation.run != self._run:
                self._run, self._steps = value.observation.run, StepFinder()
            self._steps.see(time, self._survey.soles(value))

    def _keep(self, name: str, time: float, value: float) -> None:
        rows = self._rows.setdefault(name, deque())
        rows.append((time, value))
        while rows[0][0] < time - WINDOW - 1.0:
            rows.popleft()

    def _fresh(self, topic: Topic) -> object:
        newest = self._newest.get(topic)
        return None if newest is None or self._now - newest.time > STALE else newest.value

    def moment(self, time: float) -> Moment | None:
        """Return the newest instant, whatever ``time`` is; None before the first estimate."""
        newest = self._newest.get(ESTIMATE)
        if newest is None or not isinstance(newest.value, Estimate):
            return None
        targets: dict[str, Array] = {}
        for name, topic in ((MPC, PROPOSAL), (POLICY, POLICY_PROPOSAL)):
            found: object = self._fresh(topic)
            if found is not None:
                targets[name] = found  # type: ignore[assignment]
        plan, asked = self._fresh(PLAN), self._fresh(VELOCITY)
        return Moment(
            self._now,
            newest.value,
            plan if isinstance(plan, WalkingPlan) else None,
            targets,
            self.told,
            asked if isinstance(asked, VelocityCommand) else None,
        )

    def stints(self) -> tuple[Stint, ...]:
        """Who drove, under which action."""
        return stints(self._told, self._now)

    def curves(self) -> Mapping[str, Curve]:
        """Curves of the last seconds."""
        return {name: curve_of(list(rows)) for name, rows in self._rows.items() if rows}

    def footprints(self, until: float) -> Sequence[Footstep]:
        """Where the robot stepped last."""
        return [step for _, step in self._steps.found[-WALKED:]]
