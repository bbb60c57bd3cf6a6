"""From listening to driven and back, told in seconds; the robot is a list of joint angles."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from robot_story import standing

from wm_control.arbiter.start_up import Phase, StartUp, Surroundings

PERIOD = 0.01
VENDOR, NOBODY = Surroundings(owner="ai"), Surroundings(owner="")
KNEE = 3


class Telling:
    """A robot whose joints follow what has stiffness, unless they are blocked."""

    def __init__(self, g1, hanging=0.2):
        self.g1 = g1
        self.start_up = StartUp(g1)
        self.now = 10.0
        self.joints = g1.default_position + hanging
        self.moving = np.zeros(29)
        self.turning = 0.0
        self.blocked = ()
        self.sent = []

    def observation(self):
        turning = np.array([self.turning, 0.0, 0.0])
        return replace(
            standing(self.g1, self.now, 0).observation,
            joint_position=self.joints.copy(),
            joint_velocity=self.moving,
            imu_angular_velocity=turning,
        )

    def run(self, seconds=PERIOD, around=NOBODY):
        for _ in range(round(seconds / PERIOD)):
            self.now += PERIOD
            command = self.start_up.update(self.now, self.observation(), around)
            self.sent.append(command)
            if command is not None and command.stiffness.any():
                follow = np.ones(29, dtype=bool)
                follow[list(self.blocked)] = False
                self.joints[follow] = command.position[follow]
        return self.sent[-1]

    def stand(self):
        self.start_up.begin()
        self.run(0.1)
        self.run(5.5)
        assert self.start_up.phase is Phase.READY
        return self


def test_nothing_is_sent_until_it_is_asked_for_and_the_robots_own_controller_has_let_go(g1):
    robot = Telling(g1)
    robot.run(1.0, VENDOR)
    robot.start_up.begin()
    robot.run(1.0, Surroundings(owner=None))
    robot.run(1.0, VENDOR)
    assert robot.sent == [None] * 300
    assert robot.start_up.phase is Phase.RELEASING
    assert "asked to let go" in robot.start_up.hindrance
    robot.run()
    assert robot.start_up.phase is Phase.STIFFENING


def test_joints_are_stiffened_where_they_are_and_then_led_to_the_standing_posture(g1):
    robot = Telling(g1)
    start = robot.joints.copy()
    robot.start_up.begin()
    robot.run(0.1)
    half = robot.run(0.9)  # of two seconds
    np.testing.assert_array_equal(half.position, start)
    np.testing.assert_allclose(half.stiffness, 0.5 * g1.stiffness, rtol=0.02)
    np.testing.assert_array_equal(half.damping, g1.damping)
    robot.run(1.1)
    assert robot.start_up.phase is Phase.STANDING_UP
    half = robot.run(1.42)  # of three seconds: half the way, by symmetry
    np.testing.assert_allclose(half.position, start - 0.1, atol=0.01)
    np.testing.assert_allclose(half.stiffness, 5.0 * g1.stiffness, rtol=0.1)
    whole = robot.run(2.0)
    assert robot.start_up.phase is Phase.READY
    assert robot.start_up.hindrance == ""
    np.testing.assert_array_equal(whole.position, g1.default_position)
    np.testing.assert_allclose(whole.stiffness, 9.0 * g1.stiffness)
    np.testing.assert_allclose(whole.damping, 3.0 * g1.damping)


def test_no_command_moves_a_target_or_a_gain_by_a_jump(g1):
    robot = Telling(g1).stand()
    commands = [c for c in robot.sent if c is not None]
    for one, other in pairwise(commands):
        assert np.abs(other.position - one.position).max() < 0.003
        assert (np.abs(other.stiffness - one.stiffness) < 0.06 * g1.stiffness).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"moving": np.eye(29)[KNEE]}, "left_knee_joint moves at 1.00 rad/s"),
        ({"turning": 0.8}, "the base turns at 0.80 rad/s"),
        ({"moving": np.full(29, np.nan)}, "moves at nan"),
    ],
)
def test_a_robot_that_is_not_at_rest_is_not_taken(g1, change, words):
    robot = Telling(g1)
    vars(robot).update(change)
    robot.start_up.begin()
    robot.run(0.1)
    assert robot.start_up.phase is Phase.LISTENING
    assert words in robot.start_up.hindrance
    assert robot.sent == [None] * 10


def test_a_problem_forbids_the_beginning_and_breaks_off_what_has_begun(g1):
    trouble = Surroundings(owner="", problem="left_knee_joint: error 0x400")
    robot = Telling(g1)
    robot.start_up.begin()
    robot.run(0.1, trouble)
    assert robot.start_up.hindrance == "nothing is sent; not begun: left_knee_joint: error 0x400"
    robot.start_up.begin()
    robot.run(3.0)
    damped = robot.run(PERIOD, trouble)
    assert robot.start_up.phase is Phase.DAMPED
    assert not damped.stiffness.any()
    np.testing.assert_array_equal(damped.damping, g1.damping)


def test_a_joint_that_is_held_up_breaks_the_way_off(g1):
    robot = Telling(g1, hanging=0.8)
    robot.blocked = (KNEE,)
    robot.start_up.begin()
    robot.run(6.0)
    assert robot.start_up.phase is Phase.DAMPED
    assert "broken off: left_knee_joint is 0.60 rad behind" in robot.start_up.said
    assert not robot.sent[-1].stiffness.any()


def test_a_controller_that_does_not_let_go_is_given_up_on(g1):
    robot = Telling(g1)
    robot.start_up.begin()
    robot.run(10.2, VENDOR)
    assert robot.start_up.phase is Phase.LISTENING
    assert "'ai' did not let go" in robot.start_up.said
    robot.start_up.begin()
    robot.run(10.2, Surroundings(owner=None))
    assert "it does not answer" in robot.start_up.said
    assert not any(robot.sent)


def test_a_stop_damps_whatever_the_start_up_was_about(g1):
    robot = Telling(g1)
    robot.start_up.begin()
    robot.start_up.relax()
    robot.run(0.1)
    assert robot.start_up.phase is Phase.LISTENING
    robot.stand()
    robot.start_up.relax()
    assert not robot.run().stiffness.any()
    assert robot.start_up.phase is Phase.DAMPED
    assert "stopped" in robot.start_up.hindrance


def test_only_a_robot_that_stands_still_at_its_posture_may_be_driven(g1):
    robot = Telling(g1)
    robot.start_up.drive()
    assert robot.start_up.phase is Phase.LISTENING
    robot.stand()
    robot.joints[KNEE] += 0.2
    robot.blocked = (KNEE,)
    robot.run()
    assert "left_knee_joint is 0.20 rad from the standing posture" in robot.start_up.hindrance
    robot.joints[KNEE] -= 0.2
    robot.run()
    assert robot.start_up.hindrance == ""
    robot.start_up.drive()
    assert robot.run() is None
    assert robot.start_up.phase is Phase.DRIVEN


def test_a_driven_robot_is_neither_taken_again_nor_given_back_but_a_damped_one_is(g1):
    robot = Telling(g1)
    robot.run(0.1, VENDOR)
    robot.start_up.begin()
    robot.run(0.1, VENDOR)
    robot.run(6.0)
    robot.start_up.drive()
    driven = Surroundings(owner="", armed=True)
    for ask in (robot.start_up.begin, robot.start_up.give_back):
        ask()
        assert robot.run(0.1, driven) is None
        assert robot.start_up.phase is Phase.DRIVEN
        assert robot.start_up.hindrance == ""
    robot.start_up.give_back()
    damped = robot.run(0.1)
    assert robot.start_up.phase is Phase.GIVING_BACK
    assert not damped.stiffness.any()
    assert robot.start_up.takes_back == "ai"
    assert robot.run(0.1, VENDOR) is None
    assert robot.start_up.phase is Phase.LISTENING


def test_a_robot_that_was_damped_stays_damped_while_it_is_taken_again(g1):
    robot = Telling(g1).stand()
    robot.start_up.drive()
    robot.start_up.begin()
    waiting = robot.run(0.1, Surroundings(owner=None))
    assert robot.start_up.phase is Phase.RELEASING
    assert not waiting.stiffness.any()
    robot.run(10.0, Surroundings(owner=None))
    assert robot.start_up.phase is Phase.DAMPED


@pytest.fixture
def asked_back(g1):
    """A robot whose own controller was asked to let go, had not yet, and is to have it back."""
    robot = Telling(g1)
    robot.start_up.begin()
    robot.run(0.5, VENDOR)
    robot.start_up.give_back()
    return robot


def test_what_has_not_let_go_yet_is_given_back_without_a_command_beside_its_own(asked_back):
    robot = asked_back
    robot.run(0.5, Surroundings(owner=None))
    assert robot.sent == [None] * 100
    assert robot.start_up.phase is Phase.GIVING_BACK
    robot.run(PERIOD, NOBODY)  # it let go after all: what nobody holds is damped
    assert robot.sent[-1] is not None
    robot.run(PERIOD, VENDOR)
    assert robot.start_up.phase is Phase.LISTENING
    assert robot.run(PERIOD, VENDOR) is None


def test_a_controller_that_never_let_go_and_does_not_answer_is_not_damped_against(asked_back):
    asked_back.run(11.0, Surroundings(owner=None))
    assert asked_back.sent == [None] * 1150
    assert asked_back.start_up.phase is Phase.LISTENING


def test_nothing_is_given_back_that_was_not_taken(g1):
    robot = Telling(g1)
    robot.start_up.give_back()
    robot.run(0.1)
    assert "was not taken" in robot.start_up.refused
    robot.stand()
    robot.start_up.give_back()
    robot.run(0.1)
    assert "nobody had the robot before" in robot.start_up.refused
    assert robot.start_up.phase is Phase.READY
