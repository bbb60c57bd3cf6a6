"""On ground that yields soles sink and creep; the estimate neither sinks nor turns with them."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError
from working_tree import ROOT

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.judging.estimators.replay import judge_estimators
from wm_bringup.robots.simulated import simulate
from wm_bringup.scenarios.scenario import Ground, Scenario, VelocitySegment
from wm_control.estimation.invariant.creep import CreepRate
from wm_control.robot.description import load_robot

POLICY = ROOT / "src/wm_policy/models/wm_g1_legs.onnx"


@pytest.mark.parametrize("compliance", [-1e-5, 0.01, float("nan"), float("inf")])
def test_a_compliance_that_is_none_is_refused(compliance):
    with pytest.raises(ValidationError, match="compliance"):
        Ground(compliance=compliance)


def depth(compliance):
    """By how much the robot stands lower after 50 ms than on rigid ground [m]."""
    heights = []
    for c in (0.0, compliance):
        robot = simulate(load_robot("g1"), Scenario(duration=1.0, ground=Ground(compliance=c)))
        try:
            robot.reset(0)
            for _ in range(25):
                robot.step(None)
            heights.append(robot.ground_truth().base_position_in_world[2])
        finally:
            robot.close()
    return heights[0] - heights[1]


def test_the_softer_the_ground_the_deeper_it_sinks():
    assert 0.0 < depth(1e-4) < depth(4e-4)


@pytest.mark.parametrize(("compliance", "seed"), [(2e-4, 2), (4e-4, 1)])
def test_creeping_soles_turn_and_sink_the_estimate_no_more(compliance, seed, monkeypatch):
    """Over 6 s; height is off by 15 and 22 mm, with soles taken to stay by 63 and 97."""
    scenario = Scenario(
        duration=7.0,
        velocity=(VelocitySegment(1.0, 0.5, 0.0, 0.0),),
        ground=Ground(compliance=compliance),
        noise="nominal",
        delay=0.008,
    )
    setup = WalkSetup(scenario, "policy", policy=POLICY, full_rate=True, walked_on="invariant_ekf")
    record = walk(setup, seed).record
    assert not record.facts.fall
    (ekf,) = judge_estimators("soft", "policy", record, ("invariant_ekf",))
    assert ekf["height_error"] < 0.03
    assert abs(ekf["yaw_drift"]) < 0.0125
    assert ekf["drift_percent"] < 2.0
    assert np.isfinite(ekf["velocity_error_z"])
    monkeypatch.setattr(CreepRate, "hear", lambda *_: None)
    (staying,) = judge_estimators("soft", "policy", record, ("invariant_ekf",))
    assert ekf["height_error"] < 0.5 * staying["height_error"]
