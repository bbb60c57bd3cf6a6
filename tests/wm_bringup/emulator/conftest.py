"""An emulated G1 and the computer that talks to it, in one process and in lock-step."""

import pytest
from computer_of_a_robot import Computer

from wm_bringup.emulator.assemble import choose, emulate
from wm_bringup.emulator.on_link import RobotOnLink
from wm_bringup.emulator.parameters import EmulatorParameters
from wm_bringup.robots.unitree.in_process import Network
from wm_control.configuration.parameters import load_parameters
from wm_control.robot.description import load_robot


@pytest.fixture(scope="session")
def g1():
    return load_robot("g1")


@pytest.fixture
def meet():
    """Return a computer that is connected to a robot of these parameters."""
    robots = []

    def _meet(*, scenario=None, machine=None, body="", engine="mujoco", seed=0, **parameters):
        chosen = choose("g1", machine, body)
        wanted = load_parameters(EmulatorParameters, parameters)
        robot = emulate(chosen, scenario, engine, wanted, seed=seed)
        robots.append(robot)
        network = Network()
        return Computer(RobotOnLink(robot, network.link()), network.link())

    yield _meet
    for robot in robots:
        robot.simulation.close()
