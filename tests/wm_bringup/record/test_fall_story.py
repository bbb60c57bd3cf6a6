"""What is told of a fall, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.record.fall_story import fall_story
from wm_bringup.record.run_record import RunFacts, RunRecord
from wm_bringup.scenarios.scenario import Kick, Punch

KICKS = tuple(
    Kick(velocity=(x, 0.0, 0.0), at=at) for x, at in ((1.0, 4.0), (-1.0, 8.0), (1.0, 12.0))
)


def run(end: float, *touches: float, fall: str = "base tilt") -> RunRecord:
    """Every 10 ms until ``end``, facing left; touching itself for 20 ms from each time on."""
    time = np.arange(0.0, end + 0.005, 0.01)
    touching = np.zeros(len(time), bool)
    for start in touches:
        touching |= (time > start - 0.005) & (time < start + 0.015)
    facing_left = np.tile([0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)], (len(time), 1))
    columns = {"time": time, "touches_itself": touching, "base_orientation": facing_left}
    return RunRecord(columns, RunFacts(fall=fall))


def test_the_kick_before_it_is_told_as_the_robot_faces_and_the_first_touch_after_it() -> None:
    story = fall_story(run(8.9, 4.2, 8.16, 8.5), KICKS)
    assert story == (
        "base tilt, 0.90 s after a kick at 90 deg; it touched itself 0.16 s after the kick"
    )


def test_touching_before_the_kick_does_not_count() -> None:
    story = fall_story(run(8.9, 4.2), KICKS)
    assert story == "base tilt, 0.90 s after a kick at 90 deg; it never touched itself"


@pytest.mark.parametrize("end", [2.0, 3.99])
def test_a_fall_before_any_kick_has_its_cause_alone(end: float) -> None:
    assert fall_story(run(end, 1.0), KICKS) == "base tilt"
    assert fall_story(run(end, 1.0), ()) == "base tilt"


def test_who_did_not_fall_has_no_story() -> None:
    assert fall_story(run(15.0, 8.16, fall=""), KICKS) == ""


def test_where_the_record_goes_on_after_the_fall_what_is_told_ends_with_it() -> None:
    record = run(9.5, 9.2).with_facts(fell_at=8.9)
    assert fall_story(record, KICKS) == (
        "base tilt, 0.90 s after a kick at 90 deg; it never touched itself"
    )


def test_of_kicks_and_punches_the_last_one_before_the_fall_is_told() -> None:
    punch = Punch("left_knee_joint", (3.0, 0.0, -4.0), at=8.5)
    assert fall_story(run(8.9, 8.6), KICKS, (punch,)) == (
        "base tilt, 0.40 s after a punch of 5 N at left_knee_joint; "
        "it touched itself 0.10 s after the punch"
    )
    assert "after a kick" in fall_story(run(8.4), KICKS, (punch,))
