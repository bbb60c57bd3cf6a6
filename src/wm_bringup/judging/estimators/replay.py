"""Estimators side by side on the same recorded walks.

Everybody sees the same observations, recorded once in lock-step (or in a bag); nobody's errors
feed back into another's data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from wm_bringup.cycle.stack import estimator_parameters
from wm_bringup.judging.criteria.table import GROUPS, measure
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.record.observations import by_observation, observations
from wm_bringup.record.run_record import RunRecord
from wm_control.estimation.body.body import Soles
from wm_control.estimation.body.contact import ContactDetector
from wm_control.estimation.carried import CarriedImuEstimator
from wm_control.estimation.factory import ToldEstimator, for_its_imu, make_estimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.estimation.parameters import EstimatorParameters, Kind
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Array, Estimate

JUDGED, CLOCK = "invariant_ekf", "clock_only"
"""The estimator that others are compared with, and its ablation that trusts a gait clock."""

CRITERIA = (
    *("fell", "seconds", "distance"),
    *(name for group in ("estimate", "consistency", "contacts") for name in GROUPS[group]),
)
"""What is measured of a replayed estimator."""


class ScheduledContact(ContactDetector):
    """Contact by the gait clock alone, for the ablation; ``stance`` is set before every update."""

    stance: Sequence[float] = (1.0, 1.0)

    def update(self, wrench: Array, soles: Soles, dt: float) -> list[float]:
        """Whatever is measured, the planned stances carry the weight in equal parts."""
        total = max(sum(self.stance), 1.0)
        self.loads = [stance / total for stance in self.stance]
        self._filter.probability = list(self.stance)
        return self._filter.probability


def _kind(kind: Kind) -> Callable[[RobotDescription, EstimatorParameters], ToldEstimator]:
    def build(robot: RobotDescription, parameters: EstimatorParameters) -> ToldEstimator:
        return make_estimator(robot, replace(parameters, kind=kind))

    return build


def _clock_only(robot: RobotDescription, parameters: EstimatorParameters) -> ToldEstimator:
    def build(rooted: RobotDescription) -> InvariantEkfEstimator:
        return InvariantEkfEstimator(rooted, parameters, ScheduledContact)

    return for_its_imu(robot, build)


ESTIMATORS: Mapping[str, Callable[[RobotDescription, EstimatorParameters], ToldEstimator]] = {
    "leg_odometry": _kind("leg_odometry"),
    JUDGED: _kind("invariant_ekf"),
    CLOCK: _clock_only,
}
"""The constant-gain estimator, the filter, and the filter with a gait clock for contact."""


def _clock_of(estimator: ToldEstimator) -> ScheduledContact | None:
    """Contact that has to be told the planned stances, if it is one."""
    inside = estimator.inside if isinstance(estimator, CarriedImuEstimator) else estimator
    contact = inside._contact if isinstance(inside, InvariantEkfEstimator) else None
    return contact if isinstance(contact, ScheduledContact) else None


def replay(estimator: ToldEstimator, record: RunRecord) -> RunRecord:
    """Run an estimator over a record by observation; returns it with what was estimated.

    CPU time is this thread's, per update.
    """
    rows: list[Estimate] = []
    slipping, cpu = [], []
    clock = _clock_of(estimator)
    stances = record["planned_stance"].tolist()
    for stance, observation in zip(stances, observations(record), strict=True):
        if clock is not None:
            clock.stance = stance
        begin = time.thread_time()
        estimate = estimator.update(observation) if rows else estimator.reset(observation)
        cpu.append(time.thread_time() - begin)
        rows.append(estimate)
        slipping.append(estimator.slipping)
    twist = np.array([row.twist_covariance for row in rows])
    pose = np.array([row.pose_covariance for row in rows])
    return record.with_columns(
        estimated_position=np.array([row.base_position_in_world for row in rows]),
        estimated_orientation=np.array([row.base_orientation for row in rows]),
        estimated_velocity=np.array([row.base_velocity_in_base for row in rows]),
        estimated_angular_velocity=np.array([row.base_angular_velocity_in_base for row in rows]),
        contact_probability=np.array([row.contact_probability for row in rows]),
        slip_told=np.array(slipping, dtype=np.float64),
        velocity_covariance=twist[:, :3, :3],
        tilt_covariance=pose[:, 3:5, 3:5],
        height_variance=pose[:, 2, 2],
        update_time=np.array(cpu),
        unhealthy=np.array([not row.healthy for row in rows], dtype=np.float64),
    )


def judge_estimators(
    case: str, walked_by: str, record: RunRecord, names: Sequence[str], seed: int = 0
) -> tuple[EpisodeResult, ...]:
    """Measure estimators on one run with observations; a result of each.

    The clock's ablation is left out where no clock was recorded. Where there is no truth at all
    what is left are effort, health, and how far a velocity is from the judged estimator's.
    """
    seen = by_observation(record)
    clock = bool(np.isfinite(seen["planned_stance"]).all())
    robot, parameters = load_robot(record.facts.robot), estimator_parameters(record.facts.robot)
    replayed = {
        name: replay(ESTIMATORS[name](robot, parameters), seen)
        for name in names
        if clock or name != CLOCK
    }
    if "base_position" not in seen and JUDGED in replayed:
        judged = replayed[JUDGED].columns["estimated_velocity"]
        replayed = {n: one.with_columns(reference_velocity=judged) for n, one in replayed.items()}
    notes = {"fall_cause": record.facts.fall, "walked_by": walked_by}
    return tuple(
        EpisodeResult(case, name, seed, measure(one, CRITERIA), notes)
        for name, one in replayed.items()
    )
