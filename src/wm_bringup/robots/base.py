"""What a robot is to the program, and what only an evaluator may see of a simulated one.

Controllers, estimators and nodes are given a ``Robot``. Whoever judges them is given a
``SimulatedRobot``; a function that asks for one says in its signature that it uses ground truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from wm_bringup.robots.clocks import RobotClock
from wm_bringup.scenarios.disturbance import Disturbance
from wm_control.errors import WmError
from wm_control.fast_init import fast_init
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation


@fast_init
@dataclass(frozen=True, slots=True)
class GroundTruth:
    """The simulated robot's true state at ``stamp``; never given to a controller.

    Feet are rows in the order LEFT, RIGHT; the world is the simulator's, z up; n joints.

    base_position_in_world: (3,) origin of base_link [m].
    base_orientation: (4,) quaternion xyzw, base to world.
    base_velocity_in_world: (3,) of the base_link origin [m/s].
    base_velocity_in_base: (3,) the same in base axes [m/s].
    base_angular_velocity_in_base: (3,) [rad/s].
    joint_position [rad], joint_velocity [rad/s], joint_torque [N·m]: (n,), the torque that was
        really applied by the drives in the last physics step.
    sole_position: (2, 3) [m]. sole_velocity: (2, 6) of the sole origin, linear [m/s] then angular
        [rad/s], world axes.
    foot_wrench: (2, 6) ground on foot: force [N], then torque about the sole origin [N·m], world.
    normal_force, tangential_force: (2,) along and across the contact normals, summed [N].
    ground_height: (2,) height of the ground under the sole origin [m].
    com_position, com_velocity: (3,) of the whole robot, payload included [m], [m/s].
    push_force: (3,) external force on the base now, world axes [N].
    touching: names of links other than the feet that touch the ground, and of pairs "a|b" of
        links that touch each other.
    """

    stamp: float
    base_position_in_world: Array
    base_orientation: Array
    base_velocity_in_world: Array
    base_velocity_in_base: Array
    base_angular_velocity_in_base: Array
    joint_position: Array
    joint_velocity: Array
    joint_torque: Array
    sole_position: Array
    sole_velocity: Array
    foot_wrench: Array
    normal_force: Array
    tangential_force: Array
    ground_height: Array
    com_position: Array
    com_velocity: Array
    push_force: Array
    touching: tuple[str, ...]


class Robot(Protocol):
    """A robot that is observed and commanded, whatever is behind it."""

    description: RobotDescription

    @property
    def clock(self) -> RobotClock:
        """How the stamps of its observations are told on this computer's clock."""

    def reset(self, seed: int) -> Observation:
        """Start again from the default posture at rest; all randomness follows from ``seed``."""

    def observe(self) -> Observation:
        """Return the newest observation; costs nothing and changes nothing."""

    def step(self, command: Command | None, compute_time: float = 0.0) -> Observation:
        """Advance one control period and return the observation at its end.

        command: answer to the newest observation; None when there is no new one.
        compute_time: time from that observation to the command leaving the controller [s]. Until
            it and the actuation delay have passed, rounded up to whole physics steps, the robot
            goes on with the previous command.
        """

    def pass_over(self, periods: int) -> Observation:
        """Let control periods go by in which nobody commanded, as after a stall; then observe.

        A simulated robot goes on meanwhile, with what its drives make of the silence; a real one
        has already done so.
        """

    def hold(self) -> Observation:
        """Let one control period go by while the robot is held from outside and does not move.

        Its sensors go on; a simulated robot's scenario does not. A real robot is observed.
        """

    def close(self) -> None:
        """Release what the robot holds; the robot cannot be used afterwards."""


class TruthHiddenError(WmError):
    """Somebody looked at the truth who is not to see it."""


class Blindfold:
    """Hides the truth of a simulated robot while it is worn, and counts who looks all the same."""

    def __init__(self) -> None:
        """Not worn."""
        self.worn = False
        self.peeks = 0

    def check(self) -> None:
        """TruthHiddenError while it is worn."""
        if self.worn:
            self.peeks += 1
            raise TruthHiddenError("the truth is for evaluators only")


class SimulatedRobot(Robot, Protocol):
    """A robot whose truth is known; for evaluators only.

    blindfold: worn by who must not see it.
    """

    blindfold: Blindfold

    @property
    def time(self) -> float:
        """Simulated time since reset [s]."""

    def ground_truth(self) -> GroundTruth:
        """Return the true state now."""

    def push(self, impulse: Array, duration: float = 0.1) -> None:
        """Push the base from now on: ``impulse`` (3,) [N·s] along heading, left, up of now."""

    def disturb(self, what: Disturbance) -> None:
        """Push, load or set on other ground from now on, until reset."""

    def set_gait_phase(self, phase: float) -> None:
        """Tell the gait phase now, in [0, 1) of a whole stride; starts pushes that wait for it."""
