"""The simulated robot as a whole: what it refuses, and its behaviour over resets."""

import inspect
import sys

import numpy as np
import pytest

from wm_bringup.robots import base
from wm_bringup.robots.mock import MockRobot
from wm_bringup.robots.simulated import ENGINES, make_engine
from wm_bringup.robots.simulation.engine import SimulatorError
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.scenario import Scenario
from wm_control.errors import ParameterError


def test_a_window_without_a_display_is_refused_with_the_way_out(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SimulatorError, match="DISPLAY is not set"):
        make_engine("pybullet", Scenario(), gui=True)
    with pytest.raises(SimulatorError, match=r"no window here.*: pybullet"):
        make_engine("mujoco", Scenario(), gui=True)


def test_an_unknown_engine_is_named_beside_those_there_are():
    with pytest.raises(ParameterError, match=r"engine.*'ode'.*pybullet, mujoco"):
        make_engine("ode", Scenario())


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_whose_library_is_absent_says_which(name, monkeypatch):
    monkeypatch.setitem(sys.modules, f"wm_bringup.robots.{name}.engine", None)
    with pytest.raises(SimulatorError, match=rf"engine '{name}' needs .*not installed"):
        make_engine(name, Scenario())


def test_a_physics_step_that_does_not_divide_the_control_period_is_refused(simulate, with_step):
    with pytest.raises(ParameterError, match=r"physics_step.*0\.0015.*must divide"):
        simulate(on=with_step(0.0015))


def test_a_smaller_physics_step_simulates_the_same_time(simulate, with_step):
    robot = simulate(on=with_step(0.0005))
    robot.reset(0)
    for _ in range(10):
        robot.step(None)
    assert robot.time == pytest.approx(0.02)
    assert robot.observe().stamp == pytest.approx(0.02)


def test_before_reset_the_robot_says_what_is_missing(simulate):
    with pytest.raises(RuntimeError, match=r"reset\(\) must be called"):
        simulate().step(None)


def test_reset_starts_at_rest_in_the_default_posture_with_the_soles_on_the_ground(simulate, g1):
    robot = simulate()
    for _ in range(2):
        observation = robot.reset(0)
        truth = robot.ground_truth()
        assert (observation.stamp, observation.sequence) == (0.0, 0)
        np.testing.assert_allclose(observation.joint_position, g1.default_position)
        np.testing.assert_allclose(truth.sole_position[:, 2], 0.0, atol=1e-9)
        np.testing.assert_array_equal(truth.base_position_in_world[:2], [0.0, 0.0])
        np.testing.assert_array_equal(truth.com_velocity, np.zeros(3))
        for _ in range(5):
            robot.step(None)


def test_closing_twice_is_fine(simulate):
    robot = simulate()
    robot.close()
    robot.close()


@pytest.mark.parametrize(
    ("kind", "protocol"), [(Simulation, base.SimulatedRobot), (MockRobot, base.Robot)]
)
def test_every_robot_offers_what_its_protocol_promises(kind, protocol):
    promised = {
        name: inspect.signature(member)
        for parent in protocol.__mro__
        for name, member in vars(parent).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    assert {"reset", "observe", "step", "close"} <= set(promised)
    for name, signature in promised.items():
        assert inspect.signature(getattr(kind, name)) == signature


def test_the_truth_is_not_part_of_what_controllers_see():
    assert not hasattr(base.Robot, "ground_truth")
    assert hasattr(base.SimulatedRobot, "ground_truth")


def test_true_feet_and_mass_move_as_their_velocities_say(simulate, limp):
    robot = simulate()
    observation = robot.reset(0)
    truths = [robot.ground_truth()]
    for _ in range(150):
        observation = robot.step(limp(observation))
        truths.append(robot.ground_truth())
    seconds = truths[-1].stamp - truths[0].stamp
    for position, velocity in (
        ("base_position_in_world", "base_velocity_in_world"),
        ("com_position", "com_velocity"),
    ):
        moved = getattr(truths[-1], position) - getattr(truths[0], position)
        mean = np.mean([getattr(t, velocity) for t in truths], axis=0)
        assert np.linalg.norm(moved) > 0.1
        np.testing.assert_allclose(moved, mean * seconds, atol=0.005)
    moved = truths[-1].sole_position - truths[0].sole_position
    mean = np.mean([t.sole_velocity[:, :3] for t in truths], axis=0)
    np.testing.assert_allclose(moved, mean * seconds, atol=0.005)
