"""A URDF read for drafting: its moving bodies sorted into limbs, and their shapes."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wm_control.robot.drafting.limbs import Limbs, find_limbs, group_names
from wm_control.robot.drafting.locking import coupled_joints, locked_positions, passive_joints
from wm_control.robot.drafting.shapes import NONE, Points, link_points, links_of, moved
from wm_control.robot.drafting.skeleton import Skeleton, build_skeleton
from wm_control.robot.urdf import Urdf, read_urdf
from wm_control.types import Array


@dataclass(frozen=True, slots=True)
class Reading:
    """What a URDF says.

    locked: joints that are not driven, and why. groups: of the others, by joint. shapes: points on
    each link, in its frame. balls: (n, 4) of each moving body, in its frame: centre and radius [m].
    """

    urdf: Urdf
    robot: ElementTree.Element
    path: Path
    skeleton: Skeleton
    limbs: Limbs
    locked: Mapping[str, str]
    groups: Mapping[str, str]
    shapes: Mapping[str, Points]
    balls: Mapping[str, Array]


def read_humanoid(path: Path) -> Reading:
    """Read a URDF; RobotDescriptionError when it cannot be, or is no humanoid."""
    urdf = read_urdf(path)
    robot = ElementTree.parse(path).getroot()
    locked = passive_joints(urdf, robot)
    skeleton = build_skeleton(urdf, locked_positions(urdf, locked))
    limbs = find_limbs(skeleton, urdf.source)
    while more := _not_driven(skeleton, limbs) | coupled_joints(urdf, robot, limbs, locked):
        locked |= more
        skeleton = build_skeleton(urdf, locked_positions(urdf, locked))
        limbs = find_limbs(skeleton, urdf.source)
    shapes = {link: link_points(element, path) for link, element in links_of(robot)}
    return Reading(
        urdf=urdf,
        robot=robot,
        path=path,
        skeleton=skeleton,
        limbs=limbs,
        locked=locked,
        groups=group_names(skeleton, limbs),
        shapes=shapes,
        balls=_body_balls(skeleton, shapes),
    )


def _not_driven(skeleton: Skeleton, limbs: Limbs) -> dict[str, str]:
    """Return the joints above and below the legs, and why they are locked."""
    why = "between the base and both legs: the base must move as the hips do"
    between = {skeleton.drives[body].name: why for body in limbs.between}
    return between | {skeleton.drives[body].name: "a toe joint" for body in limbs.toes}


def _body_balls(skeleton: Skeleton, shapes: Mapping[str, Points]) -> dict[str, Array]:
    """Shapes of all links of each moving body."""
    found: dict[str, list[Array]] = {body: [NONE] for body in skeleton.poses}
    for link, frame in skeleton.folded.frames.items():
        place = frame.placement
        found[frame.body].append(moved(shapes[link].balls, place.rotation, place.position))
    return {body: np.concatenate(parts) for body, parts in found.items()}
