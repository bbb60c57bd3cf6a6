"""Criteria of effort: what the motion costs, and what it asks of the drives."""

from __future__ import annotations

import numpy as np

from wm_bringup.judging.criteria.criterion import Value, criterion
from wm_bringup.judging.criteria.motion import UNDER_WAY
from wm_bringup.record.geometry import path_length
from wm_bringup.record.run_record import TIME, RunRecord
from wm_control.constants import GRAVITY

SHORTEST_PATH = 1.0
"""Below this distance, cost and drift per metre mean nothing [m]."""

TARGET_PERIOD = 0.02
"""Changes of targets are told over this time, a policy's usual step [s]."""


@criterion("")
def cost_of_transport(record: RunRecord) -> Value:
    """Positive mechanical work of all joints / (m g distance)."""
    time = record[TIME]
    distance = path_length(time, record["base_position"])
    if len(time) < 2 or distance < SHORTEST_PATH:
        return None
    power = np.maximum(record["joint_torque"] * record["joint_velocity"], 0.0)
    work = float((power[1:] * np.diff(time)[:, None]).sum())
    return work / (record.mass * GRAVITY * distance)


@criterion("N²·m²")
def torque_squared(record: RunRecord) -> Value:
    """Time average of the sum over joints of the squared torque."""
    if len(record) < 2:
        return None
    return float((record["joint_torque"] ** 2).sum(axis=1).mean())


@criterion("N·m/s")
def torque_rate(record: RunRecord) -> Value:
    """RMS over joints and time of the torque's rate of change."""
    if len(record) < 2:
        return None
    rate = np.diff(record["joint_torque"], axis=0) / np.diff(record[TIME])[:, None]
    return float(np.sqrt(np.mean(rate**2)))


@criterion("", version=2)
def torque_saturation(record: RunRecord) -> Value:
    """Share of time in which some joint had all the torque that its motor gives.

    Not found where joints have viscous friction, of which a record knows nothing.
    """
    if len(record) < 2:
        return None
    at_limit = np.abs(record["joint_torque"]) >= 0.999 * record.torque_limit
    return float(np.any(at_limit, axis=1).mean())


@criterion("rad")
def action_rate(record: RunRecord) -> Value:
    """RMS change within 20 ms, from 4 s on, of the position targets of joints that are moved."""
    time = record[TIME]
    if len(time) < 2:
        return None
    every = max(1, round(TARGET_PERIOD / np.median(np.diff(time))))
    targets = record["command_position"][time > UNDER_WAY]
    moved = targets.max(axis=0) > targets.min(axis=0) if len(targets) else np.zeros(0, bool)
    targets = targets[::every, moved] if moved.any() else targets[:0]
    return float(np.sqrt(np.mean(np.diff(targets, axis=0) ** 2))) if len(targets) > 1 else None
