"""What good walking is: one function per term, each (n,) per second of simulated time.

Weights are in ``RewardParameters`` under the functions' names. Velocity is rewarded twice: at every
instant, loosely, and averaged over the last stride, tightly: a walker sways within each step, so
only the average can be commanded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from wm_control.types import Array
from wm_training.learning.motion import Motion
from wm_training.learning.parameters import GaitParameters, RewardParameters

LOADED = 5.0
"""Normal force above which a foot is on the ground [N]."""


DISTURBED = 0.4
"""Difference from the mean velocity of the last stride that only a push makes [m/s]."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What rewards judge.

    motion: after the step. command: (n, 3) as in force during it. idle: (n,) no motion is asked
    for. standing: (n,) idle, and the clock stands still.
    swing: (n, 2) of the reference, 0 to 1. mean_velocity: (n, 3) forward, left, turning over the
    last stride. action, before, before_that: (n, k) network output, newest first. cadence: (n,)
    what the policy does to its clock, -1 to 1.
    velocity_before: (n, 2) vertical velocity of the soles one step ago [m/s].
    lower, upper: (k,) joint ranges. default: (k,) posture [rad]. limit: (k,) torque [N·m].
    sideways: joints that do not pitch.
    """

    motion: Motion
    command: Array
    idle: NDArray[np.bool_]
    standing: NDArray[np.bool_]
    swing: Array
    mean_velocity: Array
    action: Array
    before: Array
    before_that: Array
    cadence: Array
    velocity_before: Array
    lower: Array
    upper: Array
    default: Array
    limit: Array
    sideways: NDArray[np.intp]
    gait: GaitParameters

    @property
    def loaded(self) -> NDArray[np.bool_]:
        """(n, 2) feet on the ground."""
        return self.motion.load > LOADED

    @property
    def disturbed(self) -> NDArray[np.bool_]:
        """(n,) robots that were pushed: they may step when and where they like."""
        change = self.motion.velocity[:, :2] - self.mean_velocity[:, :2]
        return np.asarray(np.hypot(change[:, 0], change[:, 1]) > DISTURBED)


def _squares(values: Array) -> Array:
    total: Array = np.einsum("ij,ij->i", values, values)
    return total


def _total(values: Array) -> Array:
    """Sum over all but the robots."""
    total: Array = values.reshape(len(values), -1).sum(axis=1)
    return total


def velocity(s: Situation) -> Array:
    """Horizontal velocity at this instant, within about 0.4 m/s."""
    return np.exp(-_squares(s.motion.velocity[:, :2] - s.command[:, :2]) / 0.16)


def mean_velocity(s: Situation) -> Array:
    """Horizontal velocity over a stride: within 0.2 m/s, and the rest of the error linearly."""
    error = s.mean_velocity[:, :2] - s.command[:, :2]
    square = _squares(error)
    return np.exp(-square / 0.04) - np.minimum(np.sqrt(square), 1.0)


def turning(s: Situation) -> Array:
    """Speed of turning at this instant, within about 0.5 rad/s."""
    return np.exp(-((s.motion.angular_velocity[:, 2] - s.command[:, 2]) ** 2) / 0.25)


def mean_turning(s: Situation) -> Array:
    """Speed of turning over a stride: within 0.2 rad/s, and the rest of the error linearly."""
    error = s.mean_velocity[:, 2] - s.command[:, 2]
    return np.exp(-(error**2) / 0.04) - np.minimum(np.abs(error), 1.0)


def schedule(s: Situation) -> Array:
    """Feet that are on the ground when they should be, and only then; mean of both, -1 to 1."""
    wanted = s.swing <= 0.0
    right = (wanted == s.loaded) | s.disturbed[:, None]
    return _total(right - 0.5)


def apex(s: Situation) -> Array:
    """Squared error of the swing foot's height above the wanted arc [m²]."""
    error = s.motion.sole_position[:, :, 2] - s.gait.apex * s.swing
    counts = (s.swing > 0.0) & ~s.disturbed[:, None]
    return _total(np.where(counts, error**2, 0.0))


def height(s: Situation) -> Array:
    """Squared error of the base's height [m²]."""
    return np.square(s.motion.height - s.gait.height)


def upright(s: Situation) -> Array:
    """Horizontal part of gravity in base axes, squared."""
    return _squares(s.motion.gravity[:, :2])


def vertical_velocity(s: Situation) -> Array:
    """Of the base, squared [m²/s²]."""
    return np.square(s.motion.velocity[:, 2])


def angular_velocity(s: Situation) -> Array:
    """Speed of rolling and pitching, squared [rad²/s²]."""
    return _squares(s.motion.angular_velocity[:, :2])


def action_rate(s: Situation) -> Array:
    """Change of the actions, squared."""
    return _squares(s.action - s.before)


