"""Golden answers: what a policy must say before it may start.

``Golden`` holds a network to one observation -> action vector. ``GoldenRollout`` holds network and
manifest together to the joint targets at the end of a synthetic walk, a formula of time and
joint: what changes a command (an order, a scale, a history, a phase, a gain, a rate) changes it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

import numpy as np

from wm_control.constants import GRAVITY
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Estimate, Observation, VelocityCommand
from wm_policy.errors import GoldenMismatchError, NetworkError, PolicyError, WidthMismatchError
from wm_policy.manifest import Golden, GoldenRollout
from wm_policy.policy import Policy

STORY_STEPS: Final = 60
"""Long enough to fill histories, to stand, to walk, and to ask for more than is allowed."""

_GOLDEN_SPREAD: Final = 0.3


def golden_problems(policy: Policy, robot: RobotDescription, file: Path) -> list[PolicyError]:
    """Run every golden answer of the manifest; empty when all are reproduced."""
    found: list[PolicyError] = []
    for index, golden in enumerate(policy.manifest.golden):
        problem = check_golden(policy, golden, file, f"golden[{index}]")
        if problem:
            found.append(problem)
    if policy.manifest.story is not None and not found:
        problem = check_story(policy, policy.manifest.story, robot, file)
        if problem:
            found.append(problem)
    return found


def check_golden(policy: Policy, golden: Golden, file: Path, field: str) -> PolicyError | None:
    """Compare one observation -> action vector with what the network says."""
    runner = policy.runner
    policy.reset()
    for name, values in golden.inputs.items():
        if name not in runner.inputs:
            expected = f"one of {', '.join(runner.inputs)}"
            return NetworkError(file, f"{field}.inputs", expected, f"'{name}'")
        if len(values) != len(runner.inputs[name]):
            expected = f"{len(runner.inputs[name])} values"
            return WidthMismatchError(file, f"{field}.inputs.{name}", expected, f"{len(values)}")
        runner.inputs[name][:] = values
    runner.run()
    problem = None
    for name, values in golden.outputs.items():
        if name not in runner.outputs:
            expected = f"one of {', '.join(runner.outputs)}"
            return NetworkError(file, f"{field}.outputs", expected, f"'{name}'")
        found = np.array(runner.outputs[name], dtype=np.float64)
        place = f"{field}.outputs.{name}"
        problem = problem or _compare(np.array(values), found, golden.tolerance, file, place, ())
    policy.reset()
    return problem


def check_story(
    policy: Policy, story: GoldenRollout, robot: RobotDescription, file: Path
) -> PolicyError | None:
    """Compare the joint targets at the end of the synthetic walk."""
    told = tell_story(policy, robot, story.steps)
    for name in ("stiffness", "damping", "last", "mean"):
        expected, found = np.array(getattr(story, name)), np.array(told[name])
        place = f"story.{name}"
        names = own_joints(policy, robot)
        problem = _compare(expected, found, story.tolerance, file, place, names)
        if problem:
            return problem
    return None


def _compare(
    expected: Array,
    found: Array,
    tolerance: float,
    file: Path,
    field: str,
    names: tuple[str, ...],
) -> PolicyError | None:
    if expected.shape != found.shape:
        return WidthMismatchError(file, field, f"{found.size} values", f"{expected.size}")
    error = np.abs(found - expected) / np.maximum(1.0, np.abs(expected))
    if (error <= tolerance).all():
        return None
    worst = int(np.argmax(np.where(np.isfinite(error), error, np.inf)))
    place = f"{field} of {names[worst]}" if names else f"{field}[{worst}]"
    return GoldenMismatchError(
        file, place, f"{expected[worst]:.6g} within {tolerance:g}", f"{found[worst]:.6g}"
    )


def record_golden(policy: Policy) -> dict[str, Any]:
    """Return a golden observation -> action vector of this network, as plain data."""
    policy.reset()
    inputs = {}
    for number, tensor in enumerate(policy.manifest.inputs):
        values = policy.runner.inputs[tensor.name]
        angles = 1.7 * np.arange(len(values)) + number
        inputs[tensor.name] = np.round(_GOLDEN_SPREAD * np.sin(angles), 3).tolist()
        values[:] = inputs[tensor.name]
    policy.runner.run()
    manifest = policy.manifest
    names = {manifest.action.output, manifest.gains.stiffness_output, manifest.gains.damping_output}
    names.add(manifest.phase.speed if manifest.phase else None)
    outputs = {
        name: [round(float(v), 6) for v in policy.runner.outputs[name]]
        for name in sorted(name for name in names if name)
    }
    policy.reset()
    return {"inputs": inputs, "outputs": outputs}


def record_story(
    policy: Policy, robot: RobotDescription, steps: int = STORY_STEPS
) -> dict[str, Any]:
    """Return the story of this policy, as plain data."""
    told = tell_story(policy, robot, steps)
    rounded = {name: [round(float(v), 6) for v in values] for name, values in told.items()}
    return {"steps": steps, **rounded}


def tell_story(policy: Policy, robot: RobotDescription, steps: int) -> dict[str, Array]:
    """Run the synthetic walk; returns last, mean, stiffness, damping of the policy's joints."""
    own = own_joints(policy, robot)
    joints = np.array([robot.joint_names.index(name) for name in own])
    order = np.array([policy.manifest.action.joints.index(name) for name in own])
    policy.reset()
    targets = np.zeros((steps, len(own)))
    for index in range(steps):
        time = index * policy.period
        step = policy.step(synthetic_estimate(robot, time), synthetic_command(time))
        targets[index] = step.position[joints]
    stiffness, damping = policy.asked_gains()
    policy.reset()
    return {
        "last": targets[-1],
        "mean": targets.mean(axis=0),
        "stiffness": stiffness[order],
        "damping": damping[order],
    }


