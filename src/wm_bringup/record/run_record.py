"""The record of one run: columns over time by name, read alike from lock-step and from a bag.

Every column belongs to a clock, itself a column of times: the evaluator's looks at the truth
(``time``), the control cycles (``tick_time``), the sensors' samples (``observation_time``), the
latency samples of a run in real time (``cycle_time``), and so on. What a source cannot know is
absent: a bag from the field has no truth, a lock-step run no latencies.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from wm_control.errors import WmError
from wm_control.types import Array

Column = NDArray[np.generic]
Flags = NDArray[np.bool_]

TIME, TICKS, OBSERVED, CYCLES, PLANS, TOUCHDOWNS, FAULTS = (
    *("time", "tick_time", "observation_time", "cycle_time"),
    *("plan_time", "touchdown_time", "fault_end_time"),
)
"""Clocks: names of the columns of times [s]."""


NO_ARRAYS: Final = (OSError, ValueError, TypeError, EOFError, BadZipFile, zlib.error)
"""What numpy may raise for a file that is no ``.npz``, or that was cut off."""


class NotRecordedError(WmError):
    """A run's record does not hold what was asked for."""


class TooShortError(WmError):
    """A run is too short to say what was asked for."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: (k, *shape) of one clock's k rows, "n" for the number of joints."""

    name: str
    shape: tuple[int | str, ...]
    unit: str
    clock: str
    meaning: str


def _fields(clock: str, *rows: tuple[str, tuple[int | str, ...], str, str]) -> tuple[Field, ...]:
    return tuple(Field(name, shape, unit, clock, said) for name, shape, unit, said in rows)


