"""When a robot has fallen, seen as it happens or found in a record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_records import march, truth

from wm_bringup.record.fall import FallLimits, fall_cause, fall_in
from wm_bringup.scenarios.scenario import FallRule


def test_a_standing_robot_has_not_fallen():
    assert fall_cause(truth(), FallLimits.of_standing(0.75)) == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (truth(height=0.44), "height 0.44 m below 0.45 m"),
        (truth(orientation=np.array([0.0, np.sin(0.6), 0.0, np.cos(0.6)])), "tilt 1.20 rad"),
        (truth(touching=("left_knee",)), "left_knee touched the ground"),
        (truth(height=np.nan), "height nan m"),
    ],
)
def test_a_fall_is_named_with_its_number(state, words):
    assert words in fall_cause(state, FallLimits.of_standing(0.75))


def test_links_that_touch_each_other_are_no_fall():
    assert fall_cause(truth(touching=("a|b",)), FallLimits.of_standing(0.75)) == ""


def test_the_height_that_counts_is_above_the_ground_under_the_feet():
    on_a_step = replace(truth(height=0.9), ground_height=np.full(2, 0.5))
    assert "0.40 m" in fall_cause(on_a_step, FallLimits.of_standing(0.75))


def test_in_a_record_the_first_look_beyond_a_limit_is_the_fall():
    record = march(seconds=0.1)
    assert fall_in(record)[1] == ""
    position = record["base_position"].copy()
    position[10:, 2] = 0.40
    position[20:, 2] = 0.10
    at, cause = fall_in(record.with_columns(base_position=position))
    assert at == pytest.approx(0.020)
    assert cause == "base height 0.40 m below 0.45 m"


def test_a_scenario_may_say_that_only_a_low_base_is_a_fall():
    limits = FallLimits.of_rule(FallRule(min_height=0.2, max_tilt=None, touching=False), 0.75)
    assert fall_cause(truth(height=0.21, touching=("left_hand",)), limits) == ""
    assert "0.19 m below 0.20 m" in fall_cause(truth(height=0.19), limits)
    assert FallLimits.of_rule(FallRule(), 0.75) == FallLimits.of_standing(0.75)
