"""A URDF file as plain data: links, joints, and the shapes that are kept."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wm_control.errors import RobotDescriptionError
from wm_control.robot.inertia import NOTHING, LinkInertia
from wm_control.robot.rotations import rotation_from_rpy
from wm_control.robot.sources import package_folders
from wm_control.types import Array

SOLIDS = {"box": ("size",), "cylinder": ("length", "radius"), "sphere": ("radius",)}
"""Shapes of a picture that are no mesh, with their attributes."""

GREY = (0.7, 0.7, 0.7, 1.0)
"""Colour of what the file gives none."""

OTHER_FORMATS = {"mujoco": " of MuJoCo's MJCF", "sdf": " of SDFormat"}
"""What files with another root element are."""

MOVING_TYPES = ("revolute", "prismatic", "continuous")


@dataclass(frozen=True, slots=True)
class Placement:
    """Pose of a frame in its parent: ``rotation`` (3, 3) frame to parent, ``position`` (3,) [m]."""

    rotation: Array
    position: Array

    def then(self, inner: Placement) -> Placement:
        """Pose in this frame's parent of a frame that is placed in this frame by ``inner``."""
        return Placement(
            self.rotation @ inner.rotation, self.rotation @ inner.position + self.position
        )

    def inverse(self) -> Placement:
        """Pose of the parent in this frame."""
        return Placement(self.rotation.T, -self.rotation.T @ self.position)


IDENTITY = Placement(np.eye(3), np.zeros(3))


@dataclass(frozen=True, slots=True)
class SphereShape:
    """A collision sphere: centre (3,) in the link's frame and radius [m]."""

    center: Array
    radius: float


@dataclass(frozen=True, slots=True)
class MeshShape:
    """A picture of a link: mesh file, its pose in the link, scale (3,) and colour rgba (4,)."""

    file: str
    placement: Placement
    scale: Array
    color: Array


@dataclass(frozen=True, slots=True)
class SolidShape:
    """A picture of a link: a box, cylinder (about z) or sphere, its pose in the link and colour.

    size: attributes of the element: size (x, y, z); length and radius; radius [m].
    """

    kind: str
    size: tuple[tuple[str, str], ...]
    placement: Placement
    color: Array


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the file; ``inertia`` is NOTHING when the file gives none."""

    name: str
    inertia: LinkInertia
    spheres: tuple[SphereShape, ...]
    meshes: tuple[MeshShape, ...]
    solids: tuple[SolidShape, ...] = ()


@dataclass(frozen=True, slots=True)
class Joint:
    """One joint of the file; the limits are NaN where the file gives none."""

    name: str
    kind: str
    parent: str
    child: str
    placement: Placement
    axis: Array
    lower: float
    upper: float
    velocity: float
    torque: float


@dataclass(frozen=True, slots=True)
class Urdf:
    """A parsed file: links and joints in the order in which the file lists them."""

    source: str
    links: dict[str, Link]
    joints: dict[str, Joint]

    @property
    def root(self) -> str:
        """The one link that is nobody's child."""
        children = {joint.child for joint in self.joints.values()}
        roots = [name for name in self.links if name not in children]
        if len(roots) != 1:
            raise RobotDescriptionError(
                f"{self.source}: one root link expected, found {len(roots)}: {', '.join(roots)}"
            )
        return roots[0]


def joints_to(link: str, joints: Iterable[Joint]) -> list[Joint]:
    """Joints from the root to a link, which may be the root."""
    above = {joint.child: joint for joint in joints}
    path: list[Joint] = []
    while link in above:
        path.insert(0, above[link])
        link = above[link].parent
    return path


def read_urdf(path: Path) -> Urdf:
    """Parse one URDF file; RobotDescriptionError names file and element when it cannot be used."""
    try:
        robot = ElementTree.parse(path).getroot()
    except OSError as error:
        raise RobotDescriptionError(f"{path}: cannot be read: {error.strerror}") from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:  # also of its encoding
        raise RobotDescriptionError(f"{path}: is not valid XML: {error}") from error
    return parse_urdf(robot, path)


