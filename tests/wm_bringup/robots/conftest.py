"""A simulated G1 on either engine, and the commands that tests send to it."""

import numpy as np
import pytest

from wm_bringup.robots.mujoco.engine import MujocoEngine, MujocoParameters
from wm_bringup.robots.pybullet.engine import PhysicsParameters, PyBulletEngine
from wm_bringup.robots.simulated import ENGINES, make_engine
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.scenario import Scenario
from wm_control.robot.description import load_robot
from wm_control.types import Command


@pytest.fixture(scope="session")
def g1():
    return load_robot("g1")


@pytest.fixture(params=ENGINES)
def engine(request):
    """Name of an engine: whoever asks for it is tested on all."""
    return request.param


@pytest.fixture
def with_step(engine):
    """Return an engine with this physics step [s]."""

    def _with_step(step):
        if engine == "mujoco":
            return MujocoEngine(MujocoParameters(physics_step=step))
        return PyBulletEngine(PhysicsParameters(physics_step=step))

    return _with_step


@pytest.fixture
def simulate(g1, engine):
    """Build simulated robots that are closed when the test ends."""
    robots = []

    def _simulate(scenario=None, *, on=None, gui=False, **options):
        scenario = scenario or Scenario()
        physics = on or make_engine(engine, scenario, gui=gui)
        robots.append(Simulation(g1, scenario, physics, **options))
        return robots[-1]

    yield _simulate
    for robot in robots:
        robot.close()


@pytest.fixture(scope="session")
def hold(g1):
    """Return a command that holds a posture, ``scale`` times stiffer than the derived gains."""

    def _hold(observation, position=None, scale=9.0, torque=0.0):
        n = len(g1.joint_names)
        return Command(
            stamp=observation.stamp,
            sequence=observation.sequence,
            position=np.array(g1.default_position if position is None else position),
            velocity=np.zeros(n),
            stiffness=scale * g1.stiffness,
            damping=scale**0.5 * g1.damping,
            torque=np.full(n, torque),
        )

    return _hold


@pytest.fixture(scope="session")
def limp(g1):
    """Return a command without any torque."""

    def _limp(observation):
        zero = np.zeros(len(g1.joint_names))
        return Command(observation.stamp, observation.sequence, zero, zero, zero, zero, zero)

    return _limp
