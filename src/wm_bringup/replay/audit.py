"""Audit: what estimator, arbiter and judge make of a recorded run now, beside what they made then.

Each stage is given what the recorded one was given, so that the first field in which they part is
that of the stage that changed: the estimator gets the recorded observations, the arbiter (velocity
limits, rules, selection, hand-over, command filter) the recorded estimates and proposals, the
criteria what was recorded of truth, estimate and decision. Controllers are not asked: what they
proposed is an input.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import Call, TickRecord, next_estimate
from wm_bringup.cycle.record_codec import pack_decided
from wm_bringup.judging.criteria.table import measure
from wm_bringup.judging.episodes import WalkSetup, judged
from wm_bringup.record.cycle_bag import dumped
from wm_bringup.record.fall import FallLimits, fall_cause, height_of
from wm_bringup.record.from_lockstep import RunRecorder
from wm_bringup.record.run_record import FAULTS, RunFacts, RunRecord
from wm_bringup.replay.differences import EXACT, Difference, Tolerances, differences
from wm_bringup.replay.recording import Cycle, Recording, Setup
from wm_bringup.replay.replayer import Replayer, rebuilt_estimator
from wm_bringup.scenarios.possible import Happened
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.wire.vectors import COMMAND_FIELDS
from wm_control.configuration.parameters import load_parameters
from wm_control.constants import CONTROL_PERIOD
from wm_control.types import Command, Estimate

DECIDED = ("velocity", "decision", "driver", "background")
"""Fields of a cycle that are computed again by the loop."""


@dataclass(frozen=True, slots=True)
class Parted:
    """Where a stage first parts from what was recorded. time: ``now`` of that cycle [s]."""

    stage: str
    cycle: int
    time: float
    difference: Difference

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        d = self.difference
        said = {"field": d.field, "recorded": d.mine, "computed": d.other}
        return {"stage": self.stage, "cycle": self.cycle, "time": self.time, **said}

    def __str__(self) -> str:
        """One line."""
        d = self.difference
        return (
            f"{self.stage} parts at {self.time:.3f} s (cycle {self.cycle}) in {d.field}: "
            f"recorded {d.mine}, computed {d.other}"
        )


@dataclass(slots=True)
class Stage:
    """What came of one stage. computed: False where it could not be asked. cycles: that differ."""

    name: str
    computed: bool = True
    parted: Parted | None = None
    cycles: int = 0

    def found(self, cycle: Cycle, difference: Difference) -> None:
        """Take in the first difference of a cycle."""
        self.cycles += 1
        if self.parted is None:
            self.parted = Parted(self.name, cycle.number, cycle.now, difference)


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found.

    seconds: from the first to the last cycle [s]. verdict: what is said of the run now; reproduced:
    whether that is what was said then, None where nothing was said. changed: notes and numbers of
    the verdict that differ. notes: of what differs here from where it was recorded.
    """

    cycles: int
    seconds: float
    stages: tuple[Stage, ...]
    metrics: Mapping[str, Any]
    verdict: Mapping[str, Any] | None
    reproduced: bool | None
    changed: tuple[Difference, ...]
    notes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def parted(self) -> Parted | None:
        """Where any stage parts first; of one cycle, the stage that comes first."""
        found = [stage.parted for stage in self.stages if stage.parted is not None]
        return min(found, key=lambda parted: parted.cycle, default=None)

    @property
    def held(self) -> bool:
        """Whether everything is as it was, and all of it could be read."""
        return self.parted is None and self.reproduced is not False and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the summary; the same bag and the same code give the same."""
        first = self.parted
        return {
            "cycles": self.cycles,
            "seconds": self.seconds,
            "held": self.held,
            "bit_identical": first is None,
            "first": first and first.as_json(),
            "stages": {
                one.name: {
                    "computed": one.computed,
                    "differing_cycles": one.cycles,
                    "first": one.parted and one.parted.as_json(),
                }
                for one in self.stages
            },
            "verdict_reproduced": self.reproduced,
            "changed": [asdict(one) for one in self.changed],
            "verdict": self.verdict,
            "metrics": self.metrics,
            "notes": list(self.notes),
            "problems": list(self.problems),
        }


def audit(path: Path, *, jobs: int = 2) -> Audit:
    """Audit a bag; BagError for one that holds no cycles.

    jobs: 1 computes everything in this process, one stage after the other.
    """
    recording = Recording(path)
    if jobs == 1:
        return _whole(recording, _believed(path), _decided(recording))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as pool:
        believed = pool.submit(_believed, path)
        decided = _decided(recording)
        return _whole(recording, believed.result(), decided)


@dataclass(frozen=True, slots=True)
class _Believed:
    """What came of the estimator, and what the criteria are given.

    record: what was true, believed, decided and sent; None without an evaluator. problems: of
    reading.
    """

    stage: Stage
    record: RunRecord | None
    problems: tuple[str, ...]


def _believed(path: Path) -> _Believed:
    """Ask the estimator again, and fill the record of the run again."""
    recording = Recording(path)
    again, record = _Estimator(recording.setup), _Record(recording.setup)
    for cycle in recording.cycles():
        again.ask(cycle)
        record.take(cycle)
    return _Believed(again.stage, record.whole, tuple(recording.problems))


class _Estimator:
    """The estimator asked again."""

    def __init__(self, setup: Setup) -> None:
        self._joints = setup.joints
        self._estimator = None if setup.estimator is None else rebuilt_estimator(setup)
        self._before: Estimate | None = None
        self.stage = Stage("estimator", computed=self._estimator is not None)

    def ask(self, cycle: Cycle) -> None:
        """Ask what it makes of one cycle."""
        estimator, tick = self._estimator, cycle.tick
        if estimator is None:
            return
        for call, arguments in tick.heard.calls:
            if call is Call.RESET:
                estimator.reset(arguments[0])
                self._before = None
        if tick.heard.anew:
            now = estimator.reset(tick.observation)
        else:
            now = next_estimate(estimator, tick.observation, self._before)
        if not _same_estimate(tick.estimate, now):
            found = differences(tick.estimate, now, "estimate", EXACT, self._joints)
            if (first := next(found, None)) is not None:
                self.stage.found(cycle, first)
        self._before = tick.estimate


_BELIEVED = tuple(
    name for name in Estimate.__slots__ if name not in ("observation", "healthy", "cause")
)


def _same_estimate(a: Estimate, b: Estimate) -> bool:
    """Whether two estimates are surely the same; False: look closer."""
    one, other = a.observation, b.observation
    return (
        (one.sequence, one.stamp, a.healthy, a.cause)
        == (other.sequence, other.stamp, b.healthy, b.cause)
    ) and all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in _BELIEVED)


def _same_command(a: Command, b: Command) -> bool:
    return all(getattr(a, name).tobytes() == getattr(b, name).tobytes() for name in COMMAND_FIELDS)


def _same_decision(a: TickRecord, b: TickRecord) -> bool:
    """Whether two cycles surely ended alike; False: look closer.

    In text zero and minus zero are not the same.
    """
    return _same_command(a.decision.command, b.decision.command) and repr(pack_decided(a)) == repr(
        pack_decided(b)
    )


def decided_differently(
    recorded: TickRecord, computed: TickRecord, within: Tolerances, joints: Iterable[str]
) -> Iterator[Difference]:
    """Yield where the loop decided otherwise in a cycle."""
    if _same_decision(recorded, computed):
        return
    names = tuple(joints)
    for name in DECIDED:
        mine, other = getattr(recorded, name), getattr(computed, name)
        yield from differences(mine, other, name, within, names)


@dataclass(slots=True)
class _Decided:
    """What came of the arbiter. begin, end: of the first and the last cycle [s]."""

    stage: Stage
    cycles: int = 0
    begin: float = 0.0
    end: float = 0.0


def _decided(recording: Recording) -> _Decided:
    """Ask the arbiter again."""
    setup, done = recording.setup, _Decided(Stage("arbiter"))
    replayer = Replayer(setup)
    for cycle in recording.cycles(evaluated=False):
        computed = replayer.do(cycle)
        different = decided_differently(cycle.tick, computed, EXACT, setup.joints)
        if (first := next(different, None)) is not None:
            done.stage.found(cycle, first)
        done.begin = done.begin if done.cycles else cycle.now
        done.cycles, done.end = done.cycles + 1, cycle.now
    return done


class _Record:
    """The record of the run filled again."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._facts = RunFacts(setup.robot, preference=setup.drivers)
        self._recorder: RunRecorder | None = None
        self._limits: FallLimits | None = None
        self._over = False

    def take(self, cycle: Cycle) -> None:
        """Take in one cycle, if an evaluator saw it and all between it and the first one."""
        seen, setup = cycle.seen, self._setup
        self._over |= seen is None and self._recorder is not None and not cycle.held
        if seen is None or self._over:
            return
        if self._recorder is None:
            self._recorder = _recorder(setup)
        self._recorder.take(cycle.tick, seen)
        if seen.truth is None:
            return
        if self._limits is None:
            rule = walk_setup(setup).scenario.fall
            self._limits = FallLimits.of_rule(rule, height_of(seen.truth))
        if not self._facts.fall and (fall := fall_cause(seen.truth, self._limits)):
            self._facts = replace(self._facts, fall=fall, fell_at=seen.truth.stamp)

    @property
    def whole(self) -> RunRecord | None:
        """What was true, believed, decided and sent; None without an evaluator."""
        return None if self._recorder is None else self._recorder.finish(self._facts)


