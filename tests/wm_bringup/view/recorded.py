"""A bag of two seconds in which a robot stands, the policy takes over at 1 s and gives back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from loop_fakes import G1, N, estimate_of, observation_at

from wm_bringup.bags.writer import BagWriter
from wm_bringup.wire.messages import (
    HealthStatus,
    Level,
    encode_diagnostics,
    encode_string,
)
from wm_bringup.wire.robot_messages import EstimateEncoder
from wm_bringup.wire.topics import DECISION, ESTIMATE, ROBOT_DESCRIPTION

PUSHED = "mpc: robot pushed by 3 N·s, at most 2.2 N·s allowed"


def standing(stamp: float, x: float = 0.0):
    """Estimate of a robot that stands on both soles, ``x`` ahead of where it began."""
    estimate = estimate_of(observation_at(stamp, round(500 * stamp)))
    wrench = np.zeros((2, 6))
    wrench[:, 2] = 160.0
    place = np.array([x, 0.0, 0.78])
    return replace(
        estimate,
        base_position_in_world=place,
        joint_position=np.array(G1.default_position),
        foot_wrench=wrench,
    )


def decision(stamp: float, driver: str, *, why: str = "") -> bytes:
    values = {"action": "NOMINAL", "source": driver, "armed": "True", "share": 1.0}
    values |= {"capture_margin": 0.25, "impulse": 3.0 if why else 0.1}
    said = f"NOMINAL: {driver} drives" + (f" (began with: {why})" if why else "")
    statuses = [HealthStatus("arbiter: decision", Level.OK, said, values)]
    statuses += [HealthStatus("arbiter: mpc: pushed", Level.WARN, why, {})] if why else []
    statuses += [HealthStatus("arbiter: proposal of mpc", Level.OK, "drives", {})]
    return encode_diagnostics(stamp, statuses)


def write_bag(folder: Path, seconds: float = 2.0) -> Path:
    writer, encoder = BagWriter(folder, ballast_bytes=0), EstimateEncoder(N)
    for topic in (ROBOT_DESCRIPTION, ESTIMATE, DECISION):
        writer.add_topic(f"/{topic.name}", topic.type)
    writer.write(f"/{ROBOT_DESCRIPTION.name}", 0, encode_string(G1.visual_urdf))
    for k in range(round(50 * seconds)):
        stamp = k / 50.0
        nano = round(1e9 * stamp)
        driver, why = ("policy", PUSHED) if 1.0 <= stamp < 1.5 else ("mpc", "")
        writer.write(f"/{ESTIMATE.name}", nano, encoder.encode(standing(stamp, 0.2 * stamp)))
        writer.write(f"/{DECISION.name}", nano, decision(stamp, driver, why=why))
    writer.close()
    return folder
