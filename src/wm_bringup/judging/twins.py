"""Twins: what would have become of an episode if the arbiter had not stepped in, or otherwise.

    hybrid          ──────── taken at t ────────►
    off             ──────── (byte-identical) ───►   the preferred driver alone
    then DRIVER     ──────── t: it alone ────────►   one for every other driver
    random          ── away and back by chance ──►   as often, and for as long, as the hybrid

Simulators cannot be branched, but equal seeds give equal episodes: every branch is simulated from
the begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wm_bringup.judging.criteria.arbiter import first_rescue
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episodes import Walk, WalkSetup, result_of, walk
from wm_bringup.judging.runner import SuiteRun
from wm_bringup.lockstep.turns import Turn
from wm_bringup.record.run_record import FIELDS, TICKS, TIME, WORDS, RunRecord
from wm_control.errors import WmError

OFF, RANDOM, THEN = "off", "random", "then"
"""What follows the contestant's name in those of its twins."""

TOO_LATE = 0.5
"""Where nobody took the robot that fell, others are tried from so long before its fall [s]."""


class TwinError(WmError):
    """A replay is not the same episode."""


def others_of(setup: WalkSetup) -> tuple[str, ...]:
    """Name the drivers that may rescue the preferred one."""
    return setup.drivers[1:]


def twin_name(contestant: str, twin: str, driver: str = "") -> str:
    """Name a twin of a contestant's episodes."""
    return " ".join(filter(None, (contestant, twin, driver)))


def without_interventions(setup: WalkSetup) -> WalkSetup:
    """Let the preferred driver drive alone, and the others run in its shadow as before.

    Wishes for one of the others mean nothing to it.
    """
    alone, scenario = setup.drivers[0], setup.scenario
    return replace(
        setup,
        scenario=replace(scenario, wishes=tuple(w for w in scenario.wishes if w.driver == alone)),
        controller=alone,
        shadows=(*others_of(setup), *setup.shadows),
    )


def do_twins(run: SuiteRun) -> tuple[EpisodeResult, ...]:
    """Walk an episode and, if there is anything to ask, its twins.

    TwinError when a twin is another episode before they part.
    """
    whole = walk(run.setup, run.seed)
    results = [_result(run, run.setup, whole, run.contestant)]
    instant = branching_instant(whole.record)
    if instant is None:
        return tuple(results)
    for name, setup in _twin_setups(run, instant):
        twin = walk(setup, run.seed)
        check_same(whole.record, twin.record, instant, f"{run.key}: {name}")
        results.append(_result(run, setup, twin, name))
    return tuple(results)


def _twin_setups(run: SuiteRun, instant: float) -> Iterator[tuple[str, WalkSetup]]:
    """Yield name and setup of the twins that part from an episode at ``instant`` [s]."""
    yield twin_name(run.contestant, OFF), without_interventions(run.setup)
    for driver in others_of(run.setup):
        setup = replace(run.setup, turns=(Turn(instant, driver),))
        yield twin_name(run.contestant, THEN, driver), setup


def _result(run: SuiteRun, setup: WalkSetup, done: Walk, name: str) -> EpisodeResult:
    return replace(result_of(setup, done, run.seed), case=run.case, contestant=name)


def branching_instant(record: RunRecord) -> float | None:
    """From when on others are tried [s]: the first rescue, or before a fall without one; or never.

    On the record's clock.
    """
    rescued = first_rescue(record)
    if rescued is not None:
        assert isinstance(rescued, float)
        return float(record[TICKS][0]) + rescued
    if record.facts.fell_at is None:
        return None
    return max(record.facts.fell_at - TOO_LATE, float(record[TICKS][0]))


def check_same(one: RunRecord, other: RunRecord, until: float, what: str) -> None:
    """TwinError unless the records are byte-identical before ``until`` [s]."""
    for name in sorted(one.columns.keys() | other.columns.keys()):
        if FIELDS[name].clock not in (TIME, TICKS):
            continue
        if (
            name not in one
            or name not in other
            or _before(one, name, until) != _before(other, name, until)
        ):
            raise TwinError(f"{what}: the twin has another '{name}' before {until:g} s")


def _before(record: RunRecord, name: str, until: float) -> bytes:
    """Every bit of a column before ``until``; of words, the words."""
    early = record[FIELDS[name].clock] < until
    if name in WORDS:
        return "\0".join(np.array(record.told(name), dtype=object)[early]).encode()
    return np.ascontiguousarray(record.columns[name][early]).tobytes()


@dataclass(frozen=True, slots=True)
class Rate:
    """Of the robot being taken from the preferred driver.

    often: while that one drives [1/s]. long: until it drives again, in the mean [s].
    """

    often: float
    long: float

    @staticmethod
    def of(results: Sequence[EpisodeResult]) -> Rate:
        """Take the rate of one contestant over all its episodes."""
        rescues = sum(one.number("rescues") or 0.0 for one in results)
        times = [one.number("seconds") or 0.0 for one in results]
        shares = [one.number("preferred_share") or 0.0 for one in results]
        driven = sum(time * share for time, share in zip(times, shares, strict=True))
        away = sum(times) - driven
        return Rate(
            rescues / driven if driven > 0.0 else 0.0, away / rescues if rescues > 0.0 else 0.0
        )


def random_turns(rate: Rate, setup: WalkSetup, seed: int) -> tuple[Turn, ...]:
    """Draw turns at that rate: away at times of a Poisson process, to any other, and back."""
    rng = np.random.default_rng((RANDOM_STREAM, seed))
    preferred, others = setup.drivers[0], others_of(setup)
    turns, now = [Turn(0.0, preferred)], 0.0
    while rate.often > 0.0:
        now += float(rng.exponential(1.0 / rate.often))
        if now >= setup.scenario.duration:
            break
        turns.append(Turn(now, str(rng.choice(others))))
        now += float(rng.exponential(rate.long))
        turns.append(Turn(now, preferred))
    return tuple(turns)


RANDOM_STREAM = 16
"""Keeps what is drawn here from what a scenario draws of the same seed."""


def random_run(run: SuiteRun, rate: Rate) -> SuiteRun:
    """Make the run in which chance says who drives."""
    setup = replace(run.setup, turns=random_turns(rate, run.setup, run.seed))
    return replace(run, contestant=twin_name(run.contestant, RANDOM), setup=setup)
