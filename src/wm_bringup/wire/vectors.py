"""Estimates and commands as flat float64 vectors, the content of Float64MultiArray topics.

One message carries a whole estimate or a whole command, so that neither can be torn or be joined
from samples that do not belong together. docs/interfaces.md shows the layouts.
"""

from __future__ import annotations

import numpy as np

from wm_bringup.wire.cdr import MessageError
from wm_control.drivers import SOURCES, number_of
from wm_control.types import (
    Action,
    AdmittedVelocity,
    Array,
    Command,
    Estimate,
    Observation,
    VelocityCommand,
)

COMMAND_FIELDS = ("position", "velocity", "stiffness", "damping", "torque")
"""Rows of a command, in the order in which they follow its header."""

COMMAND_HEADER = ("stamp", "sequence")
PROPOSAL_HEADER = (*COMMAND_HEADER, "status", "solves", "figures")
"""Of a proposal; then come SOLVE_FIELDS for each solve, and a number for each figure."""

SOLVE_FIELDS = ("status", "age", "residual", "iterations", "solve_time", "holds_for")
ESTIMATE_HEADER = ("stamp", "sequence", "healthy", "run")

VELOCITY_HEADER = ("stamp", "run", "action", "source")
VELOCITY_FIELDS = ("linear_x", "linear_y", "angular_z")
"""An admitted velocity; action: number of the ``Action``, source: place in ``drivers.SOURCES``."""

_ACTIONS = frozenset(float(action) for action in Action)


def estimate_layout(n: int) -> tuple[tuple[str, int], ...]:
    """Name and size of every part of an estimate behind its header, for ``n`` joints."""
    return (
        ("measured_joint_position", n),
        ("measured_joint_velocity", n),
        ("measured_joint_torque", n),
        ("imu_orientation", 4),
        ("imu_angular_velocity", 3),
        ("imu_linear_acceleration", 3),
        ("base_position_in_world", 3),
        ("base_orientation", 4),
        ("base_velocity_in_base", 3),
        ("base_angular_velocity_in_base", 3),
        ("joint_position", n),
        ("joint_velocity", n),
        ("contact_probability", 2),
        ("foot_wrench", 12),
        ("pose_variance", 6),
        ("twist_variance", 6),
    )


def estimate_size(n: int) -> int:
    """Entries of a packed estimate."""
    return len(ESTIMATE_HEADER) + sum(size for _, size in estimate_layout(n))


def pack_estimate(estimate: Estimate, out: Array) -> None:
    """Write an estimate into ``out`` (estimate_size(n),); of covariances only the diagonal."""
    o = estimate.observation
    parts = (
        o.joint_position,
        o.joint_velocity,
        o.joint_torque,
        o.imu_orientation,
        o.imu_angular_velocity,
        o.imu_linear_acceleration,
        estimate.base_position_in_world,
        estimate.base_orientation,
        estimate.base_velocity_in_base,
        estimate.base_angular_velocity_in_base,
        estimate.joint_position,
        estimate.joint_velocity,
        estimate.contact_probability,
        estimate.foot_wrench.ravel(),
        estimate.pose_covariance.diagonal(),
        estimate.twist_covariance.diagonal(),
    )
    header = len(ESTIMATE_HEADER)
    out[:header] = (o.stamp, o.sequence, estimate.healthy, o.run)
    np.concatenate(parts, out=out[header:])


def join_vector(header: Array, body: Array) -> Array:
    """Put header and body of a multi-array together again."""
    return np.concatenate((header, body))


def unpack_estimate(vector: Array, n: int) -> Estimate:
    """Rebuild an estimate of a robot with ``n`` joints; MessageError when the size is wrong.

    The cause of an unhealthy estimate is not in the vector; /diagnostics has it.
    """
    if vector.shape != (estimate_size(n),):
        raise MessageError(
            f"an estimate of {n} joints has {estimate_size(n)} numbers, got {vector.size}"
        )
    part: dict[str, Array] = {}
    start = len(ESTIMATE_HEADER)
    for name, size in estimate_layout(n):
        part[name] = vector[start : start + size]
        start += size
    observation = Observation(
        stamp=float(vector[0]),
        sequence=_sequence(vector[1]),
        joint_position=part["measured_joint_position"],
        joint_velocity=part["measured_joint_velocity"],
        joint_torque=part["measured_joint_torque"],
        imu_orientation=part["imu_orientation"],
        imu_angular_velocity=part["imu_angular_velocity"],
        imu_linear_acceleration=part["imu_linear_acceleration"],
        run=_sequence(vector[3]),
    )
    healthy = bool(vector[2] == 1.0)
    return Estimate(
        observation=observation,
        base_position_in_world=part["base_position_in_world"],
        base_orientation=part["base_orientation"],
        base_velocity_in_base=part["base_velocity_in_base"],
        base_angular_velocity_in_base=part["base_angular_velocity_in_base"],
        joint_position=part["joint_position"],
        joint_velocity=part["joint_velocity"],
        contact_probability=part["contact_probability"],
        foot_wrench=part["foot_wrench"].reshape(2, 6),
        pose_covariance=np.diag(part["pose_variance"]),
        twist_covariance=np.diag(part["twist_variance"]),
        healthy=healthy,
        cause="" if healthy else "state_estimator reports unhealthy, see /diagnostics",
    )


def pack_velocity(velocity: AdmittedVelocity, out: Array) -> None:
    """Write an admitted velocity into ``out`` (7,)."""
    source = number_of(velocity.source)
    command = velocity.command
    out[:] = (
        velocity.stamp,
        velocity.run,
        velocity.action,
        source,
        command.linear_x,
        command.linear_y,
        command.angular_z,
    )


def unpack_velocity(vector: Array) -> AdmittedVelocity:
    """Rebuild an admitted velocity; MessageError for a size, number or name that is none."""
    if vector.shape != (len(VELOCITY_HEADER) + len(VELOCITY_FIELDS),):
        raise MessageError(f"an admitted velocity has 7 numbers, got {vector.size}")
    if not np.isfinite(vector).all():
        raise MessageError("an admitted velocity has numbers that are not finite")
    stamp, run, action, source, *command = vector.tolist()
    if action not in _ACTIONS:
        raise MessageError(f"an admitted velocity has the action {action:g}, which is none")
    known = source in range(len(SOURCES))
    return AdmittedVelocity(
        stamp,
        int(run),
        VelocityCommand(*command),
        Action(int(action)),
        SOURCES[int(source)] if known else "",
    )


def command_rows(command: Command) -> tuple[Array, ...]:
    """List the five rows of a command."""
    return tuple(getattr(command, name) for name in COMMAND_FIELDS)


def unpack_command(header: Array, body: Array, n: int) -> Command:
    """Rebuild a command from its header and its 5 x n body; MessageError when a size is wrong."""
    if header.size < len(COMMAND_HEADER) or body.size != len(COMMAND_FIELDS) * n:
        raise MessageError(
            f"a command of {n} joints has a header of at least {len(COMMAND_HEADER)} and a body of "
            f"{len(COMMAND_FIELDS) * n} numbers, got {header.size} and {body.size}"
        )
    rows = body.reshape(len(COMMAND_FIELDS), n)
    return Command(float(header[0]), _sequence(header[1]), *rows)


def _sequence(value: float) -> int:
    """Read a sequence number; -1, older than any, when it is not finite."""
    return int(value) if np.isfinite(value) else -1
