"""Joints, drives and battery at their limits: slower first, and then standing still."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from robot_story import Story, actions_of, rules_of, standing

from wm_control.arbiter.hardware import Hardware
from wm_control.arbiter.joint_loads import LoadMeter
from wm_control.arbiter.operator import OperatorInput

KNEE = 3


def working(g1, speed=0.0, torque=0.0):
    """A knee at these shares of its speed and torque limits."""
    estimate = standing(g1, 0.0, 0)
    velocity, torques = np.zeros(29), np.zeros(29)
    velocity[KNEE] = -speed * g1.velocity_limit[KNEE]
    torques[KNEE] = torque * g1.torque_limit[KNEE]
    observation = replace(estimate.observation, joint_torque=torques)
    return replace(estimate, observation=observation, joint_velocity=velocity)


def loaded(story, cycles, **shares):
    """Some cycles under such loads, at the story's own time."""
    estimate = working(story.g1, **shares)
    decisions = []
    for _ in range(cycles):
        observation = replace(estimate.observation, stamp=story.now + 0.002)
        changes = {"observation": observation, "joint_velocity": estimate.joint_velocity}
        decisions.append(story.step(estimate=changes))
    return decisions


def test_loads_are_those_of_the_hardest_working_joint_as_shares_of_its_own_limits(g1):
    loads = LoadMeter(g1)(working(g1, speed=0.5, torque=0.4))
    assert loads.speed == pytest.approx(0.5)
    assert loads.torque == pytest.approx(0.4)
    assert loads.power == pytest.approx(0.2)
    # 139 N·m · 20 rad/s · 0.2 of 41190 W that all drives could have
    assert loads.total == pytest.approx(556.0 / 41190.0)


@pytest.mark.parametrize("torque", [np.nan, np.inf, 3.0])
def test_a_torque_that_cannot_be_is_no_load(g1, torque):
    loads = LoadMeter(g1)(working(g1, speed=0.5, torque=torque))
    assert loads.torque == 0.0
    assert loads.total == 0.0


@pytest.mark.parametrize(
    ("rule", "shares", "cycles", "action"),
    [
        ("joint_speed", {"speed": 0.85}, 25, "LIMITED"),
        ("joint_speed_hard", {"speed": 1.05}, 50, "FALLBACK"),
        ("joint_torque", {"torque": 1.0}, 150, "LIMITED"),
        ("joint_torque_hard", {"torque": 1.0}, 500, "FALLBACK"),
        ("joint_power", {"speed": 0.5, "torque": 0.7}, 50, "LIMITED"),
        ("joint_power_hard", {"speed": 0.75, "torque": 0.7}, 100, "FALLBACK"),
    ],
)
def test_a_load_that_lasts_is_answered_and_a_shorter_one_is_not(g1, rule, shares, cycles, action):
    story = Story(g1).armed()
    decisions = loaded(story, cycles, **shares)
    assert rule not in rules_of(decisions[-2])
    assert rule in rules_of(decisions[-1])
    assert decisions[-1].action.name == action
    assert actions_of(loaded(story, 250))[-1] == "NOMINAL"


def test_an_active_rule_lets_go_only_below_nine_tenths_of_its_limit(g1):
    story = Story(g1).armed()
    loaded(story, 25, speed=0.81)
    assert "joint_speed" in rules_of(loaded(story, 1000, speed=0.73)[-1])
    assert "joint_speed" in rules_of(loaded(story, 249, speed=0.71)[-1])
    assert rules_of(loaded(story, 1, speed=0.71)[-1]) == ()


def test_a_hot_motor_slows_and_a_hotter_one_stops(g1):
    story = Story(g1).armed()
    cool, warm, hot = (Hardware(np.full(29, t)) for t in (79.0, 81.0, 101.0))
    assert rules_of(story.steps(100, hardware=cool)[-1]) == ()
    assert actions_of(story.steps(50, hardware=warm))[-1] == "LIMITED"
    assert actions_of(story.steps(50, hardware=hot))[-1] == "FALLBACK"
    assert actions_of(story.steps(250, hardware=warm))[-1] == "LIMITED"


def test_a_voltage_that_sags_for_a_moment_is_borne_and_an_empty_battery_is_not(g1):
    story = Story(g1).armed()
    assert actions_of(story.steps(249, hardware=Hardware(battery_voltage=40.0)))[-1] == "NOMINAL"
    story.step(hardware=Hardware(battery_voltage=50.0))
    assert actions_of(story.steps(250, hardware=Hardware(battery_voltage=43.0)))[-1] == "LIMITED"
    decision = story.steps(250, hardware=Hardware(battery_voltage=40.0))[-1]
    assert decision.action.name == "FALLBACK"
    assert "battery at 40 V, at least 41 V allowed" in [cause.text for cause in decision.causes]


def test_a_temperature_that_is_not_a_number_is_not_taken_for_cool(g1):
    story = Story(g1).armed()
    assert "motor_temperature" in rules_of(
        story.steps(50, hardware=Hardware(np.full(29, np.nan)))[-1]
    )


def test_a_drive_with_an_error_stops_the_walk_and_forbids_arming(g1):
    broken = Hardware(motor_errors=("left_knee_joint: 0x400",))
    story = Story(g1)
    story.steps(5, hardware=broken)
    decision = story.step(operator=OperatorInput(arm=True), hardware=broken)
    assert not decision.armed
    story.steps(250)
    story.armed()
    assert actions_of(story.steps(4, hardware=broken))[-1] == "NOMINAL"
    decision = story.step(hardware=broken)
    assert decision.action.name == "FALLBACK"
    assert "drives that report an error: left_knee_joint: 0x400" in decision.causes[0].text


def test_a_robot_that_is_not_ready_cannot_be_armed_until_it_is(g1):
    story = Story(g1)
    ask = OperatorInput(arm=True)
    decision = story.step(operator=ask, hardware=Hardware(hindrance="vendor's controller is on"))
    assert not decision.armed
    assert "robot not ready to be driven: vendor's controller is on" in [
        cause.text for cause in decision.causes
    ]
    assert story.step().armed is False
    assert story.step(operator=ask).armed


def test_a_robot_that_was_damped_past_the_arbiter_stays_damped_until_it_is_cleared(g1):
    story = Story(g1).armed()
    decision = story.step(hardware=Hardware(lost="loop silent for 0.03 s"))
    assert (decision.action.name, decision.armed) == ("DAMPING", False)
    assert decision.first_cause.rule == "robot_lost"
    arm, clear = OperatorInput(arm=True), OperatorInput(clear=True)
    assert not story.step(operator=arm).armed
    assert not story.step(operator=clear, hardware=Hardware(lost="still")).armed
    story.step(operator=clear)
    assert story.step(operator=arm).armed
