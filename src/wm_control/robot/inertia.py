"""Rigid-body inertia of one link: moved, merged and loaded with a rotor, exactly.

All inertias are about the centre of mass. The rules are those of Featherstone, Rigid Body Dynamics
Algorithms (2008), section 2.13.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class LinkInertia:
    """Mass [kg], centre of mass (3,) [m] and inertia (3, 3) about it [kg·m²], all in one frame."""

    mass: float
    com: Array
    inertia: Array

    def placed(self, rotation: Array, position: Array) -> LinkInertia:
        """Express in the parent frame, in which this frame has ``rotation`` and ``position``."""
        return LinkInertia(
            self.mass, rotation @ self.com + position, rotation @ self.inertia @ rotation.T
        )

    def merged(self, other: LinkInertia) -> LinkInertia:
        """Return both bodies as one rigid body (parallel-axis theorem); same frame for both."""
        mass = self.mass + other.mass
        if mass == 0.0:
            return self
        com = (self.mass * self.com + other.mass * other.com) / mass
        inertia = sum(
            (b.inertia + b.mass * point_inertia(b.com - com) for b in (self, other)),
            start=np.zeros((3, 3)),
        )
        return LinkInertia(mass, com, inertia)

    def with_rotor(self, axis: Array, armature: float) -> LinkInertia:
        """Add a rotor's inertia about a unit ``axis``, and half of it about the other two.

        The half keeps the triangle inequality Ixx + Iyy >= Izz of a real body; without it PyBullet
        silently sets the whole inertia of the link to zero.
        """
        rotor = 0.5 * armature * (np.eye(3) + np.outer(axis, axis))
        return LinkInertia(self.mass, self.com, self.inertia + rotor)

    def problem(self) -> str:
        """Say why no real body can have this inertia; an empty text when one can."""
        if not self.mass > 0.0:
            return f"mass {self.mass:g} kg is not positive"
        moments = np.linalg.eigvalsh(self.inertia)
        if not moments[0] > 0.0:
            return f"principal moment {moments[0]:g} kg·m² is not positive"
        if not moments[0] + moments[1] >= moments[2] * (1.0 - 1e-6):
            return f"principal moments {moments} kg·m² break the triangle inequality"
        return ""


NOTHING = LinkInertia(0.0, np.zeros(3), np.zeros((3, 3)))
"""The inertia of a link that has none."""


def point_inertia(offset: Array) -> Array:
    """Inertia of a unit point mass at ``offset`` about the origin: (r·r) 1 - r r^T [m²]."""
    inertia: Array = np.dot(offset, offset) * np.eye(3) - np.outer(offset, offset)
    return inertia
