"""Lock-step without the safety layer: whoever drives is let pass, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from wm_bringup.judging.episodes import WalkSetup, result_of, walk
from wm_bringup.scenarios.scenario import Push, Scenario, VelocitySegment
from wm_policy.models import shipped_policy

CALM = Scenario(duration=1.5, noise="nominal", delay=0.008, velocity=(VelocitySegment(0.2, x=0.4),))
FELLED = replace(CALM, duration=3.0, pushes=(Push((0.0, 70.0, 0.0), at=0.6),))


def setup_of(scenario, *, safety_layer, controller="mpc", **changes):
    policy = shipped_policy() if "policy" in controller else None
    return WalkSetup(scenario, controller, policy=policy, safety_layer=safety_layer, **changes)


def test_where_nothing_is_amiss_a_robot_without_the_layer_walks_the_very_same_episode():
    on, off = (walk(setup_of(CALM, safety_layer=layer), 0).record for layer in (True, False))
    assert not on["clipped"].any()
    assert on.sha256() == off.sha256()


@pytest.fixture(scope="module")
def felled():
    """Record of a robot that falls without the layer, by who drives it, each made once."""

    @cache
    def walked(controller):
        setup = setup_of(FELLED, safety_layer=False, controller=controller)
        return walk(setup, 0, keep_going=0.5).record

    return walked


@pytest.mark.parametrize("controller", ["mpc", "policy"])
def test_a_robot_that_falls_is_driven_to_the_end_and_nothing_is_clipped(felled, controller):
    record = felled(controller)
    assert record.facts.fall
    assert set(record.told("driver")) == {controller}
    assert not record["action"].any()
    assert not record["clipped"].any()
    assert set(record.told("cause")) == {""}


def test_with_the_layer_the_arbiter_takes_the_same_robot():
    record = walk(setup_of(FELLED, safety_layer=True), 0, keep_going=0.5).record
    assert "arbiter" in record.told("driver")


def test_the_drives_still_keep_the_robots_torque_limits(felled):
    record = felled("mpc")
    assert (np.abs(record["joint_torque"]) <= np.array(record.facts.torque_limit) + 1e-9).all()


def test_the_hybrid_still_hands_over_between_its_drivers():
    scenario = replace(FELLED, pushes=(Push((0.0, 30.0, 0.0), at=0.6),))
    record = walk(setup_of(scenario, safety_layer=False, controller="mpc+policy"), 0).record
    assert set(record.told("driver")) == {"mpc", "policy"}


def test_a_velocity_beyond_what_was_measured_is_asked_of_the_driver_and_not_told_as_missed():
    scenario = replace(CALM, velocity=(VelocitySegment(0.2, x=1.3),))
    on, off = (setup_of(scenario, safety_layer=layer) for layer in (True, False))
    assert "reduced to 1.1" in result_of(on, walk(on, 0), 0).missed[0]
    assert result_of(off, walk(off, 0), 0).missed == ()


def test_of_a_driver_that_proposes_nothing_the_last_command_holds():
    scenario = replace(CALM, faults=("policy:off@0.5",))
    record = walk(setup_of(scenario, safety_layer=False, controller="policy"), 0).record
    late = record["time"] - record["time"][0] > 0.8
    assert (np.ptp(record["command_position"][late], axis=0) == 0.0).all()
    assert set(record.told("driver")) == {"policy"}
