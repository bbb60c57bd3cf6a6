"""Every physics engine by name, and the simulated robot on one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from wm_bringup.host.extras import remedy
from wm_bringup.robots.simulation.engine import Engine, SimulatorError
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.scenarios.scenario import Scenario
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription

EngineName = Literal["pybullet", "mujoco"]


def _pybullet(scenario: Scenario, gui: bool) -> Engine:
    from wm_bringup.robots.pybullet.engine import PyBulletEngine

    return PyBulletEngine(dry_friction=scenario.joint_dry_friction, gui=gui)


def _mujoco(scenario: Scenario, gui: bool) -> Engine:
    from wm_bringup.robots.mujoco.engine import MujocoEngine

    del gui
    return MujocoEngine(dry_friction=scenario.joint_dry_friction)


ENGINES: Mapping[EngineName, Callable[[Scenario, bool], Engine]] = {
    "pybullet": _pybullet,
    "mujoco": _mujoco,
}
"""Every engine by name, imported only when it is wanted."""


WITH_WINDOW: tuple[EngineName, ...] = ("pybullet",)
"""Engines that can show what they simulate."""


def check_engine(name: str, *, gui: bool = False) -> None:
    """ParameterError for an engine that there is not, SimulatorError for a window it lacks."""
    if name not in ENGINES:
        raise ParameterError("engine", name, f"must be one of {', '.join(ENGINES)}")
    if gui and name not in WITH_WINDOW:
        known = ", ".join(WITH_WINDOW)
        raise SimulatorError(f"gui: engine '{name}' has no window here; these have one: {known}")


def make_engine(name: EngineName, scenario: Scenario, *, gui: bool = False) -> Engine:
    """Make an engine; ParameterError for an unknown one, SimulatorError when it cannot be made."""
    check_engine(name, gui=gui)
    try:
        return ENGINES[name](scenario, gui)
    except ModuleNotFoundError as error:
        raise SimulatorError(
            f"engine '{name}' needs the library {error.name}, which is not installed: "
            f"{remedy(str(error.name))}"
        ) from error


def simulate(
    description: RobotDescription,
    scenario: Scenario | None = None,
    engine: EngineName = "pybullet",
    *,
    gui: bool = False,
) -> Simulation:
    """Make a ``SimulatedRobot`` with a world of its own; without a scenario it is undisturbed.

    gui: open the engine's window. ParameterError for what the scenario cannot mean.
    """
    scenario = scenario or Scenario()
    return Simulation(description, scenario, make_engine(engine, scenario, gui=gui))
