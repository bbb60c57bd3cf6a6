"""What a scenario asks for either can happen within its time, or is refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from robot_parameters import ENVELOPES, SAFETY

from wm_bringup.scenarios.possible import Happened, check_possible, missed, reduced
from wm_bringup.scenarios.scenario import (
    Kick,
    Push,
    Scenario,
    Tour,
    VelocitySegment,
    Waypoint,
    Wish,
)
from wm_control.errors import ParameterError


def scenario(**changes):
    return Scenario(name="made_up", **{"duration": 2.0, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"pushes": (Push(impulse=(40, 0, 0), at=1.9),)},
        {"pushes": (Push(impulse=(0, 0, 1), at=0.0, duration=2.0),)},
        {"kicks": (Kick(velocity=(0.5, 0, 0), at=1.998),)},
        {"faults": ("gyro:nan@1.998",)},
        {"faults": ("accelerometer:bias=150@1+0.002", "observation:drop=0.5@0")},
        {"velocity": (VelocitySegment(at=0.0, x=0.5), VelocitySegment(at=1.998))},
        {"duration": 0.002},
        {"tour": Tour(waypoints=(Waypoint(0.0, 0.0, 0.0),) * 2, every=1.9)},
    ],
)
def test_what_can_happen_passes(changes):
    check_possible(scenario(**changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"pushes": (Push(impulse=(40, 0, 0), at=5.0),)}, r"pushes\.0.*40 0 0.*takes until 5\.1 s"),
        ({"kicks": (Kick(velocity=(1, 0, 0), at=2.0),)}, r"kicks\.0.*1 0 0 m/s.*never happens"),
        ({"kicks": (Kick(velocity=(0, 0, 0), at=1.0),)}, r"kicks\.0.*kicks nobody"),
        ({"pushes": (Push(impulse=(40, 0, 0), at=1.95),)}, r"2\.05 s, but the end is at 2 s"),
        (
            {"pushes": (Push(impulse=(1, 0, 0)), Push(impulse=(9, 0, 0), at=3.0, phase=0.5))},
            r"pushes\.1.*phase 0\.5 after 3 s",
        ),
        ({"pushes": (Push(impulse=(0, 0, 0), at=1.0),)}, "zero"),
        ({"faults": ("gyro:nan@99",)}, r"faults\.0.*gyro:nan@99.*meets no sample"),
        ({"faults": ("gyro:nan@2",)}, "meets no sample"),
        ({"faults": ("policy:stuck@2",)}, "meets no sample, and no control cycle"),
        ({"faults": ("observation:drop@1.0001+0.001",)}, "meets no sample"),
        ({"velocity": (VelocitySegment(at=2.0, x=0.5),)}, r"velocity\.0.*never begins"),
        (
            {"tour": Tour(waypoints=(Waypoint(0.0, 0.0, 0.0),) * 3, every=1.0)},
            r"tour\.waypoints.*3.*the last is wanted from 2 s on, but the end is at 2 s",
        ),
        ({"wishes": (Wish("policy", at=2.0),)}, r"wishes\.0.*policy drives.*never heard"),
    ],
)
def test_what_cannot_happen_is_refused_with_what_and_why(changes, said):
    with pytest.raises(ParameterError, match=said) as error:
        check_possible(scenario(**changes))
    assert "scenario 'made_up'" in str(error.value)


@pytest.mark.parametrize("times", [(1.0, 1.0), (2.0, 1.0), (0.0, 3.0, 2.0)])
def test_velocities_out_of_order_are_refused_since_one_would_never_be(times):
    with pytest.raises(ValueError, match="times must rise"):
        Scenario(velocity=tuple(VelocitySegment(at=at) for at in times))


def test_a_wish_after_the_end_of_the_episode_was_not_heard():
    asked = scenario(wishes=(Wish("policy", at=0.5), Wish("mpc", at=1.5)))
    assert missed(asked, (), end=0.9) == ("wish that mpc drives from 1.5 s",)


def test_what_had_not_begun_when_the_episode_was_over_is_listed():
    asked = scenario(velocity=(VelocitySegment(at=0.5, x=0.3), VelocitySegment(at=1.5, x=0.6)))
    happened = (
        Happened("push 40 0 0 N·s at 0.6 s", 0.6),
        Happened("fault gyro:nan@1", None, 0),
        Happened("fault imu:stuck@0.2", 0.2, 300),
    )
    assert missed(asked, happened, end=0.9) == ("velocity 0.6 0 0 from 1.5 s", "fault gyro:nan@1")
    assert missed(asked, happened, end=1.8) == ("fault gyro:nan@1",)


@pytest.mark.parametrize(
    ("asked", "left"),
    [
        ((1.1, 0.0, 0.0), ""),
        ((0.55, 0.15, 0.0), ""),  # 0.55 / 1.1 + 0.15 / 0.3 = 1
        ((2.0, 0.0, 0.0), "1.1 0 0"),
        ((-1.2, 0.0, 0.0), "-0.8 0 0"),
        ((1.1, 0.0, 0.9), "0.55 0 0.45"),  # each axis alone would do
    ],
)
def test_a_velocity_that_the_gate_gives_in_part_is_told_with_both(asked, left):
    x, y, yaw = asked
    commands = (VelocitySegment(at=0.0, x=0.3), VelocitySegment(at=1.0, x=x, y=y, yaw=yaw))
    said = reduced(scenario(velocity=commands), SAFETY.velocity, ENVELOPES["mpc"])
    assert [f"reduced to {left}: " in text for text in said] == ([True] if left else [])
    assert all(text.endswith("from 1 s") for text in said)


def test_limits_that_an_operator_has_set_reduce_as_well():
    commands = (VelocitySegment(at=0.5, x=0.5),)
    limits = replace(SAFETY.velocity, max_linear_x=0.2)
    (said,) = reduced(scenario(velocity=commands), limits, ENVELOPES["mpc"])
    assert "0.5 0 0 reduced to 0.2 0 0: beyond velocity.max_linear_x 0.2" in said
