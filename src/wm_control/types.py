"""The nouns that cross module borders.

Conventions, everywhere in the project: SI units; ``n`` is the number of actuated joints (29 on the
G1) in the order of ``RobotDescription.joint_names``; quaternions are ``(x, y, z, w)`` and rotate
base coordinates into world coordinates; the world is ``odom`` (z up, REP-105); ``base_link`` is the
pelvis (REP-120); arrays are float64 and are never written to after construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from wm_control.drivers import ARBITER
from wm_control.fast_init import fast_init

Array = NDArray[np.float64]

LEFT, RIGHT = 0, 1
"""Foot indices, also the order of every two-row array about feet."""


@fast_init
@dataclass(frozen=True, slots=True)
class Observation:
    """What the robot's sensors report at one instant; a real G1 gives exactly this and no more.

    stamp: time of measurement on the robot's clock [s].
    sequence: count of observations since reset; gaps mean lost samples.
    run: number of the start that it belongs to; larger with every start of the robot. Whoever keeps
        a state over time starts anew when it changes, and for no other reason.
    joint_position: (n,) [rad].
    joint_velocity: (n,) [rad/s].
    joint_torque: (n,) torque estimated by the drives [N·m].
    imu_orientation: (4,) quaternion xyzw, IMU axes to the IMU's own gravity-aligned world; its
        heading is arbitrary and drifts.
    imu_angular_velocity: (3,) in IMU axes [rad/s].
    imu_linear_acceleration: (3,) specific force in IMU axes [m/s²]; (0, 0, +9.81) at rest, level.
    """

    stamp: float
    sequence: int
    joint_position: Array
    joint_velocity: Array
    joint_torque: Array
    imu_orientation: Array
    imu_angular_velocity: Array
    imu_linear_acceleration: Array
    run: int = 0


@fast_init
@dataclass(frozen=True, slots=True)
class VelocityCommand:
    """What the operator asks for, in the heading-aligned base frame (REP-103: x forward, y left).

    linear_x, linear_y: [m/s]; angular_z: [rad/s].
    """

    linear_x: float = 0.0
    linear_y: float = 0.0
    angular_z: float = 0.0


@fast_init
@dataclass(frozen=True, slots=True)
class Estimate:
    """The estimator's belief at the time of ``observation.stamp``; all that a controller may know.

    base_position_in_world: (3,) origin of base_link in odom [m].
    base_orientation: (4,) quaternion xyzw, base to world.
    base_velocity_in_base: (3,) linear velocity of the base_link origin, base axes [m/s].
    base_angular_velocity_in_base: (3,) bias-corrected, base axes [rad/s].
    joint_position, joint_velocity: (n,) as the controller should use them [rad], [rad/s].
    contact_probability: (2,) left, right, in [0, 1].
    foot_wrench: (2, 6) estimated wrench of the ground on each sole: force [N] then torque [N·m],
        about the sole frame's origin, in world axes.
    pose_covariance, twist_covariance: (6, 6) translation first, in odom and base_link axes
        respectively (nav_msgs/Odometry order).
    healthy: False when the estimate must not be used; ``cause`` then says why.
    """

    observation: Observation
    base_position_in_world: Array
    base_orientation: Array
    base_velocity_in_base: Array
    base_angular_velocity_in_base: Array
    joint_position: Array
    joint_velocity: Array
    contact_probability: Array
    foot_wrench: Array
    pose_covariance: Array
    twist_covariance: Array
    healthy: bool = True
    cause: str = ""

    @property
    def stamp(self) -> float:
        """Time of the observation this estimate belongs to [s]."""
        return self.observation.stamp


@fast_init
@dataclass(frozen=True, slots=True)
class Command:
    """One joint command: torque = tau + kp (q - q_measured) + kd (dq - dq_measured), at the drive.

    stamp: time of the observation it answers [s]; sequence: of that observation.
    position [rad], velocity [rad/s], stiffness [N·m/rad], damping [N·m·s/rad], torque [N·m]: (n,).
    """

    stamp: float
    sequence: int
    position: Array
    velocity: Array
    stiffness: Array
    damping: Array
    torque: Array


@fast_init
@dataclass(frozen=True, slots=True)
class Executed:
    """What the robot was sent in the cycle before, after all limits; every controller is told.

    source: who drove, as in ``Decision``.
    """

    command: Command
    source: str

    def driven_by_another(self, controller: str) -> bool:
        """Whether another controller had the robot, so that this one runs in its shadow.

        The arbiter is no other controller: it intervenes, and the one in charge stays that.
        """
        return driven_by_another(self.source, controller)


def driven_by_another(source: str, controller: str) -> bool:
    """Whether a ``source`` of commands means that ``controller`` runs in another's shadow."""
    return source not in (ARBITER, controller)


