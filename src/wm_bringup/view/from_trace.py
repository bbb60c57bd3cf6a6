"""Watches the trace of an episode: what was true of it, and what the arbiter did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wm_bringup.record.run_record import TICKS, TIME, RunRecord
from wm_bringup.view.recording import Curve, Story
from wm_bringup.view.scene import Footstep, Moment, Surveyor, footprints
from wm_bringup.view.timeline import Stint, Told, newest, stints
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Action, Array, Estimate, Observation, VelocityCommand

STEP_EVERY = 10
"""Rows from one look at the soles to the next."""


class TraceRun:
    """A ``Run`` out of a trace: the true motion, which a bag of the field does not hold."""

    live = False
    problems: tuple[str, ...] = ()

    def __init__(self, path: Path, robot: str = "") -> None:
        """Read it; NotRecordedError for a file that is no trace, or lacks what is drawn."""
        self._record = record = RunRecord.load(path)
        self.description: RobotDescription = load_robot(robot or record.facts.robot)
        needed = ("base_position", "base_orientation", "base_velocity", "joint_position")
        self._columns = {name: record[name] for name in (TIME, *needed)}
        self._zero = float(record[TIME][0])
        self._times = (record[TIME] - self._zero).tolist()
        self.seconds = float(self._times[-1])
        self._told = _told(record, self._zero)
        self._told_at = [one.time for one in self._told]
        self.story = Story(
            path.name, stints(self._told, self.seconds), self._curves(), self._steps()
        )

    def stints(self) -> tuple[Stint, ...]:
        """Who drove, under which action."""
        return self.story.stretches

    def curves(self) -> Mapping[str, Curve]:
        """Curves over time."""
        return self.story.curves

    def footprints(self, until: float) -> Sequence[Footstep]:
        """Where the robot stepped until then."""
        return self.story.footprints(until)

    def moment(self, time: float) -> Moment | None:
        """Return what was true at ``time`` [s]."""
        row = max(newest(self._times, time), 0)
        record, place = self._record, newest(self._told_at, time)
        asked = record["velocity_command"][row].tolist() if "velocity_command" in record else None
        return Moment(
            time,
            self._estimate(row),
            told=self._told[place] if place >= 0 else None,
            asked=None if asked is None else VelocityCommand(*asked),
            push=record["push_force"][row] if "push_force" in record else None,
        )

    def _estimate(self, row: int) -> Estimate:
        """Take the truth for an estimate."""
        columns, n, zero = self._columns, len(self.description.joint_names), np.zeros(3)
        joints, still = columns["joint_position"][row], np.zeros(n)
        orientation = columns["base_orientation"][row]
        rotation = rotation_from_quaternion(orientation.tolist())
        observation = Observation(
            self._times[row], row, joints, still, still, orientation, zero, zero
        )
        return Estimate(
            observation,
            columns["base_position"][row],
            orientation,
            rotation.T @ columns["base_velocity"][row],
            self._of("base_angular_velocity", row, zero),
            joints,
            self._of("joint_velocity", row, still),
            np.zeros(2),
            self._of("foot_wrench", row, np.zeros((2, 6))),
            np.zeros((6, 6)),
            np.zeros((6, 6)),
        )

    def _of(self, name: str, row: int, without: Array) -> Array:
        found: Array = self._record[name][row] if name in self._record else without
        return found

    def _steps(self) -> tuple[tuple[float, Footstep], ...]:
        survey = Surveyor(self.description)
        rows = range(0, len(self._times), STEP_EVERY)
        return footprints([(self._times[row], survey.soles(self._estimate(row))) for row in rows])

    def _curves(self) -> dict[str, Curve]:
        record, time = self._record, np.array(self._times)
        forward = record["base_velocity"]
        x, y, z, w = record["base_orientation"].T
        heading = np.arctan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))
        ahead = np.cos(heading) * forward[:, 0] + np.sin(heading) * forward[:, 1]
        curves = {"speed": Curve(time, ahead)}
        if "velocity_command" in record:
            curves["asked"] = Curve(time, record["velocity_command"][:, 0])
        if "compute_time" in record:
            ticks = record[TICKS] - self._zero
            curves["latency"] = Curve(ticks, 1e3 * record["compute_time"])
        return curves


def _told(record: RunRecord, zero: float) -> list[Told]:
    """Collect what the arbiter did, whenever that changed."""
    if "driver" not in record or "action" not in record:
        return []
    times, actions, drivers = record[TICKS] - zero, record["action"], record.told("driver")
    causes = record.told("cause" if "cause" in record else "told")
    found: list[Told] = []
    before: tuple[object, ...] = ()
    for time, number, driver, cause in zip(times, actions, drivers, causes, strict=True):
        said = (number, driver, cause)
        if said != before:
            before = said
            action = Action(int(number))
            why = f" (began with: {cause})" if cause else ""
            found.append(
                Told(
                    float(time), action, driver, f"{action.name}: {driver or 'nobody'} drives{why}"
                )
            )
    return found