def action_jerk(s: Situation) -> Array:
    """Change of the change of the actions, squared."""
    return _squares(s.action - 2.0 * s.before + s.before_that)


def cadence(s: Situation) -> Array:
    """Change of the clock's speed, squared."""
    return np.square(s.cadence)


def torque(s: Situation) -> Array:
    """Sum of squares of the torques per limit."""
    return _squares(s.motion.torque / s.limit)


def power(s: Situation) -> Array:
    """Positive mechanical power [W]."""
    return _total(np.maximum(s.motion.torque * s.motion.joint_velocity, 0.0))


def joint_acceleration(s: Situation) -> Array:
    """Squared, mean over the step [rad²/s⁴]."""
    return _squares(s.motion.joint_acceleration)


def joint_limits(s: Situation) -> Array:
    """How far joints are within 0.05 rad of their limits, or beyond [rad]."""
    q = s.motion.joint_position
    beyond = np.maximum(q - s.upper + 0.05, 0.0) + np.maximum(s.lower + 0.05 - q, 0.0)
    return _total(beyond)


def slip(s: Situation) -> Array:
    """Horizontal speed of feet on the ground [m/s]."""
    speed = np.linalg.norm(s.motion.sole_velocity[:, :, :2], axis=2)
    return _total(speed * s.loaded)


def impact(s: Situation) -> Array:
    """Squared speed at which feet on the ground came down one step ago [m²/s²]."""
    down = np.minimum(s.velocity_before, 0.0)
    return _total(s.loaded * down**2)


def posture(s: Situation) -> Array:
    """Joints that do not pitch, away from the default, squared; all joints if standing."""
    square = (s.motion.joint_position - s.default) ** 2
    sideways = square[:, s.sideways].sum(axis=1)
    cost = np.where(s.standing, square.sum(axis=1) + sideways, sideways)
    return np.asarray(np.where(s.disturbed, 0.3 * cost, cost))


def foot_distance(s: Situation) -> Array:
    """Feet nearer than wanted sideways, ten times squared [m²]; also further apart if standing."""
    distance = s.motion.sole_position[:, 0, 1] - s.motion.sole_position[:, 1, 1]
    near = np.minimum(distance - s.gait.foot_distance, 0.0)
    off = np.where(s.standing, distance - s.gait.foot_distance - 0.02, 0.0)
    cost: Array = 10.0 * near**2 + off**2
    return cost


def foot_heading(s: Situation) -> Array:
    """Feet turned against the base, squared [rad²]."""
    return _squares(s.motion.sole_heading)


def foot_flat(s: Situation) -> Array:
    """Soles not level, squared."""
    return _total(s.motion.sole_normal[:, :, :2] ** 2)


def stillness(s: Situation) -> Array:
    """Speed of joints, rocking, and feet in the air, of robots that stand undisturbed [rad/s]."""
    rocking = np.linalg.norm(s.motion.angular_velocity[:, :2], axis=1)
    moving = np.abs(s.motion.joint_velocity).mean(axis=1) + 3.0 * (~s.loaded).sum(axis=1) + rocking
    return np.where(s.standing & ~s.disturbed, moving, 0.0)


def restless(s: Situation) -> Array:
    """One while the clock runs although no motion is asked for: a robot may not wake itself."""
    return np.where(s.idle & ~s.standing, 1.0, 0.0)


def alive(s: Situation) -> Array:
    """One."""
    return np.ones(len(s.command))


_TERMS: Mapping[str, Callable[[Situation], Array]] = {
    term.__name__: term
    for term in (
        velocity,
        mean_velocity,
        turning,
        mean_turning,
        schedule,
        apex,
        height,
        upright,
        vertical_velocity,
        angular_velocity,
        action_rate,
        action_jerk,
        cadence,
        torque,
        power,
        joint_acceleration,
        joint_limits,
        slip,
        impact,
        posture,
        foot_distance,
        foot_heading,
        foot_flat,
        stillness,
        restless,
        alive,
    )
}

ROUGHNESS = frozenset({"action_rate", "action_jerk"})
"""Terms that exploration pays as well; their price rises as it falls."""

FALLS = ("fall", "fall_hard")
"""Weights of what is added where falls are seen."""

TERMS = {f.name: _TERMS[f.name] for f in fields(RewardParameters) if f.name not in FALLS}
"""Every other term by its name in ``RewardParameters``."""


def rewards(situation: Situation, weights: RewardParameters) -> dict[str, Array]:
    """(n,) weighted, by name; terms without weight are left out."""
    found = {}
    for name, term in TERMS.items():
        weight = getattr(weights, name)
        if weight != 0.0:
            found[name] = weight * term(situation)
    return found
