"""What the topics for viewers cost: CPU time of a message, and of a core at the rate it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from wm_bringup.bench.measure import Stopwatch, undisturbed
from wm_bringup.bench.walking import RecordedWalk
from wm_bringup.cycle.latency import Percentiles
from wm_bringup.wire.diagnostic_tree import DiagnosticTree, decode_diagnostics
from wm_bringup.wire.markers import MARKER_PERIOD, BalanceMarkers, PlanMarkers
from wm_bringup.wire.messages import HealthStatus, Level, encode_diagnostics
from wm_bringup.wire.topics import AGGREGATED, BALANCE_MARKERS, DIAGNOSTICS, PLAN_MARKERS, TF
from wm_bringup.wire.transforms import TF_TICKS, LinkTransforms
from wm_control.constants import CONTROL_PERIOD
from wm_control.gait.state import Mode

T = TypeVar("T")

HEARD = f"{DIAGNOSTICS.name}, heard"
"""Name of the cost of reading what the tree is made of."""

PARTS: tuple[tuple[str, str, int], ...] = (
    ("arbiter", "command filter", 5),
    ("arbiter", "decision", 17),
    ("arbiter", "drivers", 13),
    ("arbiter", "lanes", 0),
    ("arbiter", "publishers", 2),
    ("arbiter", "steering messages", 0),
    ("arbiter", "velocity command", 1),
    ("mpc", "faults", 1),
    ("mpc", "planner", 8),
    ("mpc", "publishers", 2),
    ("policy", "policy", 10),
    ("policy", "publishers", 3),
    ("recorder", "recording", 27),
    ("robot", "robot", 1),
    ("robot", "timing", 27),
    ("state_estimator", "estimate", 13),
    ("whole_body_controller", "controller", 11),
)
"""Node, part and number of values, as ``wm demo`` with both drivers leaves them in its bag."""

PROCESS_OF = dict.fromkeys(
    ("arbiter", "robot", "state_estimator", "whole_body_controller"), "control"
)


@dataclass(frozen=True, slots=True)
class Encoding:
    """What messages of one topic cost.

    bytes: of the largest message. rate: how often there is one [Hz]. cpu: of a message [ms].
    share: of a core at that rate.
    """

    topic: str
    bytes: int
    rate: float
    cpu: Percentiles
    share: float

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return asdict(self)


def bench_viewers(walk: RecordedWalk) -> list[Encoding]:
    """Encode every estimate and every plan of a walk, and as many trees of diagnostics."""
    estimates = [tick.estimate for tick in walk.ticks]
    walking = [plan for plan in walk.plans if plan.gait.mode == Mode.WALK]
    links, balance = LinkTransforms(walk.description), BalanceMarkers(walk.description)
    plans = PlanMarkers(walk.description.soles)
    return [
        _timed(TF.name, 1.0 / (TF_TICKS * CONTROL_PERIOD), links.encode, estimates),
        _timed(BALANCE_MARKERS.name, 1.0 / MARKER_PERIOD, balance.encode, estimates),
        _timed(PLAN_MARKERS.name, 1.0 / MARKER_PERIOD, plans.encode, walking),
        *_diagnostics(len(estimates) // 8),
    ]


def _timed(
    topic: str, rate: float, encode: Callable[[T], bytes | None], given: Iterable[T]
) -> Encoding:
    watch, largest = Stopwatch(), 0
    with undisturbed():
        for one in given:
            message = watch.call(encode, one)
            largest = max(largest, len(message or b""))
    mean = 1e-3 * sum(watch.cpu) / len(watch.cpu)
    return Encoding(topic, largest, rate, watch.cpu_percentiles(), mean * rate)


def _diagnostics(count: int) -> list[Encoding]:
    """Once a second every part is heard and the tree is sent."""
    tree = DiagnosticTree("", PROCESS_OF)
    heard = [encode_diagnostics(0.0, [status]) for status in statuses()]

    def hear(data: bytes) -> bytes:
        tree.see(decode_diagnostics(data), 0.0)
        return data

    def tell(stamp: float) -> bytes:
        return encode_diagnostics(stamp, tree.statuses(stamp))

    hearing = _timed(HEARD, float(len(heard)), hear, heard * max(count // len(heard), 1))
    return [_timed(AGGREGATED.name, 1.0, tell, [0.0] * count), hearing]


def statuses() -> Sequence[HealthStatus]:
    """Return what the nodes say of themselves; the numbers are of the usual length."""
    return [
        HealthStatus(
            f"{node}: {part}",
            Level.OK,
            "0 of 123456 deadlines missed; SCHED_FIFO 80, memory locked",
            {f"quantity_{k}_ms.p99": 0.123456 * k for k in range(values)},
        )
        for node, part, values in PARTS
    ]
