"""Criteria of safety: how often arbiter and command filter had to step in, and why."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.record.run_record import TICKS, TIME, Flags, NotRecordedError, RunRecord
from wm_control.constants import CONTROL_PERIOD
from wm_control.drivers import ARBITER
from wm_control.types import Array, Status

WATCHED = 1.0
"""A change of driver later than this after a push is not its doing [s]."""

SETTLING = 0.5
"""A change of driver has an effect on torque steps for so long: more than one step takes [s]."""

FEWEST_STEPS = 1000
"""Steps of torque that tell what is usual: some steps of the robot, 2 s at full rate."""


@criterion("", "sum")
def interventions(record: RunRecord) -> Value:
    """How often the arbiter did not let the preferred controller do as it wants."""
    return int(_begun(record).sum())


@criterion("")
def interventions_per_10_min(record: RunRecord) -> Value:
    """Interventions, per ten minutes of this run."""
    return 600.0 * _per_second(record, int(_begun(record).sum()))


@criterion("", "sum")
def rescues(record: RunRecord) -> Value:
    """How often another driver took the robot from the preferred one."""
    return len(_rescues(record))


@criterion("s", "min")
def first_rescue(record: RunRecord) -> Value:
    """When another driver than the preferred one first drove, from the run's begin."""
    begun = _rescues(record)
    return float(record[TICKS][begun[0]] - record[TICKS][0]) if begun else None


@criterion("", more_is_better=True)
def preferred_share(record: RunRecord) -> Value:
    """Share of control cycles in which the preferred driver's command was sent."""
    return float(np.mean([who == record.preferred for who in record.told("driver")]))


@criterion("1/min")
def switches_per_minute(record: RunRecord) -> Value:
    """How often the driver changes in a minute; the arbiter's own commands in between are none."""
    return 60.0 * _per_second(record, len(_switches(record)))


@criterion("s", "p90")
def push_to_rescuer(record: RunRecord) -> Value:
    """Longest time from a push's begin to the next driver's first command, within a second.

    It began at the last look without a force: rather too early than too late.
    """
    pushed = np.linalg.norm(record["push_force"], axis=1) > 0.0
    begun = record[TIME][:-1][pushed[1:] & ~pushed[:-1]]
    taken = record[TICKS][_switches(record)]
    waits = [taken[taken >= at][:1] - at for at in begun.tolist()]
    within = [float(wait[0]) for wait in waits if len(wait) and wait[0] <= WATCHED]
    return max(within, default=None)


@criterion("s", "p99", version=2)
def fault_to_command(record: RunRecord) -> Value:
    """Longest time from a fault's begin in who drives to the first command that is not its.

    The arbiter's own commands count as such. Where none comes it is the rest of the run, which is
    less than it would have been: see ``unanswered_faults``. Empty where whoever was at fault did
    not drive.
    """
    end = float(record[TICKS][-1])
    return max((min(answer, end) - at for at, answer in _answers(record)), default=None)


@criterion("", "sum")
def unanswered_faults(record: RunRecord) -> Value:
    """How many faults of who drove were followed to the run's end."""
    answers = _answers(record)
    return sum(answer == math.inf for _, answer in answers) if answers else None


def _answers(record: RunRecord) -> list[tuple[float, float]]:
    """Begin of each fault in who drives then, and the first command that is not its [s].

    Infinite where none comes.
    """
    if record.facts.driver_faults is None:
        raise NotRecordedError("the run's record does not say when faults of drivers began")
    time, drivers = record[TICKS], np.array(record.told("driver"))
    found = []
    for who, at in record.facts.driver_faults:
        before = max(int(np.searchsorted(time, at)) - 1, 0)
        if drivers[before] == who:
            others = time[(time >= at) & (drivers != who)]
            found.append((at, float(others[0]) if len(others) else math.inf))
    return found


@criterion("N·m", "max", version=2)
def hand_over_torque_step(record: RunRecord) -> Value:
    """Largest torque step in and 0.5 s after a hand-over, beyond that joint's largest elsewhere.

    A step is what a new command changes at once: both commands' torques at the joints' true state
    of that moment. The half second reaches past the first contact that the new driver changes,
    which is a step of the hand-over as much as the blend is. Held against is the largest step of
    the same joint in the rest of this run, start included: both drivers change contacts there too.
    Of half seconds without any hand-over 17 of 187 exceed the joint's 99.9 % step by more than
    10 N·m, and 5 its largest one: a percentile would charge hand-overs with walking.
    """
    handing = _hand_over_looks(record)
    steps = torque_steps(record)
    usual = steps[~handing]
    if not handing.any() or len(usual) < FEWEST_STEPS:
        return None
    return float((steps[handing] - usual.max(axis=0)).max())


