"""A bag of cycles, read one by one: what the loop was built from, what each cycle heard and did.

Cycles are numbered, so that a bag in which some are missing or out of order is noticed: what is out
of order by little is put back, at the first gap the reading ends, for what estimator and arbiter
remember is not known after it.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wm_bringup.bags.stream import BagStream, topic_named
from wm_bringup.bags.writer import BagError
from wm_bringup.cycle.cycle_message import decode_cycle
from wm_bringup.cycle.loop import TickRecord
from wm_bringup.record.cycle_bag import FORMAT, description_hash
from wm_bringup.record.evaluation import Evaluation, decode_evaluation
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_string
from wm_bringup.wire.topics import CYCLES, EVALUATION, JUDGED, SETUP, VERDICT, Topic
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.recoverability import Recoverability
from wm_control.configuration.parameters import load_parameters
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.robot.description import RobotDescription, load_robot

REACH = 200
"""Messages by which one may be out of order and still be put back."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cycle. held: the robot stood held. seen: by the evaluator, of an episode's cycles."""

    tick: TickRecord
    held: bool
    seen: Evaluation | None = None

    @property
    def number(self) -> int:
        """Which, since the loop was built."""
        return self.tick.heard.number

    @property
    def now(self) -> float:
        """The time that the loop was told [s]."""
        return self.tick.decision.stamp


@dataclass(slots=True)
class Setup:
    """What the recorded loop was built from.

    content: as it stands in the bag. estimator: None where the loop was given the truth.
    """

    content: Mapping[str, Any]
    robot: str
    description: RobotDescription
    drivers: tuple[str, ...]
    shadows: tuple[str, ...]
    safety: SafetyParameters
    estimator: EstimatorParameters | None
    recoverability: Recoverability
    notes: list[str] = field(default_factory=list)

    @property
    def joints(self) -> tuple[str, ...]:
        """Names, in the order of all arrays."""
        return self.description.joint_names

    @property
    def faults(self) -> tuple[str, ...]:
        """Of the loop's own parts, as they were asked for."""
        return tuple(self.content.get("faults", ()))

    @property
    def unguarded(self) -> bool:
        """Whether the safety layer was off, as it can be in an episode."""
        return not self.content.get("episode", {}).get("safety_layer", True)

    @property
    def seed(self) -> int:
        """Of all that was drawn."""
        return int(self.content.get("seed", 0))


