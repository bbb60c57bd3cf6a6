"""Put the parts of a robot's control together from their configuration files.

One place for what every process and every tool builds; all that is wrong with a configuration
stops here, with an error that names file and key. ``robot``: name, folder or file, see
``wm_control.robot.sources.robot_file``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wm_bringup.host import clock
from wm_bringup.robots.base import Robot
from wm_bringup.robots.network import NO_NETWORK, Network
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.scenarios.sizing import sized
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.recoverability import UNKNOWN, Recoverability
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.beside import PlannerBeside
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.derivation.parts import load_derived
from wm_control.errors import ParameterError
from wm_control.estimation.factory import ToldEstimator, make_estimator
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.robot.sources import has_part, load_part

if TYPE_CHECKING:
    from wm_policy.lane import PolicyLane
    from wm_policy.manifest import Manifest
    from wm_policy.network import NetworkFile
    from wm_policy.policy import Policy


def safety_parameters(robot: str | Path) -> SafetyParameters:
    """Limits of arbiter, filter, watchdog and velocity gate: derived, or as arbiter.yaml says."""
    return load_derived(SafetyParameters, robot, "arbiter")


def recoverability(robot: str | Path) -> Recoverability:
    """Read the robot's recoverability.yaml; nobody knows anything where there is none."""
    if not has_part(robot, "recoverability"):
        return UNKNOWN
    return load_part(Recoverability, robot, "recoverability")


def estimator_parameters(robot: str | Path) -> EstimatorParameters:
    """Parameters of the estimator: derived, or as the robot's estimator.yaml says."""
    return load_derived(EstimatorParameters, robot, "estimator")


def model_based_parameters(robot: str | Path) -> ModelBasedParameters:
    """Gait, footstep MPC and whole-body control: derived, or as model_based.yaml says."""
    return load_derived(ModelBasedParameters, robot, "model_based")


def build_estimator(
    description: RobotDescription, parameters: EstimatorParameters
) -> ToldEstimator:
    """Build the state estimator that the parameters ask for."""
    return make_estimator(description, parameters)


def build_planner(
    description: RobotDescription,
    parameters: ModelBasedParameters,
    clock: Callable[[], float] = time.monotonic,
) -> PlannerBeside:
    """Build the footstep planner that works beside the loop; clock: for solve times."""
    planner = FootstepMpc(RobotModel(description), parameters.gait, parameters.mpc, clock)
    return PlannerBeside(planner, parameters.mpc.period, CONTROL_PERIOD)


def named_policy(
    description: RobotDescription,
    file: str = "",
    overlay: str = "",
    clock: Callable[[], float] = lambda: 0.0,
) -> Policy:
    """Load a policy by the names of its files, without a name our own; PolicyError if refused.

    clock: for the time of an inference.
    """
    from wm_policy.loading import load_policy
    from wm_policy.models import shipped_policy

    path = Path(file) if file else shipped_policy()
    return load_policy(path, description, Path(overlay) if overlay else None, clock)


def build_lane(
    description: RobotDescription, manifest: Manifest, network: NetworkFile
) -> PolicyLane:
    """Build what computes the proposals of a checked policy once more."""
    from wm_policy.lane import PolicyLane

    return PolicyLane(build_policy(description, manifest, network), description)


def build_policy(description: RobotDescription, manifest: Manifest, network: NetworkFile) -> Policy:
    """Build a policy that has been checked, by another process perhaps."""
    from wm_policy.policy import Policy

    return Policy(manifest, network, description)


@dataclass(frozen=True, slots=True)
class World:
    """Where a robot lives.

    engine: by name, gui: open its window, of one that is simulated. network: of a real one.
    """

    scenario: Scenario = field(default_factory=Scenario)
    engine: EngineName = "pybullet"
    gui: bool = False
    network: Network = NO_NETWORK


def _mock(robot: str, description: RobotDescription, world: World) -> Robot:
    from wm_bringup.robots.mock import MockRobot

    del robot, world
    return MockRobot(description)


def _simulated(robot: str, description: RobotDescription, world: World) -> Robot:
    return simulate(description, sized(world.scenario, robot), world.engine, gui=world.gui)


def _unitree(robot: str, description: RobotDescription, world: World) -> Robot:
    from wm_bringup.robots.unitree.connect import connect

    if clock.factor() != 1.0 and not world.network.is_within:
        raise ParameterError("slow_motion", clock.factor(), "must be 1: a robot has its own time")
    return connect(robot, description, world.network)


BACKENDS: Mapping[str, Callable[[str, RobotDescription, World], Robot]] = {
    "simulated": _simulated,
    "mock": _mock,
    "unitree": _unitree,
}
"""Every robot backend by name."""


def build_robot(backend: str, robot: str, description: RobotDescription, world: World) -> Robot:
    """Build a robot backend; ParameterError for an unknown one.

    robot: name, folder or file that ``description`` was read from.
    """
    if backend not in BACKENDS:
        raise ParameterError("backend", backend, f"must be one of {', '.join(BACKENDS)}")
    return BACKENDS[backend](robot, description, world)
