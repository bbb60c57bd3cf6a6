"""A standing robot, an estimator that believes it and a controller that keeps it so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import (
    Command,
    ControllerResult,
    Estimate,
    Executed,
    Observation,
    SolveReport,
    Status,
    VelocityCommand,
)

G1 = load_robot("g1")
N = len(G1.joint_names)
HEIGHT = 0.75


def observation_at(stamp: float, sequence: int, **changes: Any) -> Observation:
    observation = Observation(
        stamp=stamp,
        sequence=sequence,
        joint_position=G1.default_position,
        joint_velocity=np.zeros(N),
        joint_torque=np.zeros(N),
        imu_orientation=np.array([0.0, 0.0, 0.0, 1.0]),
        imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.array([0.0, 0.0, 9.81]),
    )
    return replace(observation, **changes)


def estimate_of(observation: Observation, **changes: Any) -> Estimate:
    estimate = Estimate(
        observation=observation,
        base_position_in_world=np.array([0.1, 0.2, HEIGHT]),
        base_orientation=observation.imu_orientation,
        base_velocity_in_base=np.array([0.3, 0.0, 0.0]),
        base_angular_velocity_in_base=observation.imu_angular_velocity,
        joint_position=observation.joint_position,
        joint_velocity=observation.joint_velocity,
        contact_probability=np.array([1.0, 0.25]),
        foot_wrench=np.arange(12.0).reshape(2, 6),
        pose_covariance=np.diag(np.arange(1.0, 7.0)),
        twist_covariance=np.diag(np.arange(7.0, 13.0)),
    )
    return replace(estimate, **changes)


class FakeEstimator:
    """Believes the joints; raises on demand, and believes whatever ``changes`` hold."""

    def __init__(self) -> None:
        self.resets = 0
        self.changes: dict[str, Any] = {}
        self.error: Exception | None = None

    def reset(self, observation: Observation) -> Estimate:
        self.resets += 1
        return estimate_of(observation)

    def update(self, observation: Observation) -> Estimate:
        if self.error:
            raise self.error
        return estimate_of(observation, **self.changes)


class FakeController:
    """Holds the default posture; ``answer`` changes what it says, ``error`` makes it raise."""

    def __init__(self, description: RobotDescription = G1, name: str = "mpc") -> None:
        self.description, self.name = description, name
        self.answer: dict[str, Any] = {}
        self.error: Exception | None = None
        self.velocities: list[VelocityCommand] = []
        self.executed: list[Executed | None] = []
        self.plans: list[Any] = []
        self.resets = 0

    def reset(self, estimate: Estimate) -> None:
        self.resets += 1

    def receive(self, plan: Any) -> None:
        self.plans.append(plan)

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        if self.error:
            raise self.error
        self.velocities.append(velocity)
        self.executed.append(executed)
        command = Command(
            stamp=estimate.stamp,
            sequence=estimate.observation.sequence,
            position=self.description.default_position,
            velocity=np.zeros(N),
            stiffness=self.description.stiffness,
            damping=self.description.damping,
            torque=np.zeros(N),
        )
        solve = SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 3, 0.001)
        return replace(ControllerResult(self.name, command, Status.OK, "", (solve,)), **self.answer)