class Status(IntEnum):
    """How a controller's step went, in order of severity."""

    OK = 0
    DEGRADED = 1
    FAILED = 2


@fast_init
@dataclass(frozen=True, slots=True)
class SolveReport:
    """What one optimisation did, so that no old or bad answer is used unnoticed.

    name: e.g. ``footstep_mpc``; status: OK when the answer meets its tolerances.
    cause: one line when not OK. age: seconds between the state it was computed from and now [s].
    residual: largest violation of the problem's own constraints, in their scaled units.
    iterations: of the solver. solve_time: build and solve, wall clock [s].
    holds_for: time for which the answer was made to hold, such as the period of a learned policy
    [s]; it is old only beyond that.
    """

    name: str
    status: Status
    age: float
    residual: float
    iterations: int
    solve_time: float
    cause: str = ""
    holds_for: float = 0.0


@fast_init
@dataclass(frozen=True, slots=True)
class ControllerResult:
    """What one contestant proposes for this instant.

    command: None only when status is FAILED.
    figures: what it says of its own state, by name: ``novelty`` of its observation, ``phase`` of
        the stride in [0, 1). One that it cannot say is absent.
    """

    controller: str
    command: Command | None
    status: Status
    cause: str = ""
    solves: tuple[SolveReport, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class Action(IntEnum):
    """What the arbiter does, in order of severity; the worst active one wins."""

    NOMINAL = 0
    LIMITED = 1
    FALLBACK = 2
    SAFE_POSTURE = 3
    FALL_POSTURE = 4
    DAMPING = 5


@dataclass(frozen=True, slots=True)
class Cause:
    """One active rule of the arbiter: what was measured against which limit.

    action: what it calls for now; NOMINAL when it is about a controller that need not drive.
    controller: that it is about; empty when it is about the robot.
    """

    rule: str
    value: float
    limit: float
    text: str
    action: Action = Action.NOMINAL
    controller: str = ""


@fast_init
@dataclass(frozen=True, slots=True)
class Decision:
    """What the arbiter sends to the robot, and why.

    source: name of the controller whose command passes, or ``arbiter`` for damping and posture.
    previous: of the controller that handed over to it, or ``arbiter`` for its posture, while that
        last command is still part of this one. share: of ``source`` in the command, in [0, 1].
    causes: all rules active now, about the robot and about each controller; ``unarmed`` last,
        else the worst first.
    first_cause: the one that started the present intervention.
    armed: False until the operator arms; an unarmed robot gets damping.
    clipped: (n,) bool, joints whose command the filter changed.
    """

    stamp: float
    action: Action
    source: str
    command: Command
    armed: bool
    causes: tuple[Cause, ...] = ()
    first_cause: Cause | None = None
    previous: str = ""
    share: float = 1.0
    clipped: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


@fast_init
@dataclass(frozen=True, slots=True)
class AdmittedVelocity:
    """What the velocity gate admits of the operator's command, for whoever drives or may drive.

    stamp, run: of the observation in whose cycle it was admitted. command: within the limits that
    hold under ``action``, the arbiter's in that cycle. source: who drove (``Decision.source``).
    """

    stamp: float
    run: int
    command: VelocityCommand
    action: Action
    source: str


class Estimator(Protocol):
    """Sensors in, belief out. Never raises in the loop: says ``healthy=False`` with a cause."""

    def reset(self, observation: Observation) -> Estimate:
        """Start from rest on flat ground, heading zero, with x = y = z = 0 between the soles."""

    def update(self, observation: Observation) -> Estimate:
        """Take in the next observation."""


class Controller(Protocol):
    """One contestant. Time and randomness come in as arguments; nothing is read from a clock."""

    name: str

    def reset(self, estimate: Estimate) -> None:
        """Forget the past and start from this estimate."""

    def step(
        self,
        estimate: Estimate,
        velocity: VelocityCommand,
        dt: float,
        executed: Executed | None = None,
    ) -> ControllerResult:
        """Propose a command for the instant of ``estimate``; never raises in the loop.

        executed: what the robot was sent last, whoever drives; None at the start of a run.
        """