def torque_steps(record: RunRecord) -> Array:
    """(k - 1, n) size of the step of torque from each look's command to the next one's [N·m]."""
    q, dq = record["joint_position"][1:], record["joint_velocity"][1:]
    new, old = (_torque(record, rows, q, dq) for rows in (slice(1, None), slice(None, -1)))
    return np.abs(new - old)


def _torque(record: RunRecord, rows: slice, q: Array, dq: Array) -> Array:
    """(k, n) torque of the commands of some looks, at joints that are at q and dq."""
    stiffness, damping = record["command_stiffness"][rows], record["command_damping"][rows]
    pull = stiffness * (record["command_position"][rows] - q)
    return pull + damping * (record["command_velocity"][rows] - dq) + record["command_torque"][rows]


def _hand_over_looks(record: RunRecord) -> Flags:
    """(k - 1,) steps between two looks in which a driver gives way to another, or has lately."""
    blending = record["share"] < 1.0
    blending[1:] |= blending[:-1].copy()  # the first cycle of the new driver alone ends it
    for begun in record[TICKS][_switches(record)]:
        since = record[TICKS] - begun
        blending |= (since >= 0.0) & (since < SETTLING)
    cycles = np.concatenate([[0], np.cumsum(blending)])
    upto = np.searchsorted(record[TICKS], record[TIME], side="right")
    during: Flags = np.diff(cycles[upto]) > 0
    return during


@criterion("")
def clip_rate(record: RunRecord) -> Value:
    """Share of control cycles in which the command filter changed something."""
    return float((record["clipped"] > 0).mean())


@criterion("")
def degraded(record: RunRecord) -> Value:
    """Share of control cycles in which the driver's result was not OK."""
    return float((record["status"] > Status.OK).mean())


def causes(record: RunRecord) -> dict[str, int]:
    """Rule -> times it was the first cause of an intervention."""
    told = record.told("cause")
    return dict(Counter(told[k] for k in np.flatnonzero(_begun(record))))


def controller_causes(record: RunRecord, most: int = 5) -> dict[str, int]:
    """Words -> control cycles, of the most frequent reasons for which a result was not OK."""
    told = record.told("controller_cause")
    bad = np.flatnonzero(record["status"] > Status.OK)
    return dict(Counter(_without_numbers(told[k]) for k in bad).most_common(most))


def shadows_degraded(record: RunRecord) -> dict[str, int]:
    """Name -> control cycles in which a controller beside the driver had no OK result."""
    return dict(Counter(name for told in record.told("shadows_degraded") for name in told.split()))


def _changes(record: RunRecord) -> list[tuple[str, int]]:
    """Who drove before, and in which cycle somebody else does for the first time."""
    drivers = record.told("driver")
    driven = [(who, k) for k, who in enumerate(drivers) if who not in ("", ARBITER)]
    return [(before, k) for (before, _), (who, k) in pairwise(driven) if before != who]


def _switches(record: RunRecord) -> NDArray[np.intp]:
    """Cycles in which another driver drives than the one that drove before."""
    return np.array([k for _, k in _changes(record)], dtype=np.intp)


def _rescues(record: RunRecord) -> list[int]:
    """Cycles in which the robot is taken from the preferred driver."""
    preferred = record.preferred
    return [k for before, k in _changes(record) if before == preferred]


def _per_second(record: RunRecord, count: int) -> float:
    """Rate of what happens ``count`` times in a run [1/s]."""
    return count / (len(record[TICKS]) * CONTROL_PERIOD)


def _begun(record: RunRecord) -> Flags:
    """(t,) cycles that intervene after one that did not."""
    intervening = np.array([bool(cause) for cause in record.told("cause")])
    begun: Flags = intervening & ~np.concatenate([[False], intervening[:-1]])
    return begun


def _without_numbers(text: str) -> str:
    """Return the same words for the same cause, so that it can be counted."""
    return "".join("#" if c.isdigit() else c for c in text)
