"""The drives turn commands into torques within what the motors can do."""

import numpy as np
import pytest

from wm_bringup.robots.simulation.actuators import ActuatorParameters, Drives
from wm_bringup.scenarios.scenario import Scenario
from wm_control.types import Command

N = 29
ZERO = np.zeros(N)


def make(g1, **parameters):
    return Drives(g1, ActuatorParameters(**parameters), 0.001)


def command(**fields):
    values = dict.fromkeys(("position", "velocity", "stiffness", "damping", "torque"), 0.0)
    return Command(0.0, 0, **{k: np.full(N, v) for k, v in (values | fields).items()})


def test_torque_is_feed_forward_plus_stiffness_plus_damping(g1):
    drives = make(g1)
    drives.send(command(position=0.1, velocity=0.2, stiffness=10, damping=2, torque=0.5), 0)
    # 0.5 + 10 (0.1 - 0.3) + 2 (0.2 - 0.6) = 0.5 - 2 - 0.8
    found = drives.torque(0, np.full(N, 0.3), np.full(N, 0.6))
    np.testing.assert_allclose(found, -2.3)


def test_torque_is_limited_in_both_directions(g1):
    drives = make(g1)
    for sign in (1.0, -1.0):
        drives.send(command(torque=sign * 1e4), 0)
        np.testing.assert_allclose(drives.torque(0, ZERO, ZERO), sign * g1.torque_limit)


def test_torque_that_drives_fades_to_zero_at_the_velocity_limit(g1):
    drives = make(g1, knee=0.8)
    drives.send(command(torque=1e4), 0)
    for speed, share in ((0.8, 1.0), (0.9, 0.5), (1.0, 0.0), (1.2, 0.0)):
        found = drives.torque(0, ZERO, speed * g1.velocity_limit)
        np.testing.assert_allclose(found, share * g1.torque_limit, atol=1e-9)


def test_torque_that_brakes_keeps_its_limit_at_any_speed(g1):
    drives = make(g1)
    drives.send(command(torque=-1e4), 0)
    found = drives.torque(0, ZERO, 1.5 * g1.velocity_limit)
    np.testing.assert_allclose(found, -g1.torque_limit)


def test_a_weak_motor_gives_less_than_its_sensor_believes(g1):
    drives = make(g1, strength=0.8)
    drives.send(command(torque=2.0), 0)
    np.testing.assert_allclose(drives.torque(0, ZERO, ZERO), 1.6)
    np.testing.assert_allclose(drives.motor_torque, 2.0)


def test_viscous_friction_acts_against_the_motion(g1):
    drives = make(g1, viscous_friction=0.3)
    drives.send(command(torque=1.0), 0)
    np.testing.assert_allclose(drives.torque(0, ZERO, np.full(N, 2.0)), 0.4)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("entry", ["position", "velocity", "stiffness", "damping", "torque"])
def test_a_command_that_is_not_finite_is_dropped_and_counted(g1, entry, bad):
    drives = make(g1)
    drives.send(command(torque=1.0), 0)
    drives.send(command(**{entry: bad}), 1)
    np.testing.assert_allclose(drives.torque(1, ZERO, ZERO), 1.0)
    assert drives.rejected == 1


def test_a_command_is_copied_so_that_its_sender_may_reuse_the_memory(g1):
    drives = make(g1)
    sent = command(torque=1.0)
    drives.send(sent, 0)
    sent.torque[:] = 7.0
    np.testing.assert_allclose(drives.torque(0, ZERO, ZERO), 1.0)


def test_after_20_ms_of_silence_feed_forward_ends_and_after_100_ms_only_damping_is_left(g1):
    drives = make(g1)
    drives.send(command(position=0.1, stiffness=10.0, damping=1.0, torque=2.0), 0)
    torques = [drives.torque(step, ZERO, np.full(N, 0.5))[0] for step in range(120)]
    assert torques[19] == pytest.approx(2.0 + 1.0 - 0.5)
    assert torques[20] == pytest.approx(1.0 - 0.5)
    assert torques[99] == pytest.approx(1.0 - 0.5)
    assert torques[100] == pytest.approx(-0.5 * g1.damping[0])


def test_a_new_command_ends_the_silence(g1):
    drives = make(g1)
    drives.send(command(torque=2.0), 0)
    for step in range(110):
        drives.torque(step, ZERO, ZERO)
    drives.send(command(torque=3.0), 110)
    assert drives.torque(110, ZERO, ZERO)[0] == pytest.approx(3.0)


def test_without_any_command_the_robot_stands_on_its_own(simulate):
    robot = simulate()
    robot.reset(0)
    for _ in range(500):
        robot.step(None)
    assert robot.ground_truth().base_position_in_world[2] > 0.7


def test_the_robot_stands_for_two_seconds_on_joint_stiffness_alone(simulate, hold):
    robot = simulate()
    observation = robot.reset(0)
    for _ in range(1000):
        observation = robot.step(hold(observation))
    truth = robot.ground_truth()
    tilt = 2.0 * np.linalg.norm(truth.base_orientation[:2])
    assert tilt < 0.05
    assert truth.base_position_in_world[2] == pytest.approx(0.726, abs=0.01)
    assert truth.touching == ()
    weight = 9.81 * 33.3411
    assert truth.normal_force.sum() == pytest.approx(weight, rel=0.02)


def test_dry_friction_holds_a_joint_until_it_is_overcome(simulate, limp, g1):
    wrist = g1.joint_names.index("left_wrist_roll_joint")

    def turned(friction):
        robot = simulate(Scenario(joint_dry_friction=friction))
        observation = robot.reset(0)
        start = observation.joint_position[wrist]
        for _ in range(25):
            push = limp(observation)
            push.torque[wrist] = 0.3
            observation = robot.step(push)
        return abs(observation.joint_position[wrist] - start)

    assert turned(0.5) < 1e-3
    assert turned(0.0) > 0.02
