"""A fall is told from the arbiter's decisions; lying down as asked, or before arming, is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.graph.fall_watch import FallWatch
from wm_control.arbiter.robot_rules import ROBOT_RULES
from wm_control.types import Action, Cause, Command, Decision

COMMAND = Command(
    **dict.fromkeys(("position", "velocity", "stiffness", "damping", "torque"), np.zeros(1)),
    stamp=0.0,
    sequence=0,
)


def decision(*rules, armed=False):
    causes = tuple(Cause(rule, 1.0, 0.5, f"{rule} 1 above 0.5") for rule in rules)
    first = causes[0] if causes else None
    action = Action.DAMPING if causes else Action.NOMINAL
    return Decision(0.0, action, "mpc", COMMAND, armed, causes, first)


def fall_of(*decisions):
    watch = FallWatch()
    for one in decisions:
        watch.see(one)
    return watch.fall


WALKS = decision(armed=True)


def test_a_robot_whose_fall_is_shaped_has_fallen_whatever_comes_next():
    turning = replace(decision("angular_rate", armed=True), action=Action.FALL_POSTURE)
    assert fall_of(WALKS, turning, WALKS).startswith("the robot fell: FALL_POSTURE: ")


@pytest.mark.parametrize(
    "after",
    [
        (decision("tilt"),),
        (decision("base_height"),),
        (decision("angular_rate"), decision("angular_rate", "base_height")),
        (decision("state_lost", "unarmed"), decision("state_lost", "unarmed", "tilt")),
        (decision("tilt"), decision("operator_stop"), WALKS),
    ],
)
def test_a_robot_on_the_ground_after_it_was_armed_has_fallen(after):
    assert fall_of(WALKS, *after).startswith("the robot fell: DAMPING: ")


@pytest.mark.parametrize(
    "decisions",
    [
        (WALKS,),
        (decision("unarmed", "tilt", "base_height"),),
        (WALKS, decision("operator_stop"), decision("operator_stop", "base_height")),
        (WALKS, decision("angular_rate")),
        (WALKS, decision("state_lost"), WALKS),
    ],
    ids=["walks", "never armed", "stopped by the operator", "turned fast", "held and went on"],
)
def test_any_other_robot_has_not(decisions):
    assert fall_of(*decisions) == ""


def test_the_rules_that_tell_a_fall_are_rules_of_the_arbiter():
    from wm_bringup.graph.fall_watch import FALLEN

    assert set(FALLEN) <= {rule.name for rule in ROBOT_RULES}
