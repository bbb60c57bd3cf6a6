"""States of the real robot's model, without physics: standing, displaced, moving, mirrored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pinocchio as pin
import pytest

from wm_control.configuration.parameters import load_parameters, merged
from wm_control.controllers.model_based import ModelBasedController, ModelBasedParameters
from wm_control.derivation.parts import part_content
from wm_control.mpc.footstep_mpc import FootstepMpc
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.model import RobotModel
from wm_control.types import Array, Estimate, Observation


@pytest.fixture(scope="session")
def g1() -> RobotDescription:
    return load_robot("g1")


@pytest.fixture
def model(g1: RobotDescription) -> RobotModel:
    return RobotModel(g1)


@pytest.fixture(scope="session")
def standing(g1: RobotDescription) -> Estimate:
    """At rest in the default posture, soles level at z = 0, x = y = 0 between them."""
    q = np.concatenate((np.zeros(6), [1.0], g1.default_position))
    model = RobotModel(g1)
    model.update_kinematics(estimate_of(q, np.zeros(model.nv)))
    q[:3] = -0.5 * (model.sole_pose(0)[:3] + model.sole_pose(1)[:3])
    return estimate_of(q, np.zeros(model.nv))


def estimate_of(q: Array, v: Array, stamp: float = 0.0, sequence: int = 0) -> Estimate:
    """Estimate for a configuration (7 + n,) and velocity (6 + n,) in Pinocchio's order."""
    zero, zero3 = np.zeros(len(q) - 7), np.zeros(3)
    observation = Observation(stamp, sequence, q[7:], v[6:], zero, q[3:7], v[3:6], zero3)
    return Estimate(
        observation=observation,
        base_position_in_world=q[:3],
        base_orientation=q[3:7],
        base_velocity_in_base=v[:3],
        base_angular_velocity_in_base=v[3:6],
        joint_position=q[7:],
        joint_velocity=v[6:],
        contact_probability=np.ones(2),
        foot_wrench=np.zeros((2, 6)),
        pose_covariance=np.eye(6),
        twist_covariance=np.eye(6),
    )


def state_of(estimate: Estimate) -> tuple[Array, Array]:
    """Configuration and velocity in Pinocchio's order, as copies."""
    q = np.concatenate(
        (estimate.base_position_in_world, estimate.base_orientation, estimate.joint_position)
    )
    v = np.concatenate(
        (
            estimate.base_velocity_in_base,
            estimate.base_angular_velocity_in_base,
            estimate.joint_velocity,
        )
    )
    return q, v


def at(estimate: Estimate, stamp: float) -> Estimate:
    """Return the same belief, ``stamp`` seconds after the start."""
    observation = replace(estimate.observation, stamp=stamp, sequence=round(stamp / 0.002))
    return replace(estimate, observation=observation)


def some_motion(estimate: Estimate, seed: int, size: float = 1.0) -> tuple[Array, Array]:
    """Configuration and velocity near an estimate's, every joint and the base displaced."""
    rng = np.random.default_rng(seed)
    q, _ = state_of(estimate)
    n = len(q) - 7
    turn = pin.Quaternion(pin.rpy.rpyToMatrix(*(0.1 * size * rng.standard_normal(3)))).coeffs()
    q[3:7] = turn
    q[7:] += 0.1 * size * rng.standard_normal(n)
    return q, size * rng.standard_normal(6 + n) * np.repeat([0.3, 0.5, 0.7], [3, 3, n])


def mirrored(description: RobotDescription, q: Array, v: Array) -> tuple[Array, Array]:
    """Reflect a state in the plane y = 0: sides swap; lateral, roll and yaw change sign."""
    order, sign = joint_mirror(description)
    base = np.array([1.0, -1.0, 1.0])
    quaternion = q[3:7] * np.array([-1.0, 1.0, -1.0, 1.0])
    return (
        np.concatenate((q[:3] * base, quaternion, sign * q[7:][order])),
        np.concatenate((v[:3] * base, -v[3:6] * base, sign * v[6:][order])),
    )


def joint_mirror(description: RobotDescription) -> tuple[list[int], Array]:
    """For each joint, its counterpart on the other side and the sign of its angle there."""
    swap = {"left": "right", "right": "left"}
    names = description.joint_names
    others = [
        "_".join([swap.get(first, first), *rest])
        for first, *rest in (name.split("_") for name in names)
    ]
    sign = [-1.0 if "roll" in name or "yaw" in name else 1.0 for name in names]
    return [names.index(name) for name in others], np.array(sign)


def planner_and_controller(
    description: RobotDescription, source: Mapping[str, Any] | Path | None = None
) -> tuple[FootstepMpc, ModelBasedController]:
    """Both halves of the model-based driver, with the G1's parameters, changed by ``source``."""
    own = part_content("g1", "model_based")
    content = source if isinstance(source, Path) else merged(own, source or {})
    parameters = load_parameters(ModelBasedParameters, content)
    planner = FootstepMpc(RobotModel(description), parameters.gait, parameters.mpc, lambda: 0.0)
    return planner, ModelBasedController(description, parameters)


@dataclass(frozen=True)
class FrameState:
    """Pose and motion of one frame, world axes; ``bias`` is its acceleration at v̇ = 0."""

    position: Array
    rotation: Array
    velocity: Array
    bias: Array


def frame_state(model: RobotModel, frame: int) -> FrameState:
    placement = model.data.oMf[frame]
    axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    return FrameState(
        placement.translation,
        placement.rotation,
        model.frame_velocity(frame),
        pin.getFrameClassicalAcceleration(model.model, model.data, frame, axes).np,
    )


def frame_jacobian(model: RobotModel, frame: int) -> Array:
    axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
    return pin.getFrameJacobian(model.model, model.data, frame, axes)
