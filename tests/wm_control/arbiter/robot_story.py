"""A standing robot and a controller that proposes to keep it so, for timed stories."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from robot_parameters import SAFETY

from wm_control.arbiter.arbiter import Arbiter
from wm_control.arbiter.balance import Balance
from wm_control.arbiter.operator import NO_REQUEST, OperatorInput
from wm_control.arbiter.parameters import DriverLimits
from wm_control.constants import GRAVITY
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.model import RobotModel
from wm_control.types import (
    Command,
    ControllerResult,
    Decision,
    Estimate,
    Observation,
    SolveReport,
    Status,
)

DT = 0.002


@pytest.fixture(scope="session")
def g1() -> RobotDescription:
    return load_robot("g1")


def standing(g1: RobotDescription, stamp: float, sequence: int, **changes: Any) -> Estimate:
    zero = np.zeros(len(g1.joint_names))
    observation = Observation(
        stamp=stamp,
        sequence=sequence,
        joint_position=g1.default_position,
        joint_velocity=zero,
        joint_torque=zero,
        imu_orientation=np.array([0.0, 0.0, 0.0, 1.0]),
        imu_angular_velocity=np.zeros(3),
        imu_linear_acceleration=np.array([0.0, 0.0, 9.81]),
    )
    estimate = Estimate(
        observation=observation,
        base_position_in_world=np.array([0.0, 0.0, 0.74]),
        base_orientation=np.array([0.0, 0.0, 0.0, 1.0]),
        base_velocity_in_base=np.zeros(3),
        base_angular_velocity_in_base=np.zeros(3),
        joint_position=observation.joint_position,
        joint_velocity=observation.joint_velocity,
        contact_probability=np.ones(2),
        foot_wrench=np.zeros((2, 6)),
        pose_covariance=np.eye(6),
        twist_covariance=np.eye(6),
    )
    return replace(estimate, **changes)


def carried(g1: RobotDescription, stamp: float, sequence: int, **changes: Any) -> Estimate:
    """Stand on both soles, which carry the weight in its very line of action."""
    estimate = standing(g1, stamp, sequence, **changes)
    model = RobotModel(g1)
    model.update_kinematics(estimate)
    wrench = np.zeros((2, 6))
    for foot in range(2):
        force = np.array([0.0, 0.0, 0.5 * GRAVITY * model.mass])
        arm = model.com - model.sole_pose(foot)[:3]
        wrench[foot] = *force, *np.cross(arm, force)
    return replace(estimate, foot_wrench=wrench)


def hold(estimate: Estimate, g1: RobotDescription, **changes: Any) -> ControllerResult:
    command = Command(
        stamp=estimate.stamp,
        sequence=estimate.observation.sequence,
        position=g1.default_position,
        velocity=np.zeros(len(g1.joint_names)),
        stiffness=g1.stiffness,
        damping=g1.damping,
        torque=np.full(len(g1.joint_names), 1.0),
    )
    solve = SolveReport("footstep_mpc", Status.OK, 0.004, 0.0, 2, 0.001)
    return replace(ControllerResult("mpc", command, Status.OK, "", (solve,)), **changes)


class LevelGround:
    """Measures the height of the base above level ground at z = 0, and the rest as it is told.

    impulse [N·s], margin [m], slide [m], slope [rad], risks [1]: told of the coming cycle.
    """

    impulse, margin, slide, slope = 0.0, 0.1, 0.0, 0.0
    risks: Mapping[str, float] = MappingProxyType({})

    def reset(self) -> None:
        """There is no past."""

    def __call__(self, estimate: Estimate) -> Balance:
        height = float(estimate.base_position_in_world[2])
        return Balance(height, self.impulse, self.margin, self.slide, self.slope, self.risks)


class Story:
    """An arbiter that lives through control cycles of 2 ms."""

    def __init__(
        self,
        g1: RobotDescription,
        drivers: tuple[str, ...] = ("mpc",),
        yields: Mapping[str, DriverLimits] | None = None,
        **limits: Any,
    ) -> None:
        """yields: where each driver does; limits: that differ from the robot's."""
        limits = {"ramp_time": 0.0, "drivers": dict(yields or {}), **limits}
        parameters = replace(SAFETY.arbiter, **limits)
        self.g1 = g1
        self.drivers = drivers
        self.ground = LevelGround()
        self.arbiter = Arbiter(g1, parameters, preference=drivers, balance=self.ground)
        self.cycle = 0

    @property
    def now(self) -> float:
        return DT * self.cycle

    def step(
        self,
        estimate: dict[str, Any] | None = None,
        result: dict[str, Any] | None = None,
        operator: OperatorInput = NO_REQUEST,
        age: float = 0.0,
        policy: dict[str, Any] | None = None,
        impulse: float = 0.0,
        margin: float = 0.1,
        slide: float = 0.0,
        slope: float = 0.0,
        risks: Mapping[str, float] = MappingProxyType({}),
        **more: Any,
    ) -> Decision:
        """One cycle; ``estimate`` and ``result`` hold what differs from standing well.

        result: of the mpc; policy: of the policy, where there is one. impulse: of a push [N·s].
        margin: by which steps catch the robot [m]. slide [m], slope [rad]: of the soles that carry.
        risks: of a fall under each driver.
        """
        self.cycle += 1
        belief = standing(self.g1, self.now - age, self.cycle, **(estimate or {}))
        self.ground.impulse, self.ground.margin, self.ground.risks = impulse, margin, risks
        self.ground.slide, self.ground.slope = slide, slope
        differing = {"mpc": result, "policy": policy}
        proposals = {
            name: hold(belief, self.g1, controller=name, **(differing[name] or {}))
            for name in self.drivers
        }
        return self.arbiter.update(self.now, belief, proposals, operator, **more)

    def steps(self, count: int, **inputs: Any) -> list[Decision]:
        return [self.step(**inputs) for _ in range(count)]

    def armed(self) -> Story:
        decision = self.step(operator=OperatorInput(arm=True))
        assert decision.armed
        return self


def rules_of(decision: Decision) -> tuple[str, ...]:
    return tuple(cause.rule for cause in decision.causes)


def actions_of(decisions: Iterable[Decision]) -> list[str]:
    return [decision.action.name for decision in decisions]


@pytest.fixture
def story(g1: RobotDescription) -> Story:
    return Story(g1)
