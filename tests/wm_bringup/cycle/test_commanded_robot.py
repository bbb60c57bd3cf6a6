"""A robot that is commanded by message: held, let go of, followed, damped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, N, observation_at

from wm_bringup.cycle.commanded_robot import DAMPED_PERIODS, CommandedRobot
from wm_bringup.host.realtime import PeriodStart
from wm_bringup.robots.mock import MockRobot
from wm_control.arbiter.postures import damping_command
from wm_control.arbiter.watchdog import CommandWatchdog
from wm_control.types import Command

DT = 0.002
AHEAD = 1e9


class WatchedRobot(MockRobot):
    """Remembers what it was told; raises on demand."""

    def __init__(self) -> None:
        super().__init__(G1)
        self.commands = []
        self.skipped = 0
        self.error = None

    def step(self, command, compute_time=0.0):
        self.commands.append(command)
        if self.error and command.stiffness.any():
            raise self.error
        return super().step(command, compute_time)

    def pass_over(self, periods):
        self.skipped += periods
        return super().observe()


class World:
    def __init__(self) -> None:
        self.time = 50.0
        self.seen = []
        self.starts = []
        self.robot = WatchedRobot()
        self.commanded = CommandedRobot(
            self.robot,
            CommandWatchdog(G1),
            self.seen.append,
            started=lambda stamp: self.starts.append((stamp, len(self.seen))),
            clock=lambda: self.time,
            ros_clock=lambda: self.time + AHEAD,
        )
        self.commanded.start()

    def period(self, skipped=0):
        self.time += DT * (1 + skipped)
        return PeriodStart(self.time, self.time, skipped)

    def run(self, periods=1, skipped=0):
        for _ in range(periods):
            self.commanded.run(self.period(skipped))

    def command(self, ahead=0.0, **changes):
        """Send a stiff command that answers the newest observation."""
        stamp = self.seen[-1].stamp + ahead
        zero = np.zeros(N)
        command = Command(stamp, 0, G1.default_position, zero, G1.stiffness, G1.damping, zero)
        return self.commanded.take(replace(command, **changes))


@pytest.fixture
def world():
    held = World()
    held.run(3)
    return held


@pytest.fixture
def moving(world):
    world.command()
    world.run()
    return world


def test_until_a_command_has_stiffness_it_is_held_while_its_stamps_go_on_in_ros_time(world):
    world.commanded.take(damping_command(observation_at(world.seen[-1].stamp, 0), G1.damping))
    world.run()
    assert world.robot.commands == []
    stamps = [observation.stamp for observation in world.seen]
    assert stamps == pytest.approx([AHEAD + 50.0 + DT * k for k in (1, 2, 3, 4)], abs=1e-6)


def test_the_first_stiff_command_lets_it_go(moving):
    assert moving.robot.commands[-1].stiffness == pytest.approx(G1.stiffness)
    assert moving.seen[-1].sequence == 1


def test_a_command_that_nobody_renews_is_held_then_damped(moving):
    moving.run(8)  # 18 ms after it came
    assert not moving.commanded.watchdog.holding
    moving.run(2)  # 22 ms
    assert moving.commanded.watchdog.holding
    moving.run(40)  # 102 ms
    assert not moving.robot.commands[-1].stiffness.any()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"position": G1.default_position + 10.0}, "command: room of the position targets"),
        ({"stiffness": np.full(N, np.nan)}, "command: least stiffness"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason_and_lets_nothing_go(world, changes, what):
    assert world.command(**changes).what == what
    world.run()
    assert world.robot.commands == []


def test_a_command_from_another_clock_is_refused(world):
    assert world.command(ahead=1.0).what == "command: time ahead of the robot's"
    assert world.command(ahead=0.004) is None


def test_periods_that_were_given_up_have_passed_for_the_robot_too(moving):
    moving.run(skipped=4)
    assert moving.robot.skipped == 4


def test_a_reset_holds_it_again_and_forgets_the_command(moving):
    moving.command()
    moving.commanded.request_reset()
    moving.run(2)
    told = len(moving.robot.commands)
    moving.run(2)
    assert len(moving.robot.commands) == told
    assert moving.seen[-1].sequence == 0
    assert moving.commanded.watchdog.damping


def test_what_answers_the_run_before_does_not_let_it_go_after_a_reset(moving):
    before = moving.seen[-1].stamp
    moving.commanded.request_reset()
    moving.run(3)
    told = len(moving.robot.commands)
    assert moving.command(ahead=before - moving.seen[-1].stamp) is None
    moving.run()
    assert len(moving.robot.commands) == told
    assert moving.command() is None
    moving.run()
    assert len(moving.robot.commands) == told + 1


def test_every_start_is_told_with_its_stamp_before_its_first_observation(moving):
    before = len(moving.seen)
    moving.commanded.request_reset()
    moving.run(3)
    assert moving.starts == [(moving.seen[0].stamp, 0), (moving.seen[before].stamp, before)]
    assert moving.seen[before - 1].stamp < moving.seen[before].stamp


def test_a_period_that_fails_leaves_the_robot_damped_and_says_why(moving):
    moving.robot.error = ConnectionError("no bus")
    moving.command()
    with pytest.raises(ConnectionError, match="no bus"):
        moving.run()
    assert not moving.robot.commands[-1].stiffness.any()
    assert (moving.robot.commands[-1].damping > 0.0).all()


def test_at_the_end_a_robot_that_was_let_go_of_is_damped_and_a_held_one_left_alone(moving):
    before = len(moving.robot.commands)
    moving.commanded.shut_down(moving.period)
    last = moving.robot.commands[before:]
    assert len(last) == DAMPED_PERIODS
    assert not any(command.stiffness.any() for command in last)
    held = World()
    held.commanded.shut_down(held.period)
    assert held.robot.commands == []
