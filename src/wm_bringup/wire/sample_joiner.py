"""Two streams of sensor messages made into observations, whatever order and number they come in.

Joint states and IMU samples of one instant carry the same stamp. The estimator tells lost,
repeated and old observations by their sequence; here it is made from the stamps.

- A sample whose partner is missing once a newer pair is whole, or three newer samples have come, is
  handed on with the missing half as NaN: the estimator predicts that half, and reports an outage.
- A repeated sample is an observation of the same sequence again; one that is older than what was
  handed on is dropped.
- A clock that jumps ahead by more than time really passed, or jumps back, leaves no gap in the
  sequence. A clock that begins again near zero is another run (a simulation was reset), and so is
  what follows the stamp of a start that was told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wm_bringup.wire.messages import ImuSample, JointSample
from wm_control.types import Observation

PATIENCE = 3
"""Newer samples that a sample waits for its partner."""

REORDER_TIME = 0.1
"""A stamp that is older by less is an old sample, by more another time of the clock [s]."""

BEGINNING = 0.05
"""A clock that jumps back to less than this has begun again [s]."""


@dataclass(slots=True, eq=False)
class _Pending:
    stamp: float
    joints: JointSample | None = None
    imu: ImuSample | None = None


@dataclass(slots=True)
class Counts:
    """Oddities since the start."""

    repeated: int = 0
    late: int = 0
    halves: int = 0
    clock_jumps: int = 0
    restarts: int = 0


@dataclass
class SampleJoiner:
    """Joins samples; hands on observations in order of time.

    take: is given every observation, and whether the estimator has to start anew with it. period:
    between samples [s]. joint_count: number of joints. first_run: number of the first run.
    Arguments ``arrival``: when a message came, on any clock that does not jump [s].
    """

    take: Callable[[Observation, bool], None]
    period: float
    joint_count: int
    first_run: int = 0
    counts: Counts = field(default_factory=Counts)
    _pending: list[_Pending] = field(default_factory=list)
    _last: Observation | None = None
    _run_began: float = np.inf
    _told_start: float | None = None
    _last_arrival: float = 0.0

    def started(self, stamp: float) -> None:
        """Hear that the robot was started at ``stamp`` [s]: a run before that has ended.

        Of a start that lies before the first sample of the present run nothing follows.
        """
        if np.isfinite(stamp) and stamp > self._run_began + 0.5 * self.period:
            self._told_start = stamp

    def joints(self, sample: JointSample, arrival: float) -> None:
        """Take in joint states."""
        place = self._place(sample.stamp)
        if place is not None:
            place.joints = sample
            self._release(arrival)

    def imu(self, sample: ImuSample, arrival: float) -> None:
        """Take in an IMU sample."""
        place = self._place(sample.stamp)
        if place is not None:
            place.imu = sample
            self._release(arrival)

    def _place(self, stamp: float) -> _Pending | None:
        """Where a sample belongs; None for one that is too late."""
        if self._is_old(stamp):
            self.counts.late += 1
            return None
        for pending in self._pending:
            if abs(pending.stamp - stamp) < 0.5 * self.period:
                return pending
        self._pending.append(_Pending(stamp))
        return self._pending[-1]

    def _is_old(self, stamp: float) -> bool:
        if self._last is None:
            return not np.isfinite(stamp)
        behind = self._last.stamp - stamp
        return not (behind < 0.5 * self.period or behind > REORDER_TIME)

    def _release(self, arrival: float) -> None:
        """Hand on what is whole, and what was left behind by it."""
        whole = [p for p in self._pending if p.joints is not None and p.imu is not None]
        if whole:
            ready = [p for p in self._pending if p.stamp <= whole[0].stamp]
        elif len(self._pending) > PATIENCE:
            ready = self._pending[:1]
        else:
            return
        self._pending = [p for p in self._pending if p not in ready]
        for pending in sorted(ready, key=lambda p: p.stamp):
            self._hand_on(pending, arrival)

    def _hand_on(self, pending: _Pending, arrival: float) -> None:
        restarts = self.counts.restarts
        sequence = self._sequence(pending.stamp, arrival)
        anew = self._last is None or self.counts.restarts > restarts
        joints, imu = pending.joints, pending.imu
        if joints is None or imu is None:
            if anew:
                return  # nothing can start on half a sample
            self.counts.halves += 1
        if anew:
            self._run_began, self._told_start = pending.stamp, None
        unknown = np.full(self.joint_count, np.nan)
        self._last = Observation(
            stamp=pending.stamp,
            sequence=sequence,
            joint_position=unknown if joints is None else joints.position,
            joint_velocity=unknown if joints is None else joints.velocity,
            joint_torque=unknown if joints is None else joints.effort,
            imu_orientation=np.full(4, np.nan) if imu is None else imu.orientation,
            imu_angular_velocity=np.full(3, np.nan) if imu is None else imu.angular_velocity,
            imu_linear_acceleration=np.full(3, np.nan) if imu is None else imu.linear_acceleration,
            run=self.first_run + self.counts.restarts,
        )
        self._last_arrival = arrival
        self.take(self._last, anew)

    def _sequence(self, stamp: float, arrival: float) -> int:
        """Count of the observation; 0 starts a run."""
        last = self._last
        if last is None:
            return 0
        if self._told_start is not None and stamp > self._told_start - 0.5 * self.period:
            self.counts.restarts += 1
            return 0
        ahead = stamp - last.stamp
        if abs(ahead) < 0.5 * self.period:
            self.counts.repeated += 1
            return last.sequence
        if ahead < 0.0:
            if stamp < BEGINNING:
                self.counts.restarts += 1
                return 0
            self.counts.clock_jumps += 1
            return last.sequence + 1
        if ahead > REORDER_TIME and ahead > 2.0 * (arrival - self._last_arrival):
            self.counts.clock_jumps += 1
            return last.sequence + 1
        return last.sequence + max(round(ahead / self.period), 1)
