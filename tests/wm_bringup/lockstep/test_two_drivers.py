"""Two drivers in lock-step on the physical robot: one in the other's shadow, and a hand-over."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.cycle import stack
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.judging import episodes
from wm_bringup.judging.criteria.arbiter import degraded
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, compute_times, run_episode
from wm_bringup.lockstep.contestants import SideBySide
from wm_bringup.lockstep.lockstep import LockStep, Run
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.gait.state import Mode
from wm_control.mpc.plan import read_plan
from wm_control.robot.description import load_robot
from wm_control.types import LEFT, RIGHT, Status
from wm_policy.models import shipped_policy

G1 = load_robot("g1")
FORWARD = (VelocitySegment(at=0.2, x=0.5),)
CARRIES = 5.0
"""Normal force from which a foot truly carries [N]."""


def walking(seconds: float) -> Scenario:
    return Scenario(duration=seconds, noise="nominal", delay=0.008, velocity=FORWARD)


class Walk:
    """One episode with both drivers in the loop; what every tick saw.

    drivers: who may drive, the most wanted first; the others run in shadow. silent_at: from then
    on nothing comes from the process of the first driver [s].
    """

    def __init__(self, drivers, shadows=(), seconds=3.5, silent_at=np.inf) -> None:
        scenario = walking(seconds)
        setup = WalkSetup(scenario, controller=drivers[0], policy=shipped_policy())
        self.robot = simulate(G1, scenario)
        times = compute_times(0)
        self.parts = {name: CONTESTANTS[name](setup, G1, times) for name in (*drivers, *shadows)}
        first = self.parts[drivers[0]]
        think = first.think
        first.think = lambda record: think(record) if record.estimate.stamp < silent_at else None
        self.loop = ControlLoop(
            G1,
            episodes._estimator(setup, G1, self.robot),
            [part.controller for part in self.parts.values()],
            stack.safety_parameters("g1"),
            clock=time.thread_time,
            drivers=drivers,
        )
        self.records: list[TickRecord] = []
        self.seen: list[tuple] = []
        self.run = self._run(scenario, times)

    def _run(self, scenario, times) -> Run:
        beside = SideBySide(list(self.parts.values()), lambda: self.loop.arbiter.selection.driving)
        lockstep = LockStep(
            self.robot,
            self.loop,
            beside,
            scenario,
            times,
            clock=time.thread_time,
            watch=lambda record, _: self._see(record),
        )
        try:
            return lockstep.run(0)
        finally:
            self.robot.close()

    def _see(self, record: TickRecord) -> None:
        self.records.append(record)
        self.seen.append(self._look(record) if "mpc" in self.parts else ())

    def _look(self, record: TickRecord):
        controller = self.parts["mpc"].controller
        swing = read_plan(controller.plan, record.estimate.stamp).swing
        away = 0.0
        if swing is not None:
            sole = controller._body.soles()[swing][:3]
            away = float(np.linalg.norm(controller._body._reference.swing.position[:3] - sole))
        return self.robot.ground_truth().normal_force, controller.plan.gait, swing, away


def torque(record: TickRecord):
    """Torque that a drive gives for the command, at what was measured."""
    command, measured = record.decision.command, record.observation
    return (
        command.torque
        + command.stiffness * (command.position - measured.joint_position)
        + command.damping * (command.velocity - measured.joint_velocity)
    )


@pytest.fixture(scope="module")
def mpc_in_shadow() -> Walk:
    return Walk(("policy",), shadows=("mpc",))


def test_in_shadow_the_planners_support_foot_is_the_one_that_truly_carries(mpc_in_shadow):
    assert mpc_in_shadow.run.fall == ""
    single = [
        (RIGHT if forces[LEFT] < CARRIES else LEFT, gait)
        for forces, gait, _, _ in mpc_in_shadow.seen[500:]
        if (forces[LEFT] < CARRIES) != (forces[RIGHT] < CARRIES)
    ]
    assert len(single) > 900
    agreeing = [gait.mode == Mode.WALK and gait.support == carries for carries, gait in single]
    assert np.mean(agreeing) >= 0.95


def test_in_shadow_the_swing_reference_starts_where_the_foot_is(mpc_in_shadow):
    away = [away for _, _, swing, away in mpc_in_shadow.seen if swing is not None]
    assert len(away) > 900
    assert max(away) < 0.02  # 5 mm is what a foot does in a tick at 2.5 m/s


def test_in_shadow_it_proposes_in_every_tick_with_its_figures_and_drives_in_none(mpc_in_shadow):
    records = mpc_in_shadow.records[100:]
    assert {record.decision.source for record in records} == {"policy"}
    assert all(record.results["mpc"].status == Status.OK for record in records)
    assert all("phase" in record.results["mpc"].figures for record in records[500:])
    assert all("novelty" in record.results["policy"].figures for record in records)
    assert degraded(mpc_in_shadow.run.record) == 0.0


@pytest.mark.parametrize(("driver", "shadow"), [("mpc", "policy"), ("policy", "mpc")])
def test_a_shadow_changes_nothing_about_the_robot(driver, shadow):
    setup = WalkSetup(walking(1.5), controller=driver, policy=shipped_policy())
    alone = run_episode(setup, 0)
    both = run_episode(replace(setup, shadows=(shadow,)), 0)
    assert both.notes["trace_sha256"] == alone.notes["trace_sha256"]


@pytest.mark.parametrize("drivers", [("mpc", "policy"), ("policy", "mpc")])
def test_when_the_driver_falls_silent_the_other_takes_over_in_mid_walk_without_a_step_in_torque(
    drivers,
):
    walk = Walk(drivers, seconds=3.5, silent_at=2.05)
    sources = [record.decision.source for record in walk.records]
    switch = sources.index(drivers[1])
    before, first = walk.records[switch - 1], walk.records[switch]
    assert first.estimate.stamp - 2.05 < 0.05
    assert set(sources[switch:]) == {drivers[1]}
    assert (first.decision.previous, first.decision.share) == (drivers[0], 0.0)
    assert first.decision.first_cause.controller == drivers[0]
    assert np.abs(torque(first) - torque(before)).max() < 5.0  # without blending 48 to 153 N·m
    assert walk.run.fall == ""
    assert np.mean(walk.run.record["base_velocity"][-250:, 0]) == pytest.approx(0.5, abs=0.06)