def _recorder(setup: Setup) -> RunRecorder:
    """Make room for the episode, which cannot be longer than its scenario."""
    asked = walk_setup(setup)
    ticks, tour = round(asked.scenario.duration / CONTROL_PERIOD), asked.scenario.tour is not None
    return RunRecorder(ticks + 1, ticks, len(setup.joints), observe=asked.full_rate, tour=tour)


def _whole(recording: Recording, believed: _Believed, decided: _Decided) -> Audit:
    """Put together what the stages found, and judge the run."""
    setup, said = recording.setup, recording.verdict()
    record, problems = believed.record, [*believed.problems, *recording.problems]
    metrics: dict[str, Any] = {}
    verdict: dict[str, Any] | None = None
    changed: tuple[Difference, ...] = ()
    if record is not None:
        record = _with_facts(record, said)
        metrics = {name: one.value for name, one in measure(record).items()}
        if said is not None:
            verdict = _verdict(setup, record, said)
            changed = tuple(differences(said["result"], verdict, "", EXACT))
        elif not problems:
            problems.append("the verdict is missing: the recording was cut off")
    elif said is not None or "episode" in setup.content:
        problems.append("what the evaluator saw is missing: the verdict is not judged")
    return Audit(
        decided.cycles,
        decided.end - decided.begin,
        (believed.stage, decided.stage),
        json.loads(json.dumps(metrics, default=_plain)),
        verdict,
        None if verdict is None else not changed,
        changed,
        (*setup.notes, *_parameter_notes(setup), *_not_computed(believed.stage)),
        tuple(dict.fromkeys(problems)),
    )


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def _with_facts(record: RunRecord, said: Mapping[str, Any] | None) -> RunRecord:
    """Add what only the simulator knew: mass, torque limits, which faults acted."""
    if said is None:
        return record
    facts = dict(said["facts"])
    known = record.facts
    record = record.with_facts(
        robot=facts["robot"],
        mass=facts["mass"],
        torque_limit=tuple(facts["torque_limit"]),
        preference=tuple(facts["preference"]),
        driver_faults=tuple((who, at) for who, at in facts["driver_faults"] or ()),
        fall=known.fall,
        fell_at=known.fell_at,
    )
    ends = said["fault_ends"]
    return record.with_columns(**{FAULTS: np.array(ends)}) if ends else record