def own_joints(policy: Policy, robot: RobotDescription) -> tuple[str, ...]:
    """Return the joints that the policy commands, in the robot's order."""
    return tuple(name for name in robot.joint_names if name in policy.manifest.action.joints)


def synthetic_command(time: float) -> VelocityCommand:
    """Stand for 0.2 s, then ask for what grows beyond every range, forward and backward."""
    if time < 0.2:
        return VelocityCommand()
    reach = 4.0 * (time - 0.2)
    return VelocityCommand(
        0.5 * math.sin(3.0 * time) + reach * math.sin(9.0 * time),
        reach * math.cos(7.0 * time),
        reach * math.sin(5.0 * time + 1.0),
    )


def synthetic_estimate(robot: RobotDescription, time: float) -> Estimate:
    """Return an estimate that no two times, joints or signals have alike; not a possible walk.

    Of the robot only the number of joints matters, so that other postures change no story.
    """
    n = len(robot.joint_names)
    phase = 0.7 * np.arange(n)
    position = 0.1 + 0.25 * np.sin(6.0 * time + phase)
    velocity = 1.2 * np.cos(6.0 * time + phase)
    roll, pitch, yaw = 0.1 * math.sin(5.0 * time), 0.1 * math.cos(4.0 * time), 0.3 * time
    quaternion = _quaternion(roll, pitch, yaw)
    gyro = np.array([0.5 * math.cos(5.0 * time), -0.4 * math.sin(4.0 * time), 0.3])
    zero = np.zeros(n)
    observation = Observation(
        stamp=time,
        sequence=round(500.0 * time),
        joint_position=position,
        joint_velocity=velocity,
        joint_torque=zero,
        imu_orientation=quaternion,
        imu_angular_velocity=gyro,
        imu_linear_acceleration=np.array([0.0, 0.0, GRAVITY]),
    )
    return Estimate(
        observation=observation,
        base_position_in_world=np.array([0.4 * time, 0.0, 0.75]),
        base_orientation=quaternion,
        base_velocity_in_base=np.array([0.4 + 0.1 * math.sin(8.0 * time), 0.05, -0.02]),
        base_angular_velocity_in_base=gyro,
        joint_position=position,
        joint_velocity=velocity,
        contact_probability=np.ones(2),
        foot_wrench=np.zeros((2, 6)),
        pose_covariance=np.zeros((6, 6)),
        twist_covariance=np.zeros((6, 6)),
    )


def _quaternion(roll: float, pitch: float, yaw: float) -> Array:
    """Return the quaternion xyzw of Euler angles z-y-x."""
    (sr, cr), (sp, cp), (sy, cy) = (
        (math.sin(0.5 * a), math.cos(0.5 * a)) for a in (roll, pitch, yaw)
    )
    return np.array(
        [
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
            cr * cp * cy + sr * sp * sy,
        ]
    )
