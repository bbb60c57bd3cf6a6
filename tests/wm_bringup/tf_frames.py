"""Frames as a listener to /tf and /tf_static puts them together."""

from __future__ import annotations

import numpy as np
import pinocchio as pin


def edges_of(message) -> dict[str, tuple[str, pin.SE3]]:
    """Parent and placement in it, by child frame."""
    return {t.child_frame_id: (t.header.frame_id, _se3(t.transform)) for t in message.transforms}


def _se3(transform) -> pin.SE3:
    at, turn = transform.translation, transform.rotation
    return pin.XYZQUATToSE3(np.array([at.x, at.y, at.z, turn.x, turn.y, turn.z, turn.w]))


def placed(edges, frame: str) -> pin.SE3:
    """Placement of a frame in odom."""
    whole = pin.SE3.Identity()
    while frame != "odom":
        frame, placement = edges[frame]
        whole = placement * whole
    return whole


def nanoseconds(stamp) -> int:
    return 1_000_000_000 * stamp.sec + stamp.nanosec