def walk_setup(setup: Setup) -> WalkSetup:
    """Return what decided the recorded episode; KeyError where it was none."""
    episode = setup.content["episode"]
    return WalkSetup(
        load_parameters(Scenario, episode["scenario"], origin="the bag"),
        episode["controller"],
        episode["state"],
        setup.robot,
        episode["engine"],
        episode["step_in_place"],
        policy=Path(episode["policy"]) if episode["policy"] else None,
        overlay=Path(episode["overlay"]) if episode["overlay"] else None,
        shadows=tuple(episode["shadows"]),
        full_rate=episode["full_rate"],
        safety_layer=episode["safety_layer"],
    )


def _verdict(setup: Setup, record: RunRecord, said: Mapping[str, Any]) -> dict[str, Any]:
    """Judge the run as an episode is judged, from the record alone."""
    happened = [Happened(**one) for one in said["result"]["happened"]]
    now = judged(walk_setup(setup), record, happened, setup.seed, setup.safety)
    named = replace(now, case=said["result"]["case"], contestant=said["result"]["contestant"])
    plain: dict[str, Any] = json.loads(json.dumps(named.as_json()))
    return plain


def _parameter_notes(setup: Setup) -> Iterator[str]:
    """Say which parameters of this checkout are not the recorded ones; these are used."""
    here = {
        "safety": dumped(stack.safety_parameters(setup.robot)),
        "estimator": dumped(stack.estimator_parameters(setup.robot)),
        "recoverability": dumped(stack.recoverability(setup.robot)),
    }
    then = setup.content["parameters"]
    for name in here:
        if then[name] is not None:
            for one in differences(then[name], here[name], name, EXACT):
                yield f"recorded with {one.field} {one.mine}; it is {one.other} here"


def _not_computed(estimated: Stage) -> Iterator[str]:
    if not estimated.computed:
        yield "the loop was given the true state: there is no estimator to ask again"