_N = ("n",)
_TRUE = _fields(
    TIME,
    (TIME, (), "s", "when the truth was looked at, on the robot's clock"),
    ("base_position", (3,), "m", "true origin of base_link, world"),
    ("base_orientation", (4,), "", "true quaternion xyzw, base to world"),
    ("base_velocity", (3,), "m/s", "true, of the origin of base_link, world axes"),
    ("base_angular_velocity", (3,), "rad/s", "true, base axes"),
    ("com_position", (3,), "m", "true centre of mass, world"),
    ("sole_position", (2, 3), "m", "true, left and right, world"),
    ("sole_velocity", (2, 6), "m/s, rad/s", "true, linear then angular, world axes"),
    ("ground_height", (2,), "m", "of the ground under each sole"),
    ("foot_wrench", (2, 6), "N, N·m", "true, ground on foot, about the sole, world axes"),
    ("normal_force", (2,), "N", "true, on each foot"),
    ("tangential_force", (2,), "N", "true, on each foot"),
    ("push_force", (3,), "N", "external, on the base, world axes"),
    ("touches_ground", (), "", "whether a link other than a foot touches the ground"),
    ("touches_itself", (), "", "whether links touch each other"),
    ("joint_position", _N, "rad", "true"),
    ("joint_velocity", _N, "rad/s", "true"),
    ("joint_torque", _N, "N·m", "really applied by the drives"),
)
FIELDS: Mapping[str, Field] = {
    one.name: one
    for one in (
        *_TRUE,
        *_fields(
            TIME,
            ("received", (), "s", "when the true state arrived, on the recorder's clock"),
            ("estimated_position", (3,), "m", "of base_link, odom"),
            ("estimated_orientation", (4,), "", "quaternion xyzw, base to odom"),
            ("estimated_velocity", (3,), "m/s", "of base_link, base axes"),
            ("estimated_angular_velocity", (3,), "rad/s", "base axes"),
            ("contact_probability", (2,), "", "estimated, of each foot"),
            ("slip_told", (2,), "", "whether the estimator takes the sole for slipping"),
            ("velocity_covariance", (3, 3), "m²/s²", "of the estimate, base axes"),
            ("tilt_covariance", (2, 2), "rad²", "of the estimate's roll and pitch, world axes"),
            ("height_variance", (), "m²", "of the estimate"),
            ("update_time", (), "s", "CPU time of the estimator's update"),
            ("unhealthy", (), "", "whether the estimate must not be used"),
            ("reference_velocity", (3,), "m/s", "of another estimate to compare with, base axes"),
            ("target_pose", (3,), "m, m, rad", "waypoint of a tour: x, y, heading, world"),
            ("velocity_command", (3,), "m/s, rad/s", "asked for: x, y, yaw rate, heading frame"),
            ("gait_phase", (), "", "of a stride in [0, 1), NaN while standing"),
            ("command_position", _N, "rad", "sent to the drives"),
            ("command_velocity", _N, "rad/s", "sent to the drives"),
            ("command_stiffness", _N, "N·m/rad", "sent to the drives"),
            ("command_damping", _N, "N·m·s/rad", "sent to the drives"),
            ("command_torque", _N, "N·m", "sent to the drives"),
        ),
        *_fields(
            TICKS,
            (TICKS, (), "s", "of a control cycle, or of a decision that was told"),
            ("action", (), "", "the arbiter's, as in wm_control.types.Action"),
            ("cause", (), "", "word: rule that began the intervention, empty without one"),
            ("told", (), "", "words: what people were told of the decision"),
            ("driver", (), "", "word: whose command was sent"),
            ("share", (), "", "of the driver in the command; the rest is of who drove before"),
            ("armed", (), "", "whether the operator has armed"),
            ("status", (), "", "of the driver's result, as in wm_control.types.Status"),
            ("controller_cause", (), "", "words: why the driver's result is not OK"),
            ("shadows_degraded", (), "", "words: who of the others has a result that is not OK"),
            ("clipped", (), "", "number of joints that the command filter changed"),
            ("plan_age", (), "s", "of the plan in use, NaN without one"),
            ("compute_time", (), "s", "of the control path, as the robot was told it"),
        ),
        *_fields(
            OBSERVED,
            (OBSERVED, (), "s", "of measurement"),
            ("observed_sequence", (), "", "count of observations; gaps mean lost ones"),
            ("observed_joint_position", _N, "rad", "measured"),
            ("observed_joint_velocity", _N, "rad/s", "measured"),
            ("observed_joint_torque", _N, "N·m", "estimated by the drives"),
            ("observed_imu_orientation", (4,), "", "quaternion xyzw, IMU to a level world"),
            ("observed_imu_angular_velocity", (3,), "rad/s", "IMU axes"),
            ("observed_imu_linear_acceleration", (3,), "m/s²", "specific force, IMU axes"),
            ("planned_stance", (2,), "", "1 where the plan has the foot on the ground, NaN: none"),
        ),
        *_fields(
            CYCLES,
            (CYCLES, (), "s", "of measurement, for cycles in real time"),
            ("path_latency", (), "s", "measurement to command sent"),
            ("wait", (), "s", "arrival of the measurement to the start of the cycle"),
            ("node_latency", (), "s", "start to end of the cycle's computation"),
            ("deadline_missed", (), "", "whether the command left after its period"),
            ("estimator_time", (), "s", "of the cycle's stage"),
            ("controller_time", (), "s", "of the cycle's stage"),
            ("arbiter_time", (), "s", "of the cycle's stage"),
            ("backend_time", (), "s", "of the cycle's stage"),
        ),
        *_fields(
            PLANS,
            (PLANS, (), "s", "of the state that was planned from"),
            ("solve_time", (), "s", "of the plan, wall clock"),
        ),
        *_fields(FAULTS, (FAULTS, (), "s", "when a scripted fault of the sensors was over")),
        *_fields(TOUCHDOWNS, (TOUCHDOWNS, (), "s", "when the left foot came down, as told")),
    )
}
"""Every column that a record may hold."""

TRUTH = tuple(one.name for one in _TRUE)
"""Columns that only an evaluator may see."""

FLAGS = ("touches_ground", "touches_itself", "action", "armed", "status", "clipped")
"""Whole numbers."""

WORDS = ("cause", "told", "driver", "controller_cause", "shadows_degraded")
"""Columns of words, held as indices into ``RunRecord.words``."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What holds for a whole run.

    robot: by name. fall: why it fell, empty when it did not; fell_at: when [s]. mass: of all that
    walks, payload included [kg], None where unknown. torque_limit: of each joint, as strong as its
    motor is [N·m], empty where unknown. preference: who may drive, the most wanted first, empty
    where unknown. driver_faults: scripted faults of what drivers send, by driver, and when each
    first changed something [s]; None where unknown.
    """

    robot: str = ""
    fall: str = ""
    fell_at: float | None = None
    mass: float | None = None
    torque_limit: tuple[float, ...] = ()
    preference: tuple[str, ...] = ()
    driver_faults: tuple[tuple[str, float], ...] | None = None


