"""Judge an episode from its trace: every number of ``Episode``, from the robot's true motion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from wm_bringup.record.strides import Strides, settled_strides, tilt_of, touchdowns, yaw_of
from wm_bringup.record.trace import Trace
from wm_control.constants import GRAVITY
from wm_control.types import LEFT, Array

LOADED = 0.2
"""Share of the body weight above which a sole counts as loaded, for slip."""

PATH_PERIOD = 0.8
"""Distance is the length of the path through positions this far apart: no sway in it [s]."""

SHORTEST_PATH = 1.0
"""Below this distance drift and cost of transport per metre mean nothing [m]."""


def strides_of(trace: Trace) -> Strides:
    """Settled strides of an episode."""
    time = trace["time"]
    return settled_strides(
        time,
        trace["base_velocity"],
        trace["base_orientation"],
        trace["velocity_command"],
        trace["push_force"],
        touchdowns(trace["normal_force"][:, LEFT], time),
    )


def judge(trace: Trace, *, mass: float, torque_limit: Array) -> dict[str, Any]:
    """All numbers of ``Episode`` that follow from the trace alone, by field name.

    mass: of the whole robot with its payload [kg]. torque_limit: (n,) [N·m].
    """
    strides = strides_of(trace)
    return {
        "seconds": float(trace["time"][-1] - trace["time"][0]),
        "strides": len(strides.achieved),
        "mean_velocity": strides.mean_velocity(),
        "stride_rms_error": strides.rms_error(),
        "trace_sha256": trace.sha256(),
        **_stability(trace),
        **_estimator(trace),
        **_effort(trace, mass, torque_limit),
        **_contact(trace, mass),
    }


def path_length(time: Array, position: Array) -> float:
    """Horizontal length of the path through (k, 3) positions, without the sway of the steps [m]."""
    count = max(1, round((time[-1] - time[0]) / PATH_PERIOD))
    index = np.linspace(0, len(time) - 1, count + 1).astype(int)
    return float(np.linalg.norm(np.diff(position[index, :2], axis=0), axis=1).sum())


def drift(true_position: Array, true_yaw: Array, position: Array, yaw: Array) -> float:
    """Distance between the ends of two paths laid over each other at their starts [m]."""
    return float(np.linalg.norm(_from_start(true_position, true_yaw) - _from_start(position, yaw)))


def _from_start(position: Array, yaw: Array) -> Array:
    """(2,) last position seen from the first, along and across the first heading [m]."""
    dx, dy = position[-1, :2] - position[0, :2]
    cos, sin = np.cos(yaw[0]), np.sin(yaw[0])
    return np.array([cos * dx + sin * dy, cos * dy - sin * dx])


def _stability(trace: Trace) -> Mapping[str, float]:
    height = trace["base_position"][:, 2] - trace["ground_height"].mean(axis=1)
    return {
        "min_height": float(height.min()),
        "max_tilt": float(tilt_of(trace["base_orientation"]).max()),
        "self_collision": float(trace["touches_itself"].mean()),
    }


def _estimator(trace: Trace) -> Mapping[str, Any]:
    yaw = yaw_of(trace["base_orientation"])
    error = trace["estimated_velocity"] - _to_base(
        trace["base_velocity"], trace["base_orientation"]
    )
    distance = path_length(trace["time"], trace["base_position"])
    off = drift(
        trace["base_position"],
        yaw,
        trace["estimated_position"],
        yaw_of(trace["estimated_orientation"]),
    )
    return {
        "estimator_velocity_rmse": tuple(float(v) for v in np.sqrt(np.mean(error**2, axis=0))),
        "distance": distance,
        "drift_percent": 100.0 * off / distance if distance >= SHORTEST_PATH else None,
    }


def _to_base(vector: Array, orientation: Array) -> Array:
    """(k, 3) world vectors in base axes, for quaternions xyzw (k, 4)."""
    axis, w = -orientation[:, :3], orientation[:, 3:]
    cross = 2.0 * np.cross(axis, vector)
    turned: Array = vector + w * cross + np.cross(axis, cross)
    return turned


def _effort(trace: Trace, mass: float, torque_limit: Array) -> Mapping[str, float | None]:
    time, torque = trace["time"], trace["joint_torque"]
    if len(time) < 2:
        return {}
    dt = np.diff(time)[:, None]
    work = float((np.maximum(torque * trace["joint_velocity"], 0.0)[1:] * dt).sum())
    distance = path_length(time, trace["base_position"])
    saturated = np.any(np.abs(torque) >= 0.999 * torque_limit, axis=1)
    return {
        "cost_of_transport": work / (mass * GRAVITY * distance)
        if distance >= SHORTEST_PATH
        else None,
        "torque_squared": float((torque**2).sum(axis=1).mean()),
        "torque_rate": float(np.sqrt(np.mean((np.diff(torque, axis=0) / dt) ** 2))),
        "torque_saturation": float(saturated.mean()),
    }


def _contact(trace: Trace, mass: float) -> Mapping[str, float | None]:
    weight = mass * GRAVITY
    force = trace["normal_force"]
    speed = np.linalg.norm(trace["sole_velocity"][:, :, :2], axis=2)
    loaded = force > LOADED * weight
    return {
        "foot_slip": float(speed[loaded].mean()) if loaded.any() else None,
        "peak_force": float(force.max() / weight),
    }
