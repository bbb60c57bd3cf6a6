"""The robot simulated by PyBullet."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.base import CONTROL_PERIOD
from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_bringup.robots.pybullet.engine import PhysicsParameters, PyBulletEngine
from wm_bringup.robots.simulation.actuators import ActuatorParameters, Drives
from wm_bringup.robots.simulation.sensors import SensorParameters, SensorSuite, sensor_parameters
from wm_bringup.robots.simulation.simulation import Simulation
from wm_bringup.robots.simulation.truth import TrueKinematics
from wm_bringup.robots.simulation.urdf import simulation_urdf
from wm_bringup.scenarios.faults import Fault
from wm_bringup.scenarios.scenario import Scenario
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription, load_robot


class PyBulletRobot(Simulation):
    """A ``SimulatedRobot``; every instance has a world of its own."""

    def __init__(
        self,
        description: RobotDescription | None = None,
        scenario: Scenario | None = None,
        *,
        sensors: SensorParameters | None = None,
        actuators: ActuatorParameters | None = None,
        physics: PhysicsParameters | None = None,
        gui: bool = False,
    ) -> None:
        """Default: the G1, a scenario without disturbance.

        sensors, actuators, physics: instead of what the scenario says of them.
        gui: open PyBullet's window. ParameterError for what the scenario cannot mean.
        """
        description = description or load_robot()
        scenario = scenario or Scenario()
        physics = physics or PhysicsParameters(joint_dry_friction=scenario.joint_dry_friction)
        _check_period(physics.physics_step)
        actuators = actuators or ActuatorParameters(
            strength=scenario.motor_strength, viscous_friction=scenario.joint_viscous_friction
        )
        sensors = sensors or sensor_parameters(scenario.noise, scenario.sensor_delay)
        faults = tuple(Fault.parse(text) for text in scenario.faults)
        urdf = simulation_urdf(description, scenario.payload, meshes=gui)
        plain = simulation_urdf(description, scenario.payload, capsules=False)
        super().__init__(
            description,
            scenario,
            PyBulletEngine(description, urdf, physics, gui=gui),
            Drives(description, actuators, physics.physics_step),
            SensorSuite(description.joint_names, sensors, faults, CONTROL_PERIOD),
            TrueKinematics(description, plain),
        )
        self._camera: PyBulletCamera | None = None

    def render(
        self, width: int = 640, height: int = 480, *, yaw: float = 50.0, distance: float = 2.2
    ) -> NDArray[np.uint8]:
        """Picture (height, width, 3) of the robot now; the physics is not touched."""
        if self._camera is None:
            self._camera = PyBulletCamera(self.description, self._terrain)
        truth = self.ground_truth()
        return self._camera.picture(
            truth.base_position_in_world,
            truth.base_orientation,
            truth.joint_position,
            width=width,
            height=height,
            yaw=yaw,
            distance=distance,
        )

    def close(self) -> None:
        """Give world and camera back; a second call does nothing."""
        if self._camera is not None:
            self._camera.close()
            self._camera = None
        super().close()


def _check_period(physics_step: float) -> None:
    steps = CONTROL_PERIOD / physics_step
    if abs(steps - round(steps)) > 1e-9:
        raise ParameterError(
            "physics_step", physics_step, f"must divide the control period {CONTROL_PERIOD} s"
        )
