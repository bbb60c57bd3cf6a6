"""Plans that cannot be meant for this robot are refused, and every plan of our own is not."""

from dataclasses import replace

import numpy as np
import pytest
from robot_parameters import GAIT, MPC

from wm_control.gait.state import Gait, Mode
from wm_control.mpc.plan import LAYOUT, WalkingPlan, pack, unpack
from wm_control.mpc.plan_check import implausible_plan
from wm_control.robot.geometry import SoleArea
from wm_control.types import LEFT, SolveReport, Status

NOW = 1.1
SOLES = np.array([[0.0, 0.1, 0.0, 0.0], [-0.02, -0.1, 0.05, 0.0]])
AREA = SoleArea(np.array([-0.065, -0.02]), np.array([0.07, 0.02]))
START = {name: sum(size for _, size in LAYOUT[:k]) for k, (name, _) in enumerate(LAYOUT)}


def plan():
    """In the middle of a step on the left foot, from 1.00 s to 1.36 s, at 0.5 m/s."""
    gait = Gait(
        mode=Mode.WALK,
        support=LEFT,
        step_start=1.0,
        touch_down=1.36,
        double_support=0.04,
        lifts=True,
        support_pose=SOLES[0].copy(),
        swing_start=np.array([-0.1, -0.1, 0.0, 0.0]),
        cop_start=np.array([-0.1, -0.1]),
        velocity=np.array([0.5, 0.0, 0.2]),
        correction=np.array([0.02, 0.0]),
        yaw=0.1,
        steps=4,
    )
    return WalkingPlan(
        stamp=NOW - 0.004,
        sequence=500,
        gait=gait,
        footsteps=np.array([[0.1, -0.1, 0, 0.1], [0.3, 0.1, 0, 0.2], [0.5, -0.1, 0, 0.3]]),
        cop_offset=np.array([0.02, -0.01]),
        next_duration=0.36,
        dcm=np.array([0.0, 0.02]),
        dcm_touchdown=np.array([0.1, 0.0]),
        report=SolveReport("footstep_mpc", Status.OK, 0.0, 1e-9, 3, 2e-4),
    )


def judged(candidate, soles=SOLES):
    return implausible_plan(candidate, NOW, soles, GAIT, MPC, AREA)


def changed(name, value, entry=0):
    """The plan with one number of its packed vector changed, as a stranger might send it."""
    vector = pack(plan())
    vector[START[name] + entry] = value
    return unpack(vector)


def test_a_plan_in_the_middle_of_a_step_is_followed():
    assert judged(plan()) is None
    assert judged(plan(), soles=None) is None


@pytest.mark.parametrize(
    ("name", "value", "entry", "said"),
    [
        ("stamp", 1e12, 0, "ahead"),
        ("stamp", NOW + 0.017, 0, "ahead"),
        ("stamp", NOW + 0.5, 0, "ahead"),
        ("footsteps", 3.0, 0, "footstep"),
        ("footsteps", 1.3, 4, "footstep"),
        ("footsteps", -5.0, 9, "footstep"),
        ("footsteps", 2.0, 2, "footstep"),
        ("footsteps", 3.0, 3, "turn"),
        ("cop_offset", 1e6, 0, "pressure"),
        ("cop_offset", -0.5, 1, "pressure"),
        ("cop_offset", 0.081, 0, "pressure ahead"),
        ("cop_offset", 0.04, 1, "pressure left"),
        ("gait.cop_start", 1e6, 0, "pressure"),
        ("gait.step_start", 1.4, 0, "step"),
        ("gait.step_start", -3.0, 0, "step"),
        ("gait.touch_down", 0.9, 0, "duration of the step"),
        ("gait.touch_down", 1e9, 0, "duration of the step"),
        ("gait.double_support", 1e9, 0, "double support"),
        ("gait.double_support", -0.1, 0, "double support"),
        ("next_duration", 1e9, 0, "next step"),
        ("next_duration", -1.0, 0, "next step"),
        ("gait.support_pose", 0.5, 0, "support foot"),
        ("gait.swing_start", -1.5, 0, "lift-off"),
        ("gait.velocity", 30.0, 0, "speed"),
        ("gait.velocity", -10.0, 2, "turning"),
        ("gait.correction", 1.0, 0, "learned"),
        ("gait.yaw", 3.0, 0, "heading"),
    ],
)
def test_a_number_that_cannot_be_is_refused_and_named(name, value, entry, said):
    refusal = judged(changed(name, value, entry))
    assert refusal is not None
    assert said in refusal.what
    assert refusal.text.startswith("plan refused: ")
    assert "possible" in refusal.text