def parse_urdf(robot: ElementTree.Element, path: Path) -> Urdf:
    """Read a parsed URDF; path: that of its file, or what messages shall say instead."""
    if robot.tag != "robot":
        other = OTHER_FORMATS.get(robot.tag, "")
        raise RobotDescriptionError(
            f"{path}: root element is <{robot.tag}>{other}, expected <robot>, a URDF"
        )
    if any(element.tag.startswith("{") and "xacro" in element.tag for element in robot.iter()):
        raise RobotDescriptionError(
            f"{path}: is xacro, which makes a URDF: xacro {path.name} > robot.urdf"
        )
    try:
        colors = _colors(robot)
        links = [_link(element, path, colors) for element in robot.findall("link")]
        joints = [_joint(element, path) for element in robot.findall("joint")]
    except ValueError as error:
        raise RobotDescriptionError(f"{path}: a number cannot be read: {error}") from error
    links, joints = _without_world(links, joints)
    _check_once("link", (link.name for link in links), path)
    _check_once("joint", (joint.name for joint in joints), path)
    _check_once("child of a joint", (joint.child for joint in joints), path)
    urdf = Urdf(str(path), {x.name: x for x in links}, {x.name: x for x in joints})
    _check_links_exist(urdf)
    return urdf


def _without_world(links: list[Link], joints: list[Joint]) -> tuple[list[Link], list[Joint]]:
    """Leave out a world in which the robot floats: the base floats anyway."""
    parents = [joint.parent for joint in joints]
    children = {joint.child for joint in joints}
    worlds = {
        joint.parent
        for joint in joints
        if joint.kind == "floating"
        and joint.parent not in children
        and parents.count(joint.parent) == 1
    }
    return (
        [link for link in links if link.name not in worlds],
        [joint for joint in joints if joint.parent not in worlds],
    )


def _check_once(what: str, names: Iterable[str], path: Path) -> None:
    """Refuse what would be lost, or make a loop of the tree."""
    for name, count in Counter(names).items():
        if count > 1:
            raise RobotDescriptionError(
                f"{path}: '{name}' is the {what} {count} times: links and joints have names of "
                "their own, and a link hangs from one joint"
            )


def _check_links_exist(urdf: Urdf) -> None:
    for joint in urdf.joints.values():
        for link in (joint.parent, joint.child):
            if link not in urdf.links:
                raise RobotDescriptionError(
                    f"{urdf.source}: joint '{joint.name}' refers to link '{link}', which is missing"
                )


def _required(element: ElementTree.Element, path: str, owner: str, file: Path) -> str:
    tag, _, attribute = path.rpartition("@")
    found = element if not tag else element.find(tag)
    text = None if found is None else found.get(attribute)
    if text is None:
        raise RobotDescriptionError(
            f"{file}: {owner} has no {f'<{tag}> ' if tag else ''}{attribute}"
        )
    return text


def _finite(element: ElementTree.Element, path: str, owner: str, file: Path) -> float:
    text = _required(element, path, owner, file)
    number = float(text)
    if not math.isfinite(number):
        tag, _, attribute = path.rpartition("@")
        raise RobotDescriptionError(
            f"{file}: {owner}: <{tag}> {attribute}: expected a finite number, found {text}"
        )
    return number


def _vector(element: ElementTree.Element | None, attribute: str, default: str) -> Array:
    text = default if element is None else element.get(attribute, default)
    vector = np.array([float(part) for part in text.split()])
    if vector.shape != (len(default.split()),) or not np.all(np.isfinite(vector)):
        raise ValueError(f"{attribute}='{text}'")
    return vector


def _placement(element: ElementTree.Element) -> Placement:
    origin = element.find("origin")
    rpy = _vector(origin, "rpy", "0 0 0")
    return Placement(rotation_from_rpy(rpy), _vector(origin, "xyz", "0 0 0"))


def _colors(robot: ElementTree.Element) -> dict[str, Array]:
    return {
        material.get("name", ""): _vector(material.find("color"), "rgba", "0.7 0.7 0.7 1")
        for material in robot.iter("material")
        if material.find("color") is not None
    }