class Recording:
    """A bag that holds cycles."""

    def __init__(self, path: Path) -> None:
        """Open it; BagError where it holds no cycles, or says nothing of what they came from."""
        self.stream = BagStream(path)
        self.path = path
        self._names = {topic: self._find(topic) for topic in JUDGED}
        self.setup = self._read_setup()

    @property
    def problems(self) -> list[str]:
        """Every loss found so far."""
        return self.stream.problems

    def _find(self, topic: Topic) -> str:
        """Name of a topic in whatever namespace; its own where it is not announced."""
        return topic_named(topic.name, self.stream.msgtypes) or f"/{topic.name}"

    def _read_setup(self) -> Setup:
        first = next(self.stream.records(self._names[SETUP]), None)
        if first is None:
            there = ", ".join(sorted(self.stream.msgtypes)) or "nothing readable"
            raise BagError(
                f"{self.path} holds no /{SETUP.name}, so its decisions cannot be computed again: "
                f"record with --bag or --cycles; it holds {there}"
                + "".join(f"; {problem}" for problem in self.problems)
            )
        try:
            content = json.loads(decode_string(first.data))
            return _setup(content, str(self.path))
        except (MessageError, ValueError, KeyError, TypeError) as error:
            raise BagError(f"{self.path}: /{SETUP.name} is not readable: {error}") from error

    def cycles(self, *, evaluated: bool = True) -> Iterator[Cycle]:
        """Yield the cycles in their order, up to the first that is missing.

        evaluated: with what the evaluator saw of them, where there was one; without it of a cycle
        of which it is lost. BagError where not one can be read.
        """
        count = 0
        for cycle in self._in_order(evaluated):
            if cycle.number != count:
                self._say(f"cycle {count} is missing, before {cycle.now:.3f} s: judged up to it")
                break
            count += 1
            yield cycle
        if not count:
            told = "".join(f"; {problem}" for problem in self.problems)
            raise BagError(f"{self.path} holds no cycle that can be judged{told}")

    def _say(self, problem: str) -> None:
        if problem not in self.problems:
            self.problems.append(problem)

    def _in_order(self, evaluated: bool) -> Iterator[Cycle]:
        waiting: list[tuple[int, int, Cycle]] = []
        for count, cycle in enumerate(self._joined(evaluated)):
            heapq.heappush(waiting, (cycle.number, count, cycle))
            if len(waiting) > REACH:
                yield heapq.heappop(waiting)[2]
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _joined(self, evaluated: bool) -> Iterator[Cycle]:
        """Yield cycles with what the evaluator saw of them."""
        cycles, evaluations = self._names[CYCLES], self._names[EVALUATION]
        n = len(self.setup.joints)
        judged = evaluated and evaluations in self.stream.msgtypes
        held: dict[int, Cycle] = {}
        seen: dict[int, Evaluation] = {}
        disorder = newest = 0
        for record in self.stream.records(cycles, *((evaluations,) if judged else ())):
            try:
                if record.topic == cycles:
                    read = decode_cycle(record.data, n)
                    cycle = Cycle(read.tick, read.held)
                    number = cycle.number
                    held[number] = cycle
                    disorder, newest = disorder + (number < newest), max(number, newest)
                else:
                    told = decode_evaluation(record.data, n)
                    seen[told.number] = told
                    number = told.number
            except MessageError as error:
                self._say(f"{record.topic} at {1e-9 * record.stamp:.3f} s: {error}")
                continue
            if number in held and (number in seen or held[number].held or not judged):
                whole = held.pop(number)
                yield Cycle(whole.tick, whole.held, seen.pop(number, None))
            oldest = next(iter(held), newest)
            if newest - oldest > REACH // 2:
                lost = held.pop(oldest)
                self._say(
                    f"what the evaluator saw of cycle {oldest} is missing, at {lost.now:.3f} s: "
                    "criteria are given what is before it"
                )
                yield lost
        yield from held.values()
        if disorder:
            self._say(f"{disorder} cycles came out of order and were put back")

    def verdict(self) -> Mapping[str, Any] | None:
        """Return what was said of the episode; None where nothing was, or it was cut off."""
        last = None
        for record in self.stream.records(self._names[VERDICT]):
            last = record.data
        try:
            return None if last is None else dict(json.loads(decode_string(last)))
        except (MessageError, ValueError) as error:
            self._say(f"/{VERDICT.name} is not readable: {error}")
            return None


def _setup(content: Mapping[str, Any], origin: str) -> Setup:
    if content["format"] != FORMAT:
        raise BagError(f"{origin} is of format {content['format']}; this reads format {FORMAT}")
    description = load_robot(content["robot"])
    if list(description.joint_names) != content["joints"]:
        raise BagError(f"{origin}: robot '{content['robot']}' has other joints here")
    parameters = content["parameters"]
    estimator = parameters["estimator"]
    setup = Setup(
        content,
        content["robot"],
        description,
        tuple(content["drivers"]),
        tuple(content["shadows"]),
        load_parameters(SafetyParameters, parameters["safety"], origin=origin),
        estimator and load_parameters(EstimatorParameters, estimator, origin=origin),
        load_parameters(Recoverability, parameters["recoverability"], origin=origin),
    )
    if description_hash(description) != content["robot_sha256"]:
        setup.notes.append(f"the description of robot '{setup.robot}' is not the recorded one")
    return setup
