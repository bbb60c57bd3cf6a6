"""How fast this machine is: what a control period costs it, and the slow motion that it needs."""

from __future__ import annotations

import math
import time

from wm_bringup.host import clock
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.robots.simulated import EngineName
from wm_bringup.scenarios.scenario import Scenario
from wm_control.constants import CONTROL_PERIOD

ENOUGH = 0.6
"""Share of a control period that an episode's tick may take for a graph in real time."""

EASY = 0.35
"""The same in slow motion: what is slow already shall not be late as well."""

STEP = 0.5
"""Of factors of slow motion."""

_SHORT, _LONG = 0.1, 1.1
"""Durations of episodes [s]."""


def seconds_per_period(robot: str, engine: EngineName) -> float:
    """Wall-clock time of a control period in lock-step under the model-based driver [s].

    A long episode less a short one: building them is not counted, and a first one, which loads
    libraries and files as well, is not timed.
    """

    def took(duration: float) -> float:
        setup = WalkSetup(Scenario(duration=duration), robot=robot, engine=engine)
        began = time.perf_counter()
        run_episode(setup, 0)
        return time.perf_counter() - began

    took(_SHORT)
    short, long = took(_SHORT), took(_LONG)
    return max(long - short, 0.0) / ((_LONG - _SHORT) / CONTROL_PERIOD)


def slow_motion_needed(robot: str, engine: EngineName) -> float:
    """Factor by which a graph on this machine has to go slower; 1 where real time is possible."""
    return slow_motion_for(seconds_per_period(robot, engine))


def slow_motion_for(seconds: float) -> float:
    """Factor for a machine that takes so long for a control period of an episode [s]."""
    share = seconds / CONTROL_PERIOD
    if share <= ENOUGH:
        return 1.0
    return min(STEP * math.ceil(share / EASY / STEP), clock.SLOWEST)
