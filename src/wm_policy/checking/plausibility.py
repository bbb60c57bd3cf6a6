"""Metadata that contradicts the robot or the network, although every length is right.

Orders, signs and units drift between training and deployment, and nothing but the robot's fall
tells. What can be known is: joints have limits, humanoids have two like sides, joint orders follow
the kinematic tree, and a network's own normaliser remembers what its inputs looked like.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from wm_control.robot.description import RobotDescription
from wm_policy.drives import carried_inertia, largest_damping
from wm_policy.errors import ImplausibleError, PolicyError
from wm_policy.manifest import Held, Manifest, Statistics, Term
from wm_policy.network import NetworkFile
from wm_policy.posture import held_posture
from wm_policy.widths import block_width, term_width

LIMIT_MARGIN: Final = 0.02
"""How far a default pose may lie outside the joint's range [rad]; exporters round."""

LARGEST_STIFFNESS: Final = 2000.0
LARGEST_DAMPING: Final = 200.0
LARGEST_SCALE: Final = 5.0
"""Beyond any drive of a humanoid: [N·m/rad], [N·m·s/rad], [rad per unit of action]."""

LARGEST_COMMAND: Final = 5.0
"""Of any velocity command [m/s, rad/s]."""

GRAVITY_SLACK: Final = 0.4
"""How far the mean of the observed vertical component of gravity may be from -1."""

FULL_CIRCLE: Final = 0.985
"""Least E[sin² + cos²] of a phase that is always on its circle: 1, but for samples and rounding."""

LEAST_DAMPING_RATIO: Final = 0.3
"""Of a held joint with what it carries. Held at 0.1, two public policies fell in 22 of 24 episodes
that they walk through with a ratio of 1. Joints that a policy commands are not held to it: it
damps them itself, and the hips of public policies are at 0.1 to 0.2."""


def doubts(
    manifest: Manifest, network: NetworkFile, robot: RobotDescription, file: Path
) -> list[PolicyError]:
    """All that is implausible; empty when nothing is. Assumes that ``checks.problems`` is empty."""
    return [
        *_order(manifest, robot, file),
        *_magnitudes(manifest, file),
        *_pose(manifest, robot, file),
        *_sides(manifest, file),
        *_gravity(manifest, network, file),
        *_blank(manifest, network, file),
        *_ringing(manifest, robot, file),
    ]


