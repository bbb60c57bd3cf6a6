from __future__ import annotations

from dataclasses import replace

import pytest
from robot_story import hold, standing

from wm_control.arbiter.postures import damping_command
from wm_control.arbiter.watchdog import CommandWatchdog


@pytest.fixture
def watchdog(g1):
    return CommandWatchdog(g1)


def command_at(g1, sequence):
    return hold(standing(g1, 0.002 * sequence, sequence), g1).command


def test_before_any_command_the_robot_is_damped(g1, watchdog):
    command = watchdog.command(standing(g1, 0.0, 0).observation, now=0.0)
    assert watchdog.damping
    assert not command.stiffness.any()
    assert command.damping == pytest.approx(g1.damping)


def test_a_command_is_followed_for_20_ms_held_until_100_ms_then_damped(g1, watchdog):
    observation = standing(g1, 0.0, 0).observation
    sent = command_at(g1, 1)
    watchdog.receive(sent, now=1.0)
    assert watchdog.command(observation, now=1.0199) is sent
    held = watchdog.command(observation, now=1.021)
    assert watchdog.holding
    assert held.position == pytest.approx(g1.default_position)
    assert held.stiffness == pytest.approx(g1.stiffness)
    assert not held.torque.any()
    assert watchdog.command(observation, now=1.0999).stiffness.any()
    damped = watchdog.command(observation, now=1.101)
    assert watchdog.damping
    assert not damped.stiffness.any()
    assert not damped.torque.any()


def test_a_renewed_command_ends_the_silence(g1, watchdog):
    observation = standing(g1, 0.0, 0).observation
    watchdog.receive(command_at(g1, 1), now=1.0)
    watchdog.command(observation, now=2.0)
    fresh = command_at(g1, 2)
    watchdog.receive(fresh, now=2.0)
    assert watchdog.command(observation, now=2.001) is fresh


def test_a_repeated_or_older_command_does_not_count_as_renewal(g1, watchdog):
    observation = standing(g1, 0.0, 0).observation
    watchdog.receive(command_at(g1, 5), now=1.0)
    watchdog.receive(command_at(g1, 5), now=1.5)
    watchdog.receive(replace(command_at(g1, 4)), now=1.5)
    watchdog.command(observation, now=1.5)
    assert watchdog.damping


def test_plain_damping_is_taken_whatever_its_stamp(g1, watchdog):
    observation = standing(g1, 0.0, 0).observation
    watchdog.receive(command_at(g1, 5), now=1.0)
    damping = damping_command(observation, g1.damping)
    watchdog.receive(damping, now=1.001)
    assert watchdog.command(observation, now=1.002) is damping


def test_a_clock_that_says_nan_damps(g1, watchdog):
    watchdog.receive(command_at(g1, 1), now=1.0)
    watchdog.command(standing(g1, 0.0, 0).observation, now=float("nan"))
    assert watchdog.damping
