"""Estimators side by side on the same recorded walks: who is run, and on what figures.

Everybody sees the same observations, recorded once in lock-step (or in a bag); nobody's errors
feed back into another's data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from wm_bringup.judging.estimators.courses import CLOCK, FIRST, JUDGED
from wm_bringup.judging.estimators.metrics import (
    Belief,
    Flags,
    Truth,
    at_rows,
    judge_effort,
    judge_estimate,
)
from wm_bringup.judging.estimators.recording import STANCES, Recording
from wm_control.estimation.body.body import Soles
from wm_control.estimation.body.contact import ContactDetector
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.estimation.parameters import EstimatorParameters, Kind
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate


class ScheduledContact(ContactDetector):
    """Contact by the gait clock alone, for the ablation; ``stance`` is set before every update."""

    stance: Sequence[float] = (1.0, 1.0)

    def update(self, wrench: Array, soles: Soles, dt: float) -> list[float]:
        """Whatever is measured, the planned stances carry the weight in equal parts."""
        total = max(sum(self.stance), 1.0)
        self.loads = [stance / total for stance in self.stance]
        self._filter.probability = list(self.stance)
        return self._filter.probability


def _kind(kind: Kind) -> Callable[[RobotDescription, EstimatorParameters], GuardedEstimator]:
    def build(robot: RobotDescription, parameters: EstimatorParameters) -> GuardedEstimator:
        return make_estimator(robot, replace(parameters, kind=kind))

    return build


def _clock_only(robot: RobotDescription, parameters: EstimatorParameters) -> GuardedEstimator:
    return InvariantEkfEstimator(robot, parameters, ScheduledContact)


CONTESTANTS: Mapping[str, Callable[[RobotDescription, EstimatorParameters], GuardedEstimator]] = {
    FIRST: _kind("leg_odometry"),
    JUDGED: _kind("invariant_ekf"),
    CLOCK: _clock_only,
}
"""The constant-gain first version, the filter, and the filter with a gait clock for contact."""


def truth_of(recording: Recording) -> tuple[Truth, Flags] | None:
    """Truth where it is known, and a flag (k,) for those rows; None when nobody knew it.

    In a frame whose origin is on the ground where the recording begins.
    """
    if "base_position_in_world" not in recording:
        return None
    known: Flags = np.asarray(np.isfinite(recording["base_position_in_world"]).all(axis=1))
    if np.count_nonzero(known) < 2:
        return None
    soles = "normal_force" in recording
    truth = Truth(
        recording["stamp"][known],
        recording["base_position_in_world"][known],
        _rotations(recording["base_orientation"][known]),
        recording["base_velocity_in_base"][known],
        recording["normal_force"][known] if soles else None,
        recording["sole_velocity"][known][:, :, :3] if soles else None,
    )
    return truth, known


def replay(estimator: GuardedEstimator, recording: Recording) -> Belief:
    """Run an estimator over a recording; CPU time is this thread's, per update."""
    rows: list[Estimate] = []
    slipping, cpu, stances = [], [], recording[STANCES].tolist()
    for stance, observation in zip(stances, recording.observations(), strict=True):
        if isinstance(estimator._contact, ScheduledContact):
            estimator._contact.stance = stance
        begin = time.thread_time()
        estimate = estimator.update(observation) if rows else estimator.reset(observation)
        cpu.append(time.thread_time() - begin)
        rows.append(estimate)
        slipping.append(estimator.slipping)
    twist = np.array([row.twist_covariance for row in rows])
    pose = np.array([row.pose_covariance for row in rows])
    return Belief(
        np.array([row.base_position_in_world for row in rows]),
        _rotations(np.array([row.base_orientation for row in rows])),
        np.array([row.base_velocity_in_base for row in rows]),
        np.array([row.contact_probability for row in rows]),
        np.array(slipping, dtype=np.float64),
        twist[:, :3, :3],
        pose[:, 3:5, 3:5],
        pose[:, 2, 2],
        np.array(cpu),
        np.array([not row.healthy for row in rows], dtype=np.float64),
    )


def _rotations(quaternions: Array) -> Array:
    """(k, 3, 3) of unit quaternions xyzw (k, 4)."""
    x, y, z, w = quaternions.T
    rows = (
        (1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - z * w), 2.0 * (x * z + y * w)),
        (2.0 * (x * y + z * w), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - x * w)),
        (2.0 * (x * z - y * w), 2.0 * (y * z + x * w), 1.0 - 2.0 * (x * x + y * y)),
    )
    return np.moveaxis(np.array(rows), 2, 0)


def judge_recording(
    recording: Recording, robot: RobotDescription, parameters: EstimatorParameters
) -> dict[str, Mapping[str, float]]:
    """Figures of every contestant on one recording, by name.

    The clock's ablation is left out where no clock was recorded. Without any truth what is left
    are effort, health, and how far a velocity is from the judged estimator's.
    """
    clock = bool(np.isfinite(recording[STANCES]).all())
    beliefs = {
        name: replay(build(robot, parameters), recording)
        for name, build in CONTESTANTS.items()
        if clock or name != CLOCK
    }
    found = truth_of(recording)
    results: dict[str, Mapping[str, float]] = {}
    for name, belief in beliefs.items():
        figures = {"fell": float(bool(recording.fall))}
        if found is None:
            apart = (belief.velocity - beliefs[JUDGED].velocity) ** 2
            figures["velocity_apart"] = float(np.sqrt(apart.sum(axis=1).mean()))
        else:
            truth, known = found
            figures |= judge_estimate(at_rows(belief, known), truth)
        figures |= judge_effort(belief, recording["stamp"])
        results[name] = figures
    return results
