"""What a robot file says against its URDF: joints that are absent, links that weigh otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wm_control.errors import ParameterError, RobotDescriptionError
from wm_control.robot.config import LinkConfig, RobotConfig
from wm_control.robot.inertia import LinkInertia
from wm_control.robot.urdf import Link, Urdf


def altered(urdf: Urdf, config: RobotConfig, file: str) -> Urdf:
    """Take away what is ``absent``, and weigh the ``links`` anew.

    RobotDescriptionError for a joint or link that the URDF does not have, ParameterError for an
    inertia that no body has.
    """
    for name in config.absent:
        urdf = _without(urdf, name, file)
    links = dict(urdf.links)
    for name, entry in config.links.items():
        links[name] = _weighed(name, entry, links, file)
    return replace(urdf, links=links)


def _without(urdf: Urdf, joint: str, file: str) -> Urdf:
    """Take away one joint and all that it carries."""
    if joint not in urdf.joints:
        raise RobotDescriptionError(
            f"{file}: absent: joint '{joint}' does not exist in {urdf.source} anyhow, expected one "
            f"of: {', '.join(sorted(urdf.joints))}"
        )
    cut = _carried(urdf, urdf.joints[joint].child)
    return replace(
        urdf,
        links={name: link for name, link in urdf.links.items() if name not in cut},
        joints={name: j for name, j in urdf.joints.items() if j.child not in cut},
    )


def _carried(urdf: Urdf, link: str) -> set[str]:
    """Names of a link and of all links below it."""
    below = (_carried(urdf, j.child) for j in urdf.joints.values() if j.parent == link)
    return {link}.union(*below)


def _weighed(name: str, entry: LinkConfig, links: Mapping[str, Link], file: str) -> Link:
    if name not in links:
        raise RobotDescriptionError(
            f"{file}: links: there is no link '{name}', expected one of: {', '.join(links)}"
        )
    xx, xy, xz, yy, yz, zz = entry.inertia
    matrix = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    inertia = LinkInertia(entry.mass, np.array(entry.com), matrix)
    problem = inertia.problem() if entry.mass > 0.0 else ""
    if problem:
        raise ParameterError(f"links.{name}", entry.inertia, problem, file)
    return replace(links[name], inertia=inertia)
