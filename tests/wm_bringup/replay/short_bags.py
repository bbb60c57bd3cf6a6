"""A short episode and its bag, and what can happen to a bag."""

from __future__ import annotations

import shutil
from pathlib import Path

from wm_bringup.bags.stream import BagStream
from wm_bringup.bags.writer import BagWriter
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

SECONDS = 0.6


def scenario(seconds=SECONDS, **more):
    """Forward and turning from the begin on, with noise and delay."""
    segments = (VelocitySegment(at=0.1, x=0.5, y=0.0, yaw=0.3),)
    return Scenario(velocity=segments, duration=seconds, noise="nominal", delay=0.008, **more)


def walked(folder, seed=0, controller="mpc", **more):
    """Walk an episode that leaves a bag; returns its result."""
    options = {name: more.pop(name) for name in ("state", "policy", "safety_layer") if name in more}
    setup = WalkSetup(
        scenario(**more), controller=controller, engine="mujoco", bag=folder, **options
    )
    return run_episode(setup, seed)


def cut(bag: Path, share: float, to: Path) -> Path:
    """Copy a bag's storage file, but the last part of it."""
    whole = next(bag.glob("*.mcap"))
    file = to.with_suffix(".mcap")
    data = whole.read_bytes()
    file.write_bytes(data[: round(share * len(data))])
    return file


def rewritten(bag: Path, to: Path, change) -> Path:
    """Copy a bag message by message; change: takes all records and returns others."""
    shutil.rmtree(to, ignore_errors=True)
    writer = BagWriter(to, ballast_bytes=0)
    for record in change(list(BagStream(bag).records())):
        if record.topic not in writer.counts:
            writer.add_topic(record.topic, record.msgtype)
        writer.write(record.topic, record.stamp, record.data)
    writer.close()
    return to
