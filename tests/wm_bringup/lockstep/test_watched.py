"""Contestants that cheat or break, made for it: each is caught, named, and meets what it earns."""

from __future__ import annotations

import gc
import math
import os
import subprocess
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.judging import episodes
from wm_bringup.judging.episodes import WalkSetup, result_of, walk
from wm_bringup.lockstep import watched
from wm_bringup.robots.base import Blindfold
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.drivers import POLICY
from wm_policy.models import shipped_policy

SCENARIO = Scenario(
    duration=0.9, noise="nominal", delay=0.008, velocity=(VelocitySegment(0.2, x=0.4),)
)
FROM = 0.5
"""They are honest until then [s]."""


class Honest:
    """Our own policy, beside whose work a subclass does something else."""

    def __init__(self, inner):
        self._inner = inner
        self.controller = inner.controller

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def think(self, record):
        if record.estimate.stamp >= FROM:
            self.cheat(record)
        self._inner.think(record)

    def cheat(self, record):
        pass


class Peeks(Honest):
    """Finds the simulator in memory and asks it where the robot really is."""

    robot = None

    def cheat(self, record):
        if self.robot is None:
            robots = (one for one in gc.get_objects() if isinstance(one, Simulation))
            self.robot = next(one for one in robots if one.blindfold.worn)
        with suppress(Exception):
            self.robot.ground_truth()


class Raises(Honest):
    def cheat(self, record):
        raise RuntimeError("out of ideas")


class Hangs(Honest):
    def cheat(self, record):
        while True:
            with suppress(Exception):
                time.sleep(0.01)


class SaysNaN(Honest):
    def cheat(self, record):
        policy = self._inner._policy
        honest = policy.answer

        def answer(estimate):
            result = honest(estimate)
            if result is None or result.command is None:
                return result
            nowhere = np.full_like(result.command.position, math.nan)
            return replace(result, command=replace(result.command, position=nowhere))

        policy.answer = answer
        self.cheat = lambda record: None


class Slow(Honest):
    """Thinks for longer than it is charged."""

    def cheat(self, record):
        end = time.thread_time() + 0.004
        while time.thread_time() < end:
            pass


class RaisesInTheLoop(Honest):
    def __init__(self, inner):
        super().__init__(inner)
        honest = inner.controller.step

        def step(estimate, velocity, dt, executed=None):
            if estimate.stamp >= FROM:
                raise RuntimeError("out of ideas")
            return honest(estimate, velocity, dt, executed)

        inner.controller.step = step


@pytest.fixture
def walked(monkeypatch):
    """Walk with a policy of some kind; returns what is said about the episode."""
    build = episodes.CONTESTANTS[POLICY]

    def walk_with(kind, controller=POLICY, **changes):
        made = {
            **episodes.CONTESTANTS,
            POLICY: lambda setup, description, times: kind(build(setup, description, times)),
        }
        monkeypatch.setattr(episodes, "CONTESTANTS", made)
        scenario = replace(SCENARIO, **changes)
        setup = WalkSetup(scenario, controller, policy=shipped_policy())
        return result_of(setup, walk(setup, 0), 0)

    return walk_with


def offences(result):
    return {one["kind"]: one for one in result.notes.get("offences", ())}


def test_an_honest_one_is_caught_at_nothing_and_walks_the_same_as_ever(walked):
    honest = walked(Honest)
    assert offences(honest) == {}
    assert (
        honest.notes["thought"][POLICY]["beside"] < 2.0 * honest.notes["thought"][POLICY]["charged"]
    )
    setup = WalkSetup(SCENARIO, POLICY, policy=shipped_policy())
    assert honest.notes["trace_sha256"] == walk(setup, 0).record.sha256()


def test_who_looks_for_the_truth_does_not_get_it_and_is_named(walked):
    result = walked(Peeks)
    (caught,) = offences(result).values()
    assert (caught["contestant"], caught["what"]) == (POLICY, "read the true state")
    assert caught["at"] == pytest.approx(FROM, abs=0.003)
    assert result.notes["trace_sha256"] == walked(Honest).notes["trace_sha256"]


def test_who_raises_beside_the_loop_is_dead_and_the_arbiter_takes_the_robot(walked):
    result = walked(Raises)
    assert offences(result)["raised"]["what"] == "raised RuntimeError: out of ideas"
    assert "controller_failed" in result.notes["causes"] or "plan_old" in result.notes["causes"]
    assert result.number("preferred_share") < 0.9


def test_who_raises_in_the_loop_is_a_failure_with_its_cause(walked):
    result = walked(RaisesInTheLoop)
    assert offences(result)["raised"]["what"] == "raised RuntimeError: out of ideas"
    assert "policy raised RuntimeError: out of ideas" in result.notes["controller_causes"]


def test_who_hangs_is_interrupted_though_it_catches_everything(walked, monkeypatch):
    monkeypatch.setattr(watched, "HANGS_AFTER", 3.0)
    result = walked(Hangs)
    assert offences(result)["hung"]["what"] == "hung for more than 3 s"
    assert result.number("preferred_share") < 0.9


def test_whose_process_was_stopped_in_the_midst_of_a_call_did_not_hang(monkeypatch):
    monkeypatch.setattr(watched, "HANGS_AFTER", 0.6)
    watch = watched.Watch(POLICY, Blindfold())

    def stopped_for_a_while():
        shell = f"kill -STOP {os.getpid()}; sleep 1; kill -CONT {os.getpid()}"
        return subprocess.run(shell, shell=True, check=True).returncode

    with watched.hangs_end():
        assert watch.work(stopped_for_a_while) == 0
        with pytest.raises(watched.ContestantDiedError, match=r"hung for more than 0.6 s"):
            watch.work(time.sleep, 60.0)


def test_who_says_what_is_no_number_is_not_followed_and_named(walked):
    result = walked(SaysNaN)
    assert offences(result)["not a number"]["at"] == pytest.approx(FROM, abs=0.025)
    assert result.number("preferred_share") < 0.9


def test_who_thinks_for_longer_than_it_is_charged_has_both_times_told(walked):
    thought = walked(Slow).notes["thought"][POLICY]
    assert thought["beside"] > 3.0 * thought["charged"]


def test_the_other_driver_of_a_hybrid_saves_the_robot_from_one_that_breaks(walked):
    result = walked(Raises, "policy+mpc", duration=2.5)
    assert offences(result)["raised"]["contestant"] == POLICY
    assert result.number("rescues") == 1
    assert not result.fell
