"""The planner in another driver's shadow: it plans for the steps that it sees."""

from dataclasses import replace

import numpy as np
import pytest
from robot_states import at
from template_toy import DT, story

from wm_control.gait.state import Mode
from wm_control.types import LEFT, RIGHT, Status, VelocityCommand

PERIOD = 4 * DT
BOTH, ON_LEFT, ON_RIGHT = (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)


class Shadow:
    """A planner beside somebody who stands on its feet by turns; the toy itself does not move."""

    def __init__(self, standing):
        told = story(standing)
        self.toy, self.planner, self.standing = told.toy, told.planner, standing
        self.now, self.plans = 0.0, []

    def hold(self, contacts, seconds, *, in_shadow=True, x=0.0):
        for _ in range(round(seconds / PERIOD)):
            self.now += PERIOD
            seen = replace(at(self.standing, self.now), contact_probability=np.array(contacts))
            plan = self.planner.step(seen, VelocityCommand(x), in_shadow=in_shadow)
            self.plans.append(plan)
        return self.plans[-1].gait

    def walk(self, steps):
        for step in range(steps):
            self.hold(ON_RIGHT if step % 2 else ON_LEFT, 0.304)
            self.hold(BOTH, 0.04)


@pytest.fixture
def shadow(standing):
    return Shadow(standing)


def test_while_the_other_stands_it_stands_whatever_is_asked(shadow):
    gait = shadow.hold(BOTH, 0.4, x=0.5)
    assert gait.mode == Mode.STAND
    assert gait.velocity[0] == pytest.approx(0.16)  # 0.4 m/s² for 0.4 s: as if it followed


def test_it_lifts_no_foot_before_the_other_does_and_then_the_same(shadow):
    shadow.hold(BOTH, 0.2, x=0.5)
    gait = shadow.hold(ON_RIGHT, PERIOD)
    assert (gait.mode, gait.support, gait.lifts) == (Mode.WALK, RIGHT, True)


def test_steps_begin_with_the_touchdowns_that_are_seen(shadow):
    shadow.hold(BOTH, 0.2)
    shadow.hold(ON_LEFT, 0.304)
    gait = shadow.hold(BOTH, PERIOD)
    assert gait.support == RIGHT
    assert gait.step_start == pytest.approx(shadow.now)
    gait = shadow.hold(ON_RIGHT, 0.1)
    assert (gait.support, gait.step_start) == (RIGHT, pytest.approx(0.2 + 0.304 + PERIOD))


def test_a_foot_that_stays_in_the_air_longer_is_about_to_land_and_has_not(shadow):
    shadow.hold(BOTH, 0.1)
    gait = shadow.hold(ON_LEFT, 1.2)
    assert gait.support == LEFT
    assert 0.0 < gait.touch_down - shadow.now <= 0.05


def test_every_plan_of_a_walk_is_good(shadow):
    shadow.hold(BOTH, 0.1)
    shadow.walk(6)
    assert all(plan.status == Status.OK for plan in shadow.plans)


def test_nothing_is_learned_from_the_strides_of_another(shadow):
    shadow.hold(BOTH, 0.1)
    shadow.walk(8)  # the toy did not move an inch, which is far from what was commanded
    shadow.hold(ON_LEFT, 0.1, x=0.5)
    assert shadow.plans[-1].gait.correction.tolist() == [0.0, 0.0]


def test_the_heading_asked_for_stays_with_the_body(shadow):
    shadow.toy.yaw = 0.3
    assert shadow.hold(ON_LEFT, 0.1).yaw == pytest.approx(0.3)


def test_it_goes_on_with_the_step_that_is_under_way_when_it_gets_the_robot(shadow):
    shadow.hold(BOTH, 0.1)
    shadow.walk(3)
    before = shadow.hold(ON_RIGHT, 0.12)
    after = shadow.hold(ON_RIGHT, PERIOD, in_shadow=False)
    assert (after.support, after.step_start) == (before.support, before.step_start)
    assert after.touch_down > shadow.now


def test_when_the_other_stops_it_stands_too(shadow):
    shadow.hold(BOTH, 0.1)
    shadow.walk(3)
    assert shadow.hold(BOTH, 0.3).mode == Mode.STAND