def test_nan_in_a_plan_that_never_was_packed_is_refused_too():
    nowhere = np.array([np.nan, 0.0])
    assert judged(replace(plan(), cop_offset=nowhere)) is not None
    assert judged(replace(plan(), stamp=np.nan)) is not None
    assert judged(replace(plan(), next_duration=np.nan)) is not None


def test_the_centre_of_pressure_is_looked_at_along_the_sole():
    sideways = replace(plan().gait, support_pose=np.array([0.0, 0.1, 0.0, 1.5]))
    ahead = replace(plan(), gait=sideways, cop_offset=np.array([0.0, 0.06]))
    refusal = judged(ahead)
    assert refusal is None or "pressure" not in refusal.what
    assert "pressure left" in judged(replace(ahead, cop_offset=np.array([0.06, 0.0]))).what


def test_a_plan_that_begins_where_the_robot_does_not_stand_is_refused():
    elsewhere = SOLES + np.array([0.3, 0.0, 0.0, 0.0])
    assert "from where it is" in judged(plan(), elsewhere).what
    slipped = SOLES + np.array([0.1, 0.0, 0.0, 0.0])
    assert judged(plan(), slipped) is None


def test_a_plan_in_which_the_legs_cross_is_refused():
    """As one that is mirrored about the support foot: the right foot lands left of the left."""
    feet = plan().footsteps
    crossed = feet.copy()
    crossed[0, 1] = 0.3
    assert "outward" in judged(replace(plan(), footsteps=crossed)).what
    mirrored = 2.0 * SOLES[0] - feet
    assert "outward" in judged(replace(plan(), footsteps=mirrored)).what


def test_whether_legs_cross_is_seen_in_the_heading_midway_of_both_feet():
    """Turned by 0.4 rad to the left in a step of 0.5 m: 0.5 sin 0.2 = 0.10 m to the right of it."""
    feet = plan().footsteps.copy()
    feet[0] = [0.5, 0.1 - 0.05, 0.0, 0.4]  # in the support foot's heading 0.05 m outward
    assert judged(replace(plan(), footsteps=feet[:1])) is None
    feet[0, 1] = 0.1 + 0.09  # 0.09 m across there, 0.5 sin 0.2 - 0.09 cos 0.2 = 0.011 m outward
    assert judged(replace(plan(), footsteps=feet[:1])) is None
    feet[0, 1] = 0.1 + 0.11  # 0.009 m across
    assert judged(replace(plan(), footsteps=feet[:1])) is not None


def test_a_robot_that_has_stood_for_an_hour_may_stand_on():
    standing = replace(plan().gait, mode=Mode.STAND, step_start=-3600.0, touch_down=-3600.0)
    assert judged(replace(plan(), gait=standing)) is None


def test_headings_are_compared_the_short_way_round():
    turned = replace(plan().gait, yaw=0.1 + 2.0 * np.pi)
    assert judged(replace(plan(), gait=turned)) is None


@pytest.mark.parametrize("name", ["gait.mode", "gait.support", "gait.lifts", "report.status"])
@pytest.mark.parametrize("value", [0.5, 3.0, -1.0, 1e12])
def test_what_is_no_choice_is_no_plan(name, value):
    with pytest.raises(ValueError, match="is one of"):
        changed(name, value)
