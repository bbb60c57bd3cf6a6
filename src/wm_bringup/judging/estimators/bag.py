"""A bag as a recording: what the sensors said, and the truth and the plan where it holds them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from wm_bringup.bags.reader import open_bag
from wm_bringup.bags.writer import BagError
from wm_bringup.judging.estimators.recording import SENSORS, STANCES, Recording, planned_stance
from wm_bringup.wire.cdr import MessageError, Reader
from wm_bringup.wire.messages import JointStateDecoder, decode_imu, decode_multi_array
from wm_bringup.wire.sample_joiner import SampleJoiner
from wm_bringup.wire.topics import GROUND_TRUTH, IMU, JOINT_STATES, PLAN
from wm_bringup.wire.vectors import join_vector
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.constants import CONTROL_PERIOD
from wm_control.mpc.plan import WalkingPlan, unpack
from wm_control.robot.description import load_robot
from wm_control.types import Array, Observation

_SAME_INSTANT = 1e-4


def read_recording(path: Path, robot: str = DEFAULT_ROBOT) -> Recording:
    """Read the last run in a bag; same bag, same recording.

    A robot that is held repeats its first observation; the run begins with the last of these.
    BagError when it holds no joint states, no IMU, or not two observations of one run.
    """
    bag = open_bag(path)
    topics = {kind.name: _find(set(bag.counts), kind.name) for kind in _TOPICS}
    for needed in (JOINT_STATES.name, IMU.name):
        if not topics[needed]:
            raise BagError(f"{path}: expected the topic {needed}, found {sorted(bag.counts)}")
    reader = _Reader(load_robot(robot).joint_names)
    by_topic = {topic: kind for kind, topic in topics.items() if topic}
    for record in bag.records(*by_topic):
        reader.read(by_topic[record.topic], record.data, 1e-9 * record.stamp)
    return reader.finish(robot, path)


_TOPICS = (JOINT_STATES, IMU, GROUND_TRUTH, PLAN)


def _find(topics: set[str], name: str) -> str:
    """Return the recorded topic of this name, in whatever namespace; empty without one."""
    found = sorted((t for t in topics if t == f"/{name}" or t.endswith(f"/{name}")), key=len)
    return found[0] if found else ""


def _odometry(data: bytes) -> tuple[float, Array]:
    """Stamp [s] and (13,) of nav_msgs/Odometry: position, quaternion, linear and angular twist."""
    reader = Reader(data)
    stamp = reader.stamp()
    reader.string()
    reader.string()
    floats = reader.float64(85)
    return stamp, np.concatenate((floats[:7], floats[43:49]))


class _Reader:
    """Collects one run; a new one drops what was before."""

    def __init__(self, joint_names: tuple[str, ...]) -> None:
        self._decoder = JointStateDecoder(joint_names)
        self._joiner = SampleJoiner(self._take, CONTROL_PERIOD, len(joint_names))
        self._rows: list[Observation] = []
        self._truths: dict[int, Array] = {}
        self._plans: list[WalkingPlan] = []

    def read(self, kind: str, data: bytes, arrival: float) -> None:
        """Take in one message; what cannot be decoded is a lost message."""
        try:
            if kind == JOINT_STATES.name:
                self._joiner.joints(self._decoder.decode(data), arrival)
            elif kind == IMU.name:
                self._joiner.imu(decode_imu(data), arrival)
            elif kind == GROUND_TRUTH.name:
                stamp, floats = _odometry(data)
                self._truths[round(stamp / _SAME_INSTANT)] = floats
            else:
                self._plans.append(unpack(join_vector(*decode_multi_array(data))))
        except (MessageError, ValueError):
            return

    def _take(self, observation: Observation, anew: bool) -> None:
        if anew:
            self._rows = []
        self._rows.append(observation)

    def finish(self, robot: str, path: Path) -> Recording:
        """Return the last run."""
        rows = self._rows
        if len(rows) < 2:
            raise BagError(f"{path}: expected a run of observations, found {len(rows)}")
        columns = {n: np.array([getattr(o, n) for o in rows]) for n in SENSORS}
        columns[STANCES] = self._stances(columns["stamp"])
        if self._truths:
            columns |= self._truth(columns["stamp"])
        return Recording(robot, columns)

    def _stances(self, stamps: Array) -> Array:
        """(k, 2) by the newest plan of every instant; before the first plan both stand."""
        if not self._plans:
            return np.full((len(stamps), 2), math.nan)
        plans = sorted(self._plans, key=lambda plan: plan.stamp)
        newest = np.searchsorted([plan.stamp for plan in plans], stamps, side="right") - 1
        return np.array(
            [
                planned_stance(plans[k], float(now)) if k >= 0 else (1.0, 1.0)
                for k, now in zip(newest, stamps, strict=True)
            ]
        )

    def _truth(self, stamps: Array) -> dict[str, Array]:
        """Columns of the truth, NaN in rows at whose stamp none was recorded."""
        truth = np.full((len(stamps), 13), math.nan)
        for row, stamp in enumerate(stamps):
            found = self._truths.get(round(float(stamp) / _SAME_INSTANT))
            if found is not None:
                truth[row] = found
        return {
            "base_position_in_world": truth[:, :3],
            "base_orientation": truth[:, 3:7],
            "base_velocity_in_base": truth[:, 7:10],
            "base_angular_velocity_in_base": truth[:, 10:],
        }
