"""What the frames of Unitree's wire cost: a command written, a state read, checksums included."""

from __future__ import annotations

import numpy as np

from wm_bringup.bench.measure import Measurement, Stopwatch, undisturbed
from wm_bringup.robots.unitree.frames import STATE, Frame, empty, is_sound, seal
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.robot.description import load_robot
from wm_control.types import Command


def bench_frames(robot: str, count: int) -> list[Measurement]:
    """CPU time of both for the joints of a robot; ``count`` times each."""
    frames = JointFrames(load_robot(robot).joint_names, load_body(robot).wiring)
    random = np.random.default_rng(0)
    joints = len(frames.slots)
    encode, decode = Stopwatch(), Stopwatch()
    state = empty(STATE)
    with undisturbed():
        for k in range(count):
            command = Command(0.0, k, *random.normal(size=(5, joints)))
            encode.call(frames.command_frame, command, 5)
            state["tick"] = k
            state["imu"]["quaternion"] = 0.0, 0.0, 0.0, 1.0
            seal(state)
            decode.call(_read, frames, state)
    return [
        Measurement(name, watch.cpu_percentiles(), watch.wall_percentiles(), None)
        for name, watch in (("wire_encode", encode), ("wire_decode", decode))
    ]


def _read(frames: JointFrames, state: Frame) -> None:
    assert is_sound(state)
    frames.observation(state, 0)
