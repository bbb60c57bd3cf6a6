"""Links that move but have an inertia that no body has: the least change that makes it possible."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from wm_control.robot.drafting.skeleton import Skeleton
from wm_control.robot.inertia import LinkInertia
from wm_control.robot.urdf import Urdf

MASSLESS = 0.1
"""Given to a moving link without mass [kg]."""

THIN = 0.01
"""Radius of the sphere whose moments are the least that a link gets [m]."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Inertia of a link to be written instead of the URDF's, and what was wrong with that."""

    inertia: LinkInertia
    problem: str


def repaired_links(urdf: Urdf, skeleton: Skeleton) -> dict[str, Repair]:
    """Links that need another inertia, by name: those after which moving bodies are named."""
    repairs = {}
    for name, body in skeleton.folded.bodies.items():
        problem = body.inertia.problem()
        if problem:
            repairs[name] = Repair(_possible(urdf.links[name].inertia), problem)
    return repairs


def _possible(inertia: LinkInertia) -> LinkInertia:
    mass = inertia.mass if inertia.mass > 0.0 else MASSLESS
    moments, axes = np.linalg.eigh(inertia.inertia)
    moments = np.maximum(moments, 0.4 * mass * THIN**2)
    lacking = 1.001 * moments[2] - moments[0] - moments[1]
    if lacking > 0.0:
        moments[:2] += 0.5 * lacking
    return replace(inertia, mass=mass, inertia=axes @ np.diag(moments) @ axes.T)
