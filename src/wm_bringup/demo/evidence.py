"""What a bag and the latency samples say about a run in real time, as arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wm_bringup.bags.reader import Bag, open_bag
from wm_bringup.bags.writer import BagError
from wm_bringup.record.strides import touchdowns
from wm_bringup.wire.topics import (
    CMD_VEL,
    DECISION,
    GROUND_TRUTH,
    JOINT_STATES,
    LEFT_WRENCH,
    PLAN,
    Topic,
)
from wm_control.gait.state import Mode
from wm_control.mpc.plan import WalkingPlan, unpack
from wm_control.types import LEFT, Array

NANO = 1e-9


@dataclass(frozen=True, slots=True)
class RecordedDecision:
    """One decision of the arbiter: time since the start [s], name of the action, in words."""

    time: float
    action: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A run, on the robot's clock with zero at its start.

    time: (k,) of the true states [s]. received: (k,) when they were recorded, since the start on
    the wall clock [s]. position (k, 3), orientation (k, 4) xyzw, velocity (k, 3): of the base, in
    world. command: (k, 3) velocity command in force. touchdowns: indices at which the left foot
    comes down, by the planner's clock or, where nobody plans, by the estimated contact force.
    joint_time (j,), joint_position (j, n): all joint states. decisions: what the arbiter said,
    whenever it was something new. solve_time: (p,) of every plan, wall clock [s].
    """

    time: Array
    received: Array
    position: Array
    orientation: Array
    velocity: Array
    command: Array
    touchdowns: NDArray[np.intp]
    joint_time: Array
    joint_position: Array
    decisions: tuple[RecordedDecision, ...]
    solve_time: Array

    def joints_at(self, time: float) -> Array:
        """(n,) joint positions nearest to ``time`` [rad]."""
        index = int(np.searchsorted(self.joint_time, time))
        nearest: Array = self.joint_position[min(index, len(self.joint_time) - 1)]
        return nearest


def read_evidence(path: Path, started: int, seconds: float) -> tuple[Evidence, Bag]:
    """Read a bag from ``started`` [ns, wall clock] for ``seconds``; BagError names what lacks."""
    bag = open_bag(path)
    truth = _rows(bag, GROUND_TRUTH, _truth_row)
    command = _rows(bag, CMD_VEL, lambda m: [m.linear.x, m.linear.y, m.angular.z])
    joints = _rows(bag, JOINT_STATES, lambda m: [_stamp(m), *m.position])
    received = truth[:, 0] - started * NANO
    inside = (received >= 0.0) & (received <= seconds)
    if not inside.any():
        raise BagError(f"{path} holds no {GROUND_TRUTH.name} within the course")
    truth, received = truth[inside], received[inside]
    zero = truth[0, 1] - received[0]
    time = truth[:, 1] - zero
    orientation, plans = truth[:, 5:9], list(_plans(bag))
    evidence = Evidence(
        time=time,
        received=received,
        position=truth[:, 2:5],
        orientation=orientation,
        velocity=_to_world(truth[:, 9:12], orientation),
        command=_held(command[:, 0] - started * NANO, command[:, 1:], received),
        touchdowns=_planned(plans, time, zero) if plans else _felt(bag, time, zero),
        joint_time=joints[:, 1] - zero,
        joint_position=joints[:, 2:],
        decisions=tuple(_decisions(bag, started, seconds)),
        solve_time=np.array([plan.report.solve_time for plan in plans]),
    )
    return evidence, bag


def _rows(bag: Bag, topic: Topic, row: Callable[[Any], list[float]]) -> Array:
    """(k, 1 + columns): time of reception [s, wall clock] and what ``row`` makes of a message."""
    name = f"/{topic.name}"
    found = [[stamp * NANO, *row(message)] for _, stamp, message in bag.messages(name)]
    if not found:
        raise BagError(f"{bag.path} holds no {name}; it has {', '.join(sorted(bag.counts))}")
    return np.array(found)


def _stamp(message: Any) -> float:  # noqa: ANN401 - generated message types
    return float(message.header.stamp.sec + NANO * message.header.stamp.nanosec)


def _truth_row(message: Any) -> list[float]:  # noqa: ANN401
    p, q = message.pose.pose.position, message.pose.pose.orientation
    v = message.twist.twist.linear
    return [_stamp(message), p.x, p.y, p.z, q.x, q.y, q.z, q.w, v.x, v.y, v.z]


def _to_world(vector: Array, orientation: Array) -> Array:
    """(k, 3) base vectors in world axes, for quaternions xyzw (k, 4)."""
    axis, w = orientation[:, :3], orientation[:, 3:]
    cross = 2.0 * np.cross(axis, vector)
    turned: Array = vector + w * cross + np.cross(axis, cross)
    return turned


def _held(time: Array, values: Array, at: Array) -> Array:
    """Each value holds until the next; zero before the first."""
    index = np.searchsorted(time, at, side="right") - 1
    held: Array = np.where((index >= 0)[:, None], values[np.maximum(index, 0)], 0.0)
    return held


def _felt(bag: Bag, time: Array, zero: float) -> NDArray[np.intp]:
    """Find in ``time`` where the left foot takes load again, by the estimated contact force."""
    force = _rows(bag, LEFT_WRENCH, lambda m: [_stamp(m), m.wrench.force.z])
    landed = force[touchdowns(force[:, 2], force[:, 1]), 1] - zero
    return _indices(landed, time)


def _planned(plans: Sequence[WalkingPlan], time: Array, zero: float) -> NDArray[np.intp]:
    """Find in ``time`` where steps on the left foot begin, by the plans."""
    starts = {
        round(plan.gait.step_start, 4)
        for plan in plans
        if plan.gait.mode == Mode.WALK and plan.gait.support == LEFT
    }
    return _indices(np.array(sorted(starts)) - zero, time)


def _indices(moments: Array, time: Array) -> NDArray[np.intp]:
    """Return where in ``time`` these moments are, of those inside."""
    moments = moments[(moments > time[0]) & (moments < time[-1])]
    return np.unique(np.searchsorted(time, moments)).astype(np.intp)


def _decisions(bag: Bag, started: int, seconds: float) -> Iterator[RecordedDecision]:
    """Yield the arbiter's decisions within the course whenever action or words change."""
    before = None
    for _, stamp, message in bag.messages(f"/{DECISION.name}"):
        time, status = (stamp - started) * NANO, message.status[0]
        action = next((v.value for v in status.values if v.key == "action"), "")
        if 0.0 <= time <= seconds and (action, status.message) != before:
            before = action, status.message
            yield RecordedDecision(time, action, status.message)


def _plans(bag: Bag) -> Iterator[WalkingPlan]:
    """Yield the plans; one that is not finite is the arbiter's business and has no touchdown."""
    for _, _, message in bag.messages(f"/{PLAN.name}"):
        with suppress(ValueError):
            yield unpack(np.asarray(message.data, dtype=np.float64))
