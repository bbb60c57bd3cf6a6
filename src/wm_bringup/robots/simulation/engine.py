"""What a physics engine must offer to be driven by ``Simulation``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.simulation.ground import Terrain
from wm_bringup.scenarios.scenario import PunchAxes
from wm_control.errors import WmError
from wm_control.fast_init import fast_init
from wm_control.quaternion import Quaternion
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

Vector3 = tuple[float, float, float]

Places = slice | NDArray[np.intp]
"""Of the joints in an array of an engine."""


def joint_places(indices: list[int]) -> Places:
    """Where the joints are in an engine's arrays: one stretch, if it has them in our order.

    A stretch is read and written in a third of the time.
    """
    first, last = indices[0], indices[-1]
    in_order = indices == list(range(first, last + 1))
    return slice(first, last + 1) if in_order else np.array(indices, dtype=np.intp)


class SimulatorError(WmError):
    """The simulator did not take what it was given."""


@fast_init
@dataclass(frozen=True, slots=True)
class BaseState:
    """Pose of base_link and velocity of its origin, in the world.

    orientation: quaternion xyzw and rotation: (3, 3), the same turn from base to world.
    """

    position: Array
    orientation: Quaternion
    rotation: Array
    velocity: Array
    angular_velocity: Array


class Contact(NamedTuple):
    """One contact point of the robot in the last physics step; plain floats, as they come fast.

    link: name of the robot's link. other: name of the robot's other link, empty for the ground.
    position: in the world [m]. normal_force [N]. normal: unit vector towards the link. friction:
    force on the link [N]. All in world axes.
    """

    link: str
    other: str
    position: Vector3
    normal: Vector3
    normal_force: float
    friction: Vector3


class JointForce(NamedTuple):
    """A force (3,) [N] at the centre of a joint, on the link that it moves; see ``Punch``."""

    joint: str
    force: Array
    axes: PunchAxes


class Engine(Protocol):
    """Physics of one robot in one world; joint arrays are in the body's order."""

    physics_step: float

    def rebuild(
        self, body: RobotDescription, terrain: Terrain, base_position: Array, joint_position: Array
    ) -> None:
        """Make the world anew: this body at rest, upright, at this place and posture."""

    def step(
        self, torque: Array, push_force: Array | None, joint_forces: Sequence[JointForce] = ()
    ) -> None:
        """Advance one physics step.

        torque: (n,) of the joints. push_force: (3,) on base_link, in the world. joint_forces: on
        other links, told in axes of the beginning of the step.
        """

    def hold_base(self, position: Array) -> None:
        """Put the base there, upright and at rest; the joints go on as they move."""

    def fix_base(self, position: Array | None) -> None:
        """Carry the base there, upright, in the next steps, so that limbs hang from it.

        Other than after ``hold_base``, with which all fall together in each step, joints feel their
        weight. To be called before every step; None lets go.
        """

    def set_friction(self, friction: float) -> None:
        """Give the ground this friction, until the world is made anew."""

    def kick(self, velocity: Array) -> None:
        """Add a velocity (3,) in the world to the base's, and so to the whole robot's [m/s]."""

    def joint_state(self) -> tuple[Array, Array]:
        """Position [rad] and velocity [rad/s], (n,) each, in new arrays."""

    def base_state(self) -> BaseState:
        """Pose and velocity of base_link."""

    def contacts(self) -> list[Contact]:
        """All contacts of the robot that carried force in the last physics step."""

    def show(self) -> None:
        """Refresh the window, if there is one."""

    def close(self) -> None:
        """Give the world back."""
