"""Fills the record of a lock-step run, tick by tick: what was true, believed, decided and sent."""

from __future__ import annotations

import math

import numpy as np

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.record.evaluation import Evaluation
from wm_bringup.record.observations import SENSED
from wm_bringup.record.run_record import (
    FIELDS,
    FLAGS,
    OBSERVED,
    TICKS,
    TIME,
    WORDS,
    Column,
    RunFacts,
    RunRecord,
)
from wm_bringup.robots.base import GroundTruth
from wm_bringup.scenarios.tour import Pose
from wm_control.mpc.plan import WalkingPlan, read_plan
from wm_control.types import Array, Estimate, Observation, Status, VelocityCommand

_TRUE = {
    "base_position": "base_position_in_world",
    "base_velocity": "base_velocity_in_world",
    "base_angular_velocity": "base_angular_velocity_in_base",
    **{
        name: name
        for name in (
            *("base_orientation", "com_position", "sole_position", "sole_velocity"),
            *("ground_height", "foot_wrench", "normal_force", "tangential_force", "push_force"),
            *("joint_position", "joint_velocity", "joint_torque"),
        )
    },
}
"""Columns that are fields of ``GroundTruth``."""

_ESTIMATED = {
    "estimated_position": "base_position_in_world",
    "estimated_orientation": "base_orientation",
    "estimated_velocity": "base_velocity_in_base",
    "estimated_angular_velocity": "base_angular_velocity_in_base",
    "contact_probability": "contact_probability",
}
"""Columns that are fields of ``Estimate``."""

_COMMANDED = {
    f"command_{name}": name for name in ("position", "velocity", "stiffness", "damping", "torque")
}
"""Columns that are fields of ``Command``."""

_OBSERVED = {
    OBSERVED: "stamp",
    "observed_sequence": "sequence",
    **{f"observed_{name}": name for name in SENSED},
}
"""Columns that are fields of ``Observation``."""

_LOOKED_AT = (
    TIME,
    *_TRUE,
    *_ESTIMATED,
    *_COMMANDED,
    *("velocity_command", "gait_phase", "touches_ground", "touches_itself"),
)
_EVERY_TICK = (
    TICKS,
    *("action", "cause", "driver", "share", "armed", "clipped", "plan_age", "compute_time"),
    *("status", "controller_cause", "shadows_degraded"),
)


_NO_STANCE = np.full(2, math.nan)


def planned_stance(plan: WalkingPlan | None, now: float) -> Array:
    """(2,) 1 for a foot that the plan has on the ground now, else 0; NaN without a plan."""
    if plan is None:
        return _NO_STANCE
    return np.array(read_plan(plan, now).contacts, dtype=np.float64)


class RunRecorder:
    """Room for a whole lock-step run."""

    def __init__(
        self, looks: int, ticks: int, joints: int, *, observe: bool = False, tour: bool = False
    ) -> None:
        """Reserve rows for so many looks at the truth and so many control cycles.

        observe: keep what the sensors said as well. tour: keep the waypoints.
        """
        self._observe = observe
        rows = dict.fromkeys(_LOOKED_AT, looks) | dict.fromkeys(_EVERY_TICK, ticks)
        if tour:
            rows["target_pose"] = looks
        if observe:
            rows |= dict.fromkeys((*_OBSERVED, "planned_stance"), ticks)
        self._columns: dict[str, Column] = {
            name: _room(name, count, joints) for name, count in rows.items()
        }
        self._words: dict[str, dict[str, int]] = {name: {"": 0} for name in WORDS if name in rows}
        self._look = self._tick = 0

    def take(self, record: TickRecord, seen: Evaluation) -> None:
        """Take in one control cycle and what the evaluator knew of it."""
        self._take_tick(record, seen)
        if seen.truth is not None:
            self._take_look(seen.truth, record, seen.asked, seen.gait_phase, seen.target)

    def _take_tick(self, record: TickRecord, seen: Evaluation) -> None:
        row, c, decision = self._tick, self._columns, record.decision
        c[TICKS][row] = seen.now
        c["action"][row] = decision.action
        c["armed"][row] = decision.armed
        c["clipped"][row] = np.count_nonzero(decision.clipped)
        c["share"][row] = decision.share
        c["plan_age"][row] = seen.plan_age
        c["compute_time"][row] = seen.compute_time
        self._say("cause", row, decision.first_cause.rule if decision.first_cause else "")
        self._say("driver", row, decision.source)
        self._controllers(row, record)
        if self._observe:
            self._observed(row, record.observation, seen.stance)
        self._tick += 1

    def _controllers(self, row: int, record: TickRecord) -> None:
        """Say how the driver fared, and who of the others did not fare well."""
        driving = record.driving
        status = driving.status if driving else Status.OK
        self._columns["status"][row] = status
        self._say("controller_cause", row, driving.cause if driving and status else "")
        others = (
            r.controller for n, r in record.results.items() if n != record.driver and r.status
        )
        self._say("shadows_degraded", row, " ".join(others))

    def _take_look(
        self,
        truth: GroundTruth,
        record: TickRecord,
        velocity: VelocityCommand,
        gait_phase: float,
        target: Pose | None = None,
    ) -> None:
        """Take in one look at the truth. target: waypoint that the robot is to be at."""
        row, c = self._look, self._columns
        c[TIME][row] = truth.stamp
        for name, source in _TRUE.items():
            c[name][row] = getattr(truth, source)
        c["touches_ground"][row] = any("|" not in name for name in truth.touching)
        c["touches_itself"][row] = any("|" in name for name in truth.touching)
        self._estimated(row, record.estimate)
        for name, source in _COMMANDED.items():
            c[name][row] = getattr(record.decision.command, source)
        c["velocity_command"][row] = velocity.linear_x, velocity.linear_y, velocity.angular_z
        c["gait_phase"][row] = gait_phase
        if target is not None:
            c["target_pose"][row] = target.x, target.y, target.heading
        self._look += 1

    def _estimated(self, row: int, estimate: Estimate) -> None:
        for name, source in _ESTIMATED.items():
            self._columns[name][row] = getattr(estimate, source)

    def _observed(self, row: int, observation: Observation, stance: Array) -> None:
        for name, source in _OBSERVED.items():
            self._columns[name][row] = getattr(observation, source)
        self._columns["planned_stance"][row] = stance

    def _say(self, name: str, row: int, word: str) -> None:
        known = self._words[name]
        self._columns[name][row] = known.setdefault(word, len(known))

    def finish(self, facts: RunFacts) -> RunRecord:
        """Return what was recorded so far."""
        done = {TIME: self._look}
        columns = {
            name: column[: done.get(FIELDS[name].clock, self._tick)]
            for name, column in self._columns.items()
        }
        return RunRecord(columns, facts, {name: tuple(w) for name, w in self._words.items()})


def _room(name: str, count: int, joints: int) -> Column:
    shape = (count, *(joints if size == "n" else int(size) for size in FIELDS[name].shape))
    if name in FLAGS:
        return np.zeros(shape, dtype=np.int16)
    return np.zeros(shape, dtype=np.int32) if name in WORDS else np.full(shape, np.nan)
