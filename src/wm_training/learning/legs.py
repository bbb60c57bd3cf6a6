"""Both legs as the robot's description has them: joints, which of them pitch, the mirror image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wm_control.errors import RobotDescriptionError
from wm_control.robot.description import RobotDescription
from wm_control.robot.model import RobotModel
from wm_control.robot.posture import LATERAL
from wm_control.types import Array
from wm_training.learning.mirror import Mirror

PITCHING = ("hip", "knee", "ankle")
"""What pitches in a leg, from the hip down."""

_ALIKE = 0.99
"""Cosine of an axis and its counterpart's image, below which legs are no mirror images."""


@dataclass(frozen=True, slots=True)
class Legs:
    """names: joints of the left leg from the hip down, then of the right one.

    pitch: places of ``PITCHING`` in a leg. mirror: of one value per joint.
    """

    names: tuple[str, ...]
    pitch: tuple[int, ...]
    mirror: Mirror

    @property
    def count(self) -> int:
        """Joints of both legs."""
        return len(self.names)

    @property
    def each(self) -> int:
        """Joints of one leg."""
        return len(self.names) // 2

    @property
    def sideways(self) -> NDArray[np.intp]:
        """(k,) places of the joints that do not pitch, in both legs."""
        one = [place for place in range(self.each) if place not in self.pitch]
        return np.array([*one, *(self.each + place for place in one)], dtype=np.intp)

    @property
    def angles(self) -> slice:
        """Of these joints in MuJoCo's positions, behind the base; the waist comes after them."""
        return slice(7, 7 + self.count)

    @property
    def speeds(self) -> slice:
        """The same in its velocities."""
        return slice(6, 6 + self.count)

    @property
    def torques(self) -> slice:
        """The same in the forces of its drives."""
        return slice(0, self.count)

    def pitched(self, values: tuple[float, float, float]) -> Array:
        """(each,) of one leg: values of hip, knee and ankle pitch, zero for what does not pitch."""
        leg = np.zeros(self.each)
        leg[list(self.pitch)] = values
        return leg


def build_legs(description: RobotDescription) -> Legs:
    """Read the legs out of the description.

    RobotDescriptionError for legs that are not each other's mirror image, that do not pitch at hip,
    knee and ankle (the reference gait is about these three), or that the waist does not come after.
    """
    left, right = (description.groups[group] for group in ("left_leg", "right_leg"))
    names = tuple(description.joint_names[index] for index in (*left, *right))
    _check_order(description)
    if len(left) != len(right):
        raise RobotDescriptionError(
            f"robot '{description.name}': {len(left)} joints in the left leg, {len(right)} in the "
            "right one, expected mirror images"
        )
    axes = _axes(description, names)
    each = len(left)
    pitch = tuple(place for place in range(each) if abs(axes[place, 1]) > LATERAL)
    if len(pitch) != len(PITCHING):
        found = ", ".join(names[place] for place in pitch) or "none"
        raise RobotDescriptionError(
            f"robot '{description.name}': joints of the left leg that pitch: {found}; expected "
            f"those of {', '.join(PITCHING)}"
        )
    return Legs(names, pitch, _mirror(description.name, names, axes))


def _check_order(description: RobotDescription) -> None:
    """RobotDescriptionError unless the joints that are trained are in the order of ``Legs.angles``.

    The waist is free as well; the robot's order is MuJoCo's, depth first and siblings by name.
    """
    groups = description.groups
    wanted = (*groups["left_leg"], *groups["right_leg"], *groups.get("waist", ()))
    if list(wanted) != sorted(wanted):
        found = ", ".join(description.joint_names[index] for index in sorted(wanted))
        raise RobotDescriptionError(
            f"robot '{description.name}': joints of legs and waist in the robot's order: {found}; "
            "expected for training those of the left leg, then of the right leg, then of the waist "
            "(depth first from the base, siblings by name: rename joints of the URDF)"
        )


def _axes(description: RobotDescription, names: tuple[str, ...]) -> Array:
    """(k, 3) axes of joints in base axes, all joints at zero."""
    robot = RobotModel(description)
    return np.array([robot.joint_axis(name) for name in names])


def _mirror(robot: str, names: tuple[str, ...], axes: Array) -> Mirror:
    """Mirror of one value per joint.

    A turn by q about the axis a is, seen in the mirror, one by -q about (a_x, -a_y, a_z).
    """
    each = len(names) // 2
    image = axes[:each] * np.array([-1.0, 1.0, -1.0])
    alike = np.einsum("ij,ij->i", image, axes[each:])
    for place in np.flatnonzero(~(np.abs(alike) > _ALIKE)):
        raise RobotDescriptionError(
            f"robot '{robot}': joints '{names[place]}' and '{names[each + place]}' are not each "
            "other's mirror image"
        )
    index = np.concatenate((np.arange(each, 2 * each), np.arange(each)))
    return Mirror(index, np.tile(np.sign(alike), 2))