@dataclass(frozen=True)
class RunRecord:
    """Columns of one run by the names in ``FIELDS``, SI units.

    words: for columns of words, what each index stands for.
    """

    columns: Mapping[str, Column]
    facts: RunFacts = field(default_factory=RunFacts)
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Array:
        """One column as floats, (k, ...); NotRecordedError when it is absent."""
        if name not in self.columns:
            raise NotRecordedError(f"the run's record has no column '{name}'")
        return self.columns[name].astype(np.float64, copy=False)

    def __contains__(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self.columns

    def __len__(self) -> int:
        """Count the looks at the truth."""
        return len(self.columns[TIME])

    @property
    def mass(self) -> float:
        """Mass of all that walks [kg]; NotRecordedError when nobody wrote it down."""
        if self.facts.mass is None:
            raise NotRecordedError("the run's record does not say the mass")
        return self.facts.mass

    @property
    def torque_limit(self) -> Array:
        """(n,) torque limits [N·m]; NotRecordedError when nobody wrote them down."""
        if not self.facts.torque_limit:
            raise NotRecordedError("the run's record does not say the torque limits")
        return np.array(self.facts.torque_limit)

    @property
    def preferred(self) -> str:
        """The most wanted driver; NotRecordedError when nobody wrote it down."""
        if not self.facts.preference:
            raise NotRecordedError("the run's record does not say who was to drive")
        return self.facts.preference[0]

    def told(self, name: str) -> list[str]:
        """One column of words, in words."""
        known = self.words.get(name, ())
        return [known[int(index)] for index in self[name]]

    def with_facts(self, **facts: Any) -> RunRecord:  # noqa: ANN401 - fields of RunFacts
        """Return the same columns with other facts."""
        return replace(self, facts=replace(self.facts, **facts))

    def with_columns(self, **columns: Column) -> RunRecord:
        """Return the record with further columns, or others in their place."""
        return replace(self, columns={**self.columns, **columns})

    def rows(self, rows: Flags | NDArray[np.intp] | slice, clock: str = TIME) -> RunRecord:
        """Return the record at some rows of one clock; columns of other clocks are left as is."""
        return replace(
            self,
            columns={
                name: column[rows] if FIELDS[name].clock == clock else column
                for name, column in self.columns.items()
            },
        )

    def sha256(self) -> str:
        """Hash of every number in the record, and of the words behind indices."""
        digest = hashlib.sha256()
        for name in sorted(self.columns):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(self.columns[name]).tobytes())
            digest.update("\0".join(self.words.get(name, ())).encode())
        return digest.hexdigest()

    def save(self, path: Path) -> None:
        """Write all columns to an ``.npz``, with what else is known as JSON under ``facts``."""
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = np.array(json.dumps({**asdict(self.facts), "words": dict(self.words)}))
        arrays = {name: np.asarray(column) for name, column in self.columns.items()}
        with path.open("wb") as file:
            np.savez_compressed(file, facts=facts, **arrays)  # type: ignore[arg-type]

    @staticmethod
    def load(path: Path) -> RunRecord:
        """Read what ``save`` wrote; NotRecordedError for a file that is none."""
        try:
            with np.load(path) as data:
                columns = {name: data[name] for name in data.files}
                facts = json.loads(str(columns.pop("facts")))
        except (*NO_ARRAYS, KeyError) as error:
            raise NotRecordedError(f"{path} is no record of a run: {error}") from error
        words = {name: tuple(known) for name, known in facts.pop("words").items()}
        for name in ("torque_limit", "preference"):
            facts[name] = tuple(facts.get(name, ()))
        if facts.get("driver_faults") is not None:
            facts["driver_faults"] = tuple((who, at) for who, at in facts["driver_faults"])
        return RunRecord(columns, RunFacts(**facts), words)
