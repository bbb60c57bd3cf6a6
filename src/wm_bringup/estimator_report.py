"""Estimators side by side on the same recorded walks: who is run, on what, and the table.

Everybody sees the same observations, recorded once in lock-step while the robot walked on the
default estimator; nobody's errors feed back into another's data.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pinocchio as pin

from wm_bringup.estimator_metrics import Belief, Truth, judge_estimate
from wm_bringup.estimator_recording import STANCES, Recording
from wm_bringup.scenarios.scenario import Ground, Payload, Push, Scenario, VelocitySegment
from wm_control.estimation.body import Soles
from wm_control.estimation.contact import ContactDetector
from wm_control.estimation.factory import make_estimator
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.estimation.invariant_estimator import InvariantEkfEstimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate

_V = VelocitySegment

MIXED = (
    *(_V(1.0, 0.3), _V(6.0, 0.5), _V(12.0, 0.5, 0.0, 0.3), _V(18.0, 0.8), _V(24.0, 1.0)),
    *(_V(32.0, 0.6, 0.0, -0.3), _V(38.0), _V(41.0, 0.0, 0.2), _V(46.0, -0.3)),
    *(_V(50.0, 0.0, 0.0, 0.5), _V(54.0, 0.7)),
)
"""0 to 1.0 m/s with turns, steps to the side and back, and a rest, in 60 s."""

COURSES: Mapping[str, Scenario] = {
    "mixed": Scenario(
        name="mixed",
        duration=60.0,
        velocity=MIXED,
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
    ),
    "loaded": Scenario(
        name="loaded",
        duration=20.0,
        velocity=(_V(1.0, 0.8),),
        noise="nominal",
        delay=0.01,
        ground=Ground(friction=0.4),
        payload=Payload(mass=5.0),
        initial_joint_noise=0.005,
    ),
    "pushed": Scenario(
        name="pushed",
        duration=20.0,
        velocity=(_V(1.0, 0.4),),
        noise="nominal",
        delay=0.008,
        ground=Ground(friction=0.3),
        payload=Payload(mass=5.0),
        pushes=tuple(
            Push(impulse=impulse, at=at)
            for at, impulse in (
                *((4.0, (15.0, 0.0, 0.0)), (8.0, (0.0, 15.0, 0.0))),
                *((12.0, (-15.0, 0.0, 0.0)), (16.0, (0.0, -15.0, 0.0))),
            )
        ),
        initial_joint_noise=0.005,
    ),
    "bumps": Scenario(
        name="bumps",
        duration=20.0,
        velocity=(_V(1.0, 0.3),),
        noise="nominal",
        delay=0.008,
        ground=Ground(friction=0.6, bumps=0.02),
        initial_joint_noise=0.005,
    ),
}
"""What the report walks, by name."""


class ScheduledContact(ContactDetector):
    """Contact by the gait clock alone, for the ablation; ``stance`` is set before every update."""

    stance: Sequence[float] = (1.0, 1.0)

    def update(self, wrench: Array, soles: Soles, dt: float) -> list[float]:
        """Whatever is measured, the planned stances carry the weight in equal parts."""
        total = max(sum(self.stance), 1.0)
        self.loads = [stance / total for stance in self.stance]
        self._filter.probability = list(self.stance)
        return self._filter.probability


def _kind(kind: str) -> Callable[[RobotDescription, EstimatorParameters], GuardedEstimator]:
    def build(robot: RobotDescription, parameters: EstimatorParameters) -> GuardedEstimator:
        return make_estimator(robot, replace(parameters, kind=kind))  # type: ignore[arg-type]

    return build


def _clock_only(robot: RobotDescription, parameters: EstimatorParameters) -> GuardedEstimator:
    return InvariantEkfEstimator(robot, parameters, ScheduledContact)


CONTESTANTS: Mapping[str, Callable[[RobotDescription, EstimatorParameters], GuardedEstimator]] = {
    "leg_odometry": _kind("leg_odometry"),
    "invariant_ekf": _kind("invariant_ekf"),
    "clock_only": _clock_only,
}
"""The constant-gain first version, the filter, and the filter with a gait clock for contact."""


def truth_of(recording: Recording) -> Truth:
    """Truth in a frame whose origin is on the ground where the recording begins."""
    return Truth(
        recording["stamp"],
        recording["base_position_in_world"],
        _rotations(recording["base_orientation"]),
        recording["base_velocity_in_base"],
        recording["normal_force"],
        recording["sole_velocity"][:, :, :3],
    )


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
    """(k, 3, 3) of quaternions xyzw (k, 4)."""
    return np.array([pin.Quaternion(q).matrix() for q in quaternions])


def judge_recording(
    recording: Recording, robot: RobotDescription, parameters: EstimatorParameters
) -> dict[str, Mapping[str, float]]:
    """Figures of every contestant on one recording, by name."""
    truth = truth_of(recording)
    return {
        name: judge_estimate(replay(build(robot, parameters), recording), truth)
        for name, build in CONTESTANTS.items()
    }


_SQUARED = ("velocity_x", "velocity_y", "velocity_z", "height", "roll", "pitch", "ate", "rpe")
_WORST = ("cpu_ms_p99", "unhealthy_share")


def over_seeds(figures: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """One figure per name: RMS of RMS errors, the worst of tails, the mean of the rest."""
    result = {}
    for name in figures[0]:
        values = np.array([f[name] for f in figures if math.isfinite(f[name])])
        if not len(values):
            result[name] = math.nan
        elif name in _SQUARED:
            result[name] = float(np.sqrt(np.mean(values**2)))
        elif name in _WORST:
            result[name] = float(values.max())
        else:
            result[name] = float(values.mean())
    return result


_ROWS = (
    ("velocity_x", "velocity RMSE x [mm/s]", 1e3),
    ("velocity_y", "velocity RMSE y [mm/s]", 1e3),
    ("velocity_z", "velocity RMSE z [mm/s]", 1e3),
    ("height", "height RMS [mm]", 1e3),
    ("roll", "roll RMS [mrad]", 1e3),
    ("pitch", "pitch RMS [mrad]", 1e3),
    ("drift_percent", "drift [% of distance]", 1.0),
    ("yaw_drift", "yaw drift [mrad]", 1e3),
    ("ate", "ATE [mm]", 1e3),
    ("rpe", "RPE over 1 s [mm]", 1e3),
    ("nees_velocity_share", "NEES velocity in 95 % band", 1.0),
    ("nees_tilt_share", "NEES tilt in 95 % band", 1.0),
    ("nees_height_share", "NEES height in 95 % band", 1.0),
    ("contact_f1", "contact F1", 1.0),
    ("slips", "true slips per episode", 1.0),
    ("slips_found_share", "share of them found", 1.0),
    ("slip_delay_ms", "median delay [ms]", 1.0),
    ("unhealthy_share", "share unhealthy, worst", 1.0),
    ("cpu_ms_p50", "CPU p50 [ms]", 1.0),
    ("cpu_ms_p99", "CPU p99, worst [ms]", 1.0),
)


def markdown_table(course: str, seeds: int, results: Mapping[str, Mapping[str, float]]) -> str:
    """One course in a Markdown table; the ratio is the first figure by the second's."""
    first, second = tuple(results)[:2]
    lines = [
        f"| {course}, n = {seeds} | " + " | ".join(results) + f" | {first} / {second} |",
        "|---|" + "---|" * (len(results) + 1),
    ]
    for name, text, scale in _ROWS:
        cells = [f"{scale * result[name]:.3g}" for result in results.values()]
        base = results[second][name]
        ratio = f"{results[first][name] / base:.2f}" if base else "-"
        lines.append(f"| {text} | " + " | ".join(cells) + f" | {ratio} |")
    return "\n".join(lines)
