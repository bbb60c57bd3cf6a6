"""What the sensors of a recorded run said, sample by sample, with the truth at their stamps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wm_bringup.record.run_record import FIELDS, OBSERVED, TIME, TRUTH, RunRecord
from wm_control.types import Array, Observation

SENSED = (
    *("joint_position", "joint_velocity", "joint_torque"),
    *("imu_orientation", "imu_angular_velocity", "imu_linear_acceleration"),
)
"""Fields of ``Observation`` that are columns ``observed_...``."""

SAME_INSTANT = 1e-4
"""Stamps that differ by less are of one time [s]."""


def by_observation(record: RunRecord) -> RunRecord:
    """Return one row per sample as it came, repeated ones too, with the truth at its stamp.

    Of what the run believed and sent nothing is kept. Where nobody looked, the truth is NaN.
    """
    columns = {n: column for n, column in record.columns.items() if FIELDS[n].clock != TIME}
    stamps = record[OBSERVED]
    if TIME in record:
        looks, found = _looks_at(record[TIME], stamps)
        for name in TRUTH:
            if name in record:
                column = record[name][looks]
                column[~found] = np.nan
                columns[name] = column
    return RunRecord({**columns, TIME: stamps}, record.facts, record.words)


def _looks_at(time: Array, stamps: Array) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """(k,) the look at each of k stamps, and whether there was one."""
    keys = np.round(time / SAME_INSTANT).astype(np.int64)
    wanted = np.round(stamps / SAME_INSTANT).astype(np.int64)
    order = np.argsort(keys, kind="stable")
    place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
    looks = order[place]
    return looks, keys[looks] == wanted


def observations(record: RunRecord) -> list[Observation]:
    """All observations in order of time, as of one start."""
    stamp, sequence = record[OBSERVED], record["observed_sequence"]
    sensed = [record[f"observed_{name}"] for name in SENSED]
    return [
        Observation(float(stamp[k]), int(sequence[k]), *(column[k] for column in sensed))
        for k in range(len(stamp))
    ]
