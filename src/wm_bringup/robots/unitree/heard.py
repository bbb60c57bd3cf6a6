"""What a robot says when nobody asks it for anything: listened to, and asked who has it.

Nothing here commands: no ``lowcmd`` is sent, and the only call is the one that reads who has the
robot.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wm_bringup.robots.unitree.frames import STATE, Frame, empty
from wm_bringup.robots.unitree.link import BATTERY, LOW_COMMAND, LOW_STATE, Link
from wm_bringup.robots.unitree.motion_switcher import MotionSwitcher
from wm_control.types import Array

WAKE_EVERY = 0.05
"""Longest wait for a state before the rest is looked at [s]."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came within some seconds.

    arrivals: (n,) when each state was read, on this computer's clock [s]. states: (n,) of layout
    ``STATE``, sound or not. battery: the last that came. owner: the robot's own controller that is
    active, empty: none, None: no answer. publishers: of states. commanders: of commands;
    commands: how many of theirs came.
    """

    seconds: float
    arrivals: Array
    states: Frame
    battery: Frame | None
    owner: str | None
    publishers: int
    commanders: int
    commands: int


def listen(link: Link, clock: Callable[[], float], seconds: float) -> Heard:
    """Listen for so long, by a clock that never goes back [s]."""
    states, commands = link.reader(LOW_STATE), link.reader(LOW_COMMAND)
    batteries, switcher = link.reader(BATTERY), MotionSwitcher(link)
    arrivals: list[float] = []
    frames: list[Frame] = []
    battery: Frame | None = None
    others = publishers = commanders = 0
    end = clock() + seconds
    while (now := clock()) < end:
        switcher.update(now, select=None)
        states.wait(min(WAKE_EVERY, end - now))
        arrival = clock()
        fresh = states.take()
        frames += fresh
        arrivals += [arrival] * len(fresh)
        battery = next(reversed(batteries.take()), battery)
        others += len(commands.take())
        publishers = max(publishers, states.matched)
        commanders = max(commanders, commands.matched)
    return Heard(
        seconds=seconds,
        arrivals=np.array(arrivals),
        states=_joined(frames),
        battery=battery,
        owner=switcher.owner,
        publishers=publishers,
        commanders=commanders,
        commands=others,
    )


def _joined(frames: list[Frame]) -> Frame:
    """All frames in one array, byte by byte: numpy need not copy padding, which checksums cover."""
    if not frames:
        return empty(STATE)[:0]
    return np.concatenate([frame.view(np.uint8) for frame in frames]).view(STATE)
