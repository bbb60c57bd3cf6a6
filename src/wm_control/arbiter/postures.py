"""Commands the arbiter makes itself: damping, and holding the last posture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wm_control.types import Array, Command, Estimate, Observation


def damping_command(observation: Observation, damping: Array) -> Command:
    """Damping: no stiffness, no feed-forward, velocity target zero.

    damping: (n,) gains [N·m·s/rad]. The position target is the measured one, or zero where that is
    not finite; with zero stiffness it has no effect but keeps every number of the command finite.
    """
    zero = np.zeros(damping.shape)
    measured = observation.joint_position
    position = np.where(np.isfinite(measured), measured, zero)
    return Command(
        stamp=observation.stamp,
        sequence=observation.sequence,
        position=position,
        velocity=zero,
        stiffness=zero,
        damping=damping,
        torque=zero,
    )


def hold_command(
    last: Command, observation: Observation, stiffness: Array, damping: Array
) -> Command:
    """Hold the last commanded posture: its position and feed-forward, no velocity.

    stiffness, damping: (n,) the robot's own gains. The feed-forward stays because it carries the
    weight that the position error alone would only carry after sagging.
    """
    return replace(
        last,
        stamp=observation.stamp,
        sequence=observation.sequence,
        velocity=np.zeros(last.velocity.shape),
        stiffness=stiffness,
        damping=damping,
    )


def measured_or(estimate: Estimate, fallback: Array) -> Array:
    """(n,) measured joint positions, ``fallback`` where they are not finite."""
    measured = estimate.observation.joint_position
    return np.where(np.isfinite(measured), measured, fallback)