def breadth_first(robot: RobotDescription, movable: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the robot's joints level by level from the base, as Isaac orders them.

    movable: those that are no joints of the training's robot are welded there, so that what they
    carry is one level nearer; None: all of the URDF's joints count, fixed ones as well.
    """
    tree = ElementTree.fromstring(robot.urdf)
    children: dict[str, list[tuple[str, str]]] = {}
    for joint in tree.iter("joint"):
        parent, child = joint.find("parent"), joint.find("child")
        if parent is not None and child is not None:
            edge = (joint.attrib["name"], child.attrib["link"])
            children.setdefault(parent.attrib["link"], []).append(edge)

    def below(link: str) -> Iterator[tuple[str, str]]:
        for name, child in children.get(link, []):
            if movable is None or name in movable:
                yield name, child
            else:
                yield from below(child)

    order: list[str] = []
    level = [robot.base_link]
    while level:
        edges = [edge for link in level for edge in below(link)]
        order += [name for name, _ in edges]
        level = [child for _, child in edges]
    return tuple(name for name in order if name in robot.joint_names)


def _order(manifest: Manifest, robot: RobotDescription, file: Path) -> Iterator[PolicyError]:
    if manifest.joint_order == "custom":
        return
    known = {*manifest.joints, *manifest.action.joints}
    welded = breadth_first(robot, tuple(known))
    orders = (robot.joint_names, breadth_first(robot), welded)
    for field, names in (("joints", manifest.joints), ("action.joints", manifest.action.joints)):
        if not any(_follows(names, order) for order in orders):
            expected = "the robot's own order or breadth first, or joint_order: custom"
            odd = next(n for n, m in zip(names, _sorted(names, orders), strict=True) if n != m)
            yield ImplausibleError(file, field, expected, f"'{odd}' out of place")
            return


def _follows(names: Sequence[str], order: Sequence[str]) -> bool:
    return list(names) == [name for name in order if name in names]


def _sorted(names: Sequence[str], orders: Sequence[Sequence[str]]) -> list[str]:
    """Return the names in that of the orders which they follow at most places."""
    candidates = [[name for name in order if name in names] for order in orders]
    return max(candidates, key=lambda c: sum(a == b for a, b in zip(c, names, strict=True)))


def _magnitudes(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    joints = manifest.action.joints
    for field, values, limit in (
        ("gains.stiffness", manifest.gains.stiffness, LARGEST_STIFFNESS),
        ("gains.damping", manifest.gains.damping, LARGEST_DAMPING),
        ("action.scale", manifest.action.scale, LARGEST_SCALE),
    ):
        for joint, value in zip(joints, values or (), strict=False):
            if not 0.0 < value <= limit:
                yield ImplausibleError(
                    file, f"{field} of {joint}", f"0 < value <= {limit:g}", value
                )
                break
    for name in ("linear_x", "linear_y", "angular_z"):
        low, high = getattr(manifest.command, name)
        if not max(-low, high) <= LARGEST_COMMAND:
            expected = f"at most {LARGEST_COMMAND:g}"
            yield ImplausibleError(file, f"command.{name}", expected, [low, high])


def _pose(manifest: Manifest, robot: RobotDescription, file: Path) -> Iterator[PolicyError]:
    poses = [("default_position", manifest.joints, manifest.default_position)]
    if manifest.action.offset is not None:
        poses.append(("action.offset", manifest.action.joints, manifest.action.offset))
    for field, joints, pose in poses:
        for joint, value in zip(joints, pose, strict=True):
            index = robot.joint_names.index(joint)
            low = float(robot.position_lower[index]) - LIMIT_MARGIN
            high = float(robot.position_upper[index]) + LIMIT_MARGIN
            if not low <= value <= high:
                expected = f"within the joint's range, {low:.3g} to {high:.3g} rad"
                yield ImplausibleError(file, f"{field} of {joint}", expected, value)
                break


def _sides(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    """Left and right must be alike up to sign, unless ``asymmetric`` says that they are not."""
    if manifest.asymmetric:
        return
    action = manifest.action
    for field, joints, values in (
        ("default_position", manifest.joints, manifest.default_position),
        ("action.scale", action.joints, action.scale),
        ("action.offset", action.joints, action.offset),
        ("gains.stiffness", action.joints, manifest.gains.stiffness),
        ("gains.damping", action.joints, manifest.gains.damping),
    ):
        by_name = dict(zip(joints, values or (), strict=False))
        for joint, value in by_name.items():
            other = joint.replace("left_", "right_", 1)
            alike = abs(abs(value) - abs(by_name.get(other, value))) < 1e-3 + 1e-3 * abs(value)
            if joint.startswith("left_") and not alike:
                expected = f"{by_name[other]:g} as of {other}, or asymmetric: true"
                yield ImplausibleError(file, f"{field} of {joint}", expected, value)
                return


def _ringing(manifest: Manifest, robot: RobotDescription, file: Path) -> Iterator[PolicyError]:
    """Doubt held joints that would ring: kd / (2 sqrt(kp I)), I with rotors and all it carries."""
    if not manifest.held:
        return
    held = held_posture(manifest, robot)
    inertia = carried_inertia(robot)
    largest = largest_damping(robot)
    for joint, kp, asked in zip(held.joints, held.stiffness, held.damping, strict=True):
        name, kd = robot.joint_names[joint], min(float(asked), float(largest[joint]))
        critical = 2.0 * math.sqrt(kp * inertia[joint])
        if manifest.held.get(name, Held()).underdamped or kd >= LEAST_DAMPING_RATIO * critical:
            continue
        least = (
            f"kd {LEAST_DAMPING_RATIO * critical:.3g} at kp {kp:.3g} for {inertia[joint]:.2g} kg·m²"
        )
        expected = f"a damping ratio of at least {LEAST_DAMPING_RATIO:g} ({least})"
        expected += f", or held.{name}.underdamped: true"
        found = f"{kd / critical:.2f} (kp {kp:.3g}, kd {asked:.3g})"
        yield ImplausibleError(file, f"held.{name}.damping", expected, found)


def _gravity(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    """Compare gravity with what the network's normaliser remembers at its place."""
    for place, term, at, statistics in _remembered(manifest, network):
        shown = term.pick if term.pick is not None else (0, 1, 2)
        if term.name != "projected_gravity" or 2 not in shown:
            continue
        index = shown.index(2)
        scale = term.scale[index] if isinstance(term.scale, tuple) else term.scale
        mean = statistics.mean[at + index] / scale if scale else 0.0
        if not abs(mean + 1.0) < GRAVITY_SLACK:
            expected = "gravity, which the network's normaliser remembers as -1"
            found = f"a mean of {mean:.2f} at value {at + index}"
            yield ImplausibleError(file, place, expected, found)


def _blank(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    """Compare the length of (sine, cosine) with what the network's normaliser remembers.

    On the circle E[sin²] + E[cos²] = 1. Where a standing robot saw (0, 0) it is the share of time
    in which it moved.
    """
    standing = manifest.phase.standing if manifest.phase is not None else None
    if standing is not None and standing.blank:
        return
    for place, term, at, statistics in _remembered(manifest, network):
        if term.name != "phase_sin_cos" or term.pick is not None:
            continue
        width = term_width(term, manifest)
        mean, deviation = (v[at : at + width] for v in (statistics.mean, statistics.deviation))
        scale = term.scale if isinstance(term.scale, tuple) else (term.scale,) * width
        rows = zip(mean, deviation, scale, strict=True)
        square = sum((m * m + d * d) / (s * s) for m, d, s in rows if s) / (width / 2)
        if 0.0 < square < FULL_CIRCLE:
            expected = "phase.standing with blank: true, as the network's normaliser remembers"
            found = f"E[sin² + cos²] = {square:.3f} at value {at}, and a phase that is never blank"
            yield ImplausibleError(file, place, expected, found)


def _remembered(
    manifest: Manifest, network: NetworkFile
) -> Iterator[tuple[str, Term, int, Statistics]]:
    """Terms of inputs whose statistics are known: place, term, index of its first value, those.

    A block with a history is left out: where its frames lie depends on the arrangement.
    """
    known = {**network.statistics, **manifest.statistics}
    for i, tensor in enumerate(manifest.inputs):
        offset = 0
        for b, block in enumerate(tensor.blocks):
            at = offset
            for t, term in enumerate(block.terms):
                if tensor.name in known and block.history is None:
                    yield f"inputs[{i}].blocks[{b}].terms[{t}]", term, at, known[tensor.name]
                at += term_width(term, manifest)
            offset += block_width(block, manifest)
