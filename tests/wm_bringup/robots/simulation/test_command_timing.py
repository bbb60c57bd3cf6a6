"""Physics never sees a command earlier than compute time and delay allow."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wm_bringup.robots.simulation.actuators import ActuatorParameters, Drives
from wm_bringup.robots.simulation.simulation import arrival_step
from wm_bringup.scenarios.scenario import Scenario
from wm_control.robot.description import load_robot
from wm_control.types import Command

DT = 0.001


@pytest.mark.parametrize(
    ("latency", "steps"),
    [(0.0, 0), (0.0001, 1), (0.001, 1), (0.0010001, 2), (0.0015, 2), (0.008, 8), (0.0081, 9)],
)
def test_a_latency_is_rounded_up_to_whole_physics_steps(latency, steps):
    assert arrival_step(40, latency, DT) == 40 + steps


@given(latency=st.floats(0.0, 0.2), now=st.integers(0, 100_000))
def test_no_latency_is_ever_shortened(latency, now):
    arrival = arrival_step(now, latency, DT)
    assert (arrival - now) * DT >= latency - 1e-11
    assert arrival - now <= math.ceil(latency / DT)


def torque_command(observation, torque):
    n = observation.joint_position.size
    zero = np.zeros(n)
    return Command(
        observation.stamp, observation.sequence, zero, zero, zero, zero, np.full(n, torque)
    )


@pytest.mark.parametrize(
    ("compute_time", "delay", "first_step"),
    [(0.0, 0.0, 0), (0.0004, 0.0, 1), (0.0013, 0.0, 2), (0.0013, 0.002, 4), (0.0, 0.008, 8)],
)
def test_the_joints_feel_a_command_in_the_first_allowed_physics_step(
    simulate, compute_time, delay, first_step
):
    robot = simulate(Scenario(delay=delay))
    felt = []
    steps_before = robot._engine.step

    def record(torque, *forces):
        felt.append(float(torque[0]))
        steps_before(torque, *forces)

    robot._engine.step = record
    observation = robot.reset(0)
    for _ in range(8):
        observation = robot.step(torque_command(observation, 0.25), compute_time)
    assert felt.index(0.25) == first_step
    assert 0.25 not in felt[:first_step]


def test_while_a_command_is_computed_the_previous_one_acts(simulate):
    robot = simulate()
    observation = robot.reset(0)
    observation = robot.step(torque_command(observation, 0.1), 0.0)
    robot.step(torque_command(observation, 0.2), 0.0012)
    assert robot.ground_truth().joint_torque[0] == pytest.approx(0.1)
    robot.step(None)
    assert robot.ground_truth().joint_torque[0] == pytest.approx(0.2)


def test_jitter_only_adds_to_the_delay_and_depends_on_the_seed(simulate):
    def arrivals(seed):
        robot = simulate(Scenario(delay=0.003, delay_jitter=0.01))
        observation = robot.reset(seed)
        steps = []
        robot._drives.send = lambda _, arrival: steps.append(arrival)
        for _ in range(100):
            observation = robot.step(torque_command(observation, 0.1))
        return np.array(steps) - 2 * np.arange(100)

    latencies = arrivals(1)
    assert 3 <= latencies.min() <= 5
    assert 11 <= latencies.max() <= 13
    np.testing.assert_array_equal(latencies, arrivals(1))
    assert not np.array_equal(latencies, arrivals(2))


@pytest.fixture
def drives():
    return Drives(load_robot("g1"), ActuatorParameters(), DT)


def send(drives, torque, arrival):
    n = 29
    drives.send(Command(0.0, 0, *np.zeros((4, n)), np.full(n, torque)), arrival)


def felt(drives, step):
    return float(drives.torque(step, np.zeros(29), np.zeros(29))[0])


def test_an_older_command_that_arrives_later_never_replaces_a_newer_one(drives):
    send(drives, 0.1, arrival=5)
    send(drives, 0.2, arrival=3)
    assert [felt(drives, step) for step in range(3, 8)] == pytest.approx([0.2] * 5)


def test_commands_queue_up_when_the_delay_is_longer_than_the_period(drives):
    for index in range(4):
        send(drives, 0.1 * (index + 1), arrival=2 * index + 8)
    assert [felt(drives, step) for step in (8, 9, 10, 12, 14)] == pytest.approx(
        [0.1, 0.1, 0.2, 0.3, 0.4]
    )
