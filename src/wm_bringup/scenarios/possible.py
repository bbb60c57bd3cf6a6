"""What a scenario asks for and what came of it: nothing that was asked for is lost unseen."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from wm_bringup.faults.fault import ROUNDING, Fault
from wm_bringup.faults.schedule import Acted
from wm_bringup.scenarios.scenario import Kick, Punch, Push, Scenario, VelocitySegment, Wish
from wm_control.arbiter.parameters import VelocityParameters
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.arbiter.velocity_gate import reduction
from wm_control.constants import CONTROL_PERIOD
from wm_control.errors import ParameterError
from wm_control.types import Action, VelocityCommand


def check_possible(scenario: Scenario) -> None:
    """ParameterError for the first thing that cannot happen within the scenario's duration."""
    for key, what, why in _impossible(scenario):
        raise ParameterError(key, what, why, f"scenario '{scenario.name}'")


def _impossible(scenario: Scenario) -> Iterator[tuple[str, str, str]]:
    end = scenario.duration
    for index, segment in enumerate(scenario.velocity):
        if not segment.at < end:
            yield (
                f"velocity.{index}",
                velocity_text(segment),
                f"never begins: the end is at {end:g} s",
            )
    for index, push in enumerate(scenario.pushes):
        if not any(push.impulse):
            yield f"pushes.{index}", push_text(push), "an impulse of zero pushes nobody"
        if not push.at + push.duration <= end + ROUNDING:
            why = f"takes until {push.at + push.duration:g} s, but the end is at {end:g} s"
            yield f"pushes.{index}", push_text(push), why
    for index, kick in enumerate(scenario.kicks):
        if not any(kick.velocity):
            yield f"kicks.{index}", kick_text(kick), "a kick by zero kicks nobody"
        if not kick.at < end - ROUNDING:
            yield f"kicks.{index}", kick_text(kick), f"never happens: the end is at {end:g} s"
    for index, punch in enumerate(scenario.punches):
        if not any(punch.force):
            yield f"punches.{index}", punch_text(punch), "a force of zero punches nobody"
        if not punch.at < end - ROUNDING:
            yield f"punches.{index}", punch_text(punch), f"never happens: the end is at {end:g} s"
    if scenario.tour is not None and not scenario.tour.waypoints:
        yield "tour.waypoints", "none", "a tour without waypoints leads nowhere"
    elif scenario.tour is not None:
        last = (len(scenario.tour.waypoints) - 1) * scenario.tour.every
        if not last < end - ROUNDING:
            why = f"the last is wanted from {last:g} s on, but the end is at {end:g} s"
            yield "tour.waypoints", str(len(scenario.tour.waypoints)), why
    for index, wish in enumerate(scenario.wishes):
        if not wish.at < end - ROUNDING:
            yield f"wishes.{index}", wish_text(wish), f"never heard: the end is at {end:g} s"
    for index, text in enumerate(scenario.faults):
        if not _hits_a_sample(Fault.parse(text), end):
            yield (
                f"faults.{index}",
                text,
                f"meets no sample, and no control cycle, before {end:g} s",
            )


def _hits_a_sample(fault: Fault, end: float) -> bool:
    """Whether a control cycle, which takes one sample, begins in the fault before ``end`` [s]."""
    first = math.ceil((fault.start - ROUNDING) / CONTROL_PERIOD) * CONTROL_PERIOD
    return first < end - ROUNDING and fault.active(first)


def velocity_text(segment: VelocitySegment) -> str:
    """Say a velocity command, for people."""
    return f"velocity {segment.x:g} {segment.y:g} {segment.yaw:g} from {segment.at:g} s"


def reduced(
    scenario: Scenario, parameters: VelocityParameters, envelope: VelocityEnvelope
) -> tuple[str, ...]:
    """List the velocities that the gate gives to a driver in part only, whatever else happens.

    envelope: of the driver.
    """
    commands = ((s, VelocityCommand(s.x, s.y, s.yaw)) for s in scenario.velocity)
    said = ((s, reduction(c, parameters, Action.NOMINAL, envelope)) for s, c in commands)
    return tuple(f"{text}, from {s.at:g} s" for s, text in said if text)


def push_text(push: Push) -> str:
    """Say a push, for people."""
    x, y, z = push.impulse
    phase = "" if push.phase is None else f" at phase {push.phase:g} after"
    when = f"{phase} {push.at:g} s" if phase else f" at {push.at:g} s"
    return f"push {x:g} {y:g} {z:g} N·s{when}"


def kick_text(kick: Kick) -> str:
    """Say a kick, for people."""
    x, y, z = kick.velocity
    return f"kick {x:g} {y:g} {z:g} m/s at {kick.at:g} s"


def punch_text(punch: Punch) -> str:
    """Say a punch, for people."""
    x, y, z = punch.force
    return f"punch {x:.0f} {y:.0f} {z:.0f} N at {punch.joint} at {punch.at:g} s"


def wish_text(wish: Wish) -> str:
    """Say a wish of the operator, for people."""
    return f"wish that {wish.driver} drives from {wish.at:g} s"


@dataclass(frozen=True, slots=True)
class Happened:
    """What came of one push, kick or fault.

    what: as it was asked for. at: when it began [s], None if never. samples: of the sensors, or
    messages on a path, that a fault changed.
    """

    what: str
    at: float | None
    samples: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        more = {} if self.samples is None else {"samples": self.samples}
        return {"what": self.what, "at": self.at, **more}


def fault_happened(acted: Acted) -> Happened:
    """Say what came of a fault."""
    return Happened(f"fault {acted.fault.text}", acted.first, acted.count)


def missed(scenario: Scenario, happened: Sequence[Happened], end: float) -> tuple[str, ...]:
    """List what was asked for and had not begun by ``end`` [s], when the episode was over."""
    late = (velocity_text(s) for s in scenario.velocity if not s.at <= end)
    unheard = (wish_text(wish) for wish in scenario.wishes if not wish.at <= end)
    return (*late, *unheard, *(one.what for one in happened if one.at is None))