def _link(element: ElementTree.Element, file: Path, colors: dict[str, Array]) -> Link:
    name = _required(element, "@name", "a link", file)
    spheres = []
    for collision in element.findall("collision"):
        sphere = collision.find("geometry/sphere")
        if sphere is not None:
            radius = _finite(sphere, "@radius", f"link '{name}': <sphere>", file)
            spheres.append(SphereShape(_placement(collision).position, radius))
    meshes = [
        _mesh(visual, mesh, file, colors)
        for visual in element.findall("visual")
        if (mesh := visual.find("geometry/mesh")) is not None
    ]
    solids = [
        _solid(visual, shape, colors)
        for visual in element.findall("visual")
        if (shape := visual.find("geometry/*")) is not None and shape.tag in SOLIDS
    ]
    inertia = read_inertia(element, name, file)
    return Link(name, inertia, tuple(spheres), tuple(meshes), tuple(solids))


def read_inertia(element: ElementTree.Element, name: str, file: Path) -> LinkInertia:
    """Inertia of a ``<link>`` element in the link's frame; NOTHING when it has none.

    RobotDescriptionError for a number that is not finite.
    """
    inertial = element.find("inertial")
    if inertial is None:
        return NOTHING
    owner = f"link '{name}' with <inertial>"
    mass = _finite(inertial, "mass@value", owner, file)
    xx, xy, xz, yy, yz, zz = (
        _finite(inertial, f"inertia@{key}", owner, file)
        for key in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    )
    matrix = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    place = _placement(inertial)
    return LinkInertia(mass, np.zeros(3), matrix).placed(place.rotation, place.position)


def _mesh(
    visual: ElementTree.Element,
    mesh: ElementTree.Element,
    file: Path,
    colors: dict[str, Array],
) -> MeshShape:
    uri, color = resolve_mesh(mesh.get("filename", ""), file), _color(visual, colors)
    return MeshShape(uri, _placement(visual), _vector(mesh, "scale", "1 1 1"), color)


def _solid(
    visual: ElementTree.Element, shape: ElementTree.Element, colors: dict[str, Array]
) -> SolidShape:
    size = tuple((name, shape.get(name, "0")) for name in SOLIDS[shape.tag])
    return SolidShape(shape.tag, size, _placement(visual), _color(visual, colors))


def _color(visual: ElementTree.Element, colors: dict[str, Array]) -> Array:
    material = visual.find("material")
    name = "" if material is None else material.get("name", "")
    return colors.get(name, np.array(GREY))


def resolve_mesh(uri: str, urdf_file: Path) -> str:
    """Path of a mesh given as ``package://NAME/REST``, ``file://PATH`` or relative to the URDF.

    A slash more, ``package:///NAME/REST``, means the same.
    The package is looked for as ``sources.package_folders`` says, from the URDF upwards; a URI that
    leads nowhere stays as it is, since meshes are only needed for pictures.
    """
    if uri.startswith("file://"):
        return uri.removeprefix("file://")
    if not uri.startswith("package://"):
        return str((urdf_file.parent / uri).resolve())
    package, _, rest = uri.removeprefix("package://").lstrip("/").partition("/")
    found = (folder / rest for folder in package_folders(package, urdf_file))
    return next((str(file) for file in found if file.is_file()), uri)


def _joint(element: ElementTree.Element, file: Path) -> Joint:
    name = _required(element, "@name", "a joint", file)
    owner = f"joint '{name}'"
    axis = _vector(element.find("axis"), "xyz", "1 0 0")
    length = float(np.linalg.norm(axis))
    limit = element.find("limit")
    limits = {} if limit is None else limit.attrib
    return Joint(
        name=name,
        kind=_required(element, "@type", owner, file),
        parent=_required(element, "parent@link", owner, file),
        child=_required(element, "child@link", owner, file),
        placement=_placement(element),
        axis=axis / length if length > 0.0 else axis,
        lower=float(limits.get("lower", "nan")),
        upper=float(limits.get("upper", "nan")),
        velocity=float(limits.get("velocity", "nan")),
        torque=float(limits.get("effort", "nan")),
    )
