"""Draws scenes with viser: the robot, what its balance is, where it steps and who proposes what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wm_bringup.view.scene import Footstep, Force, Scene
from wm_bringup.view.shapes import Triangles, capsule, outline, read_stl, thinned
from wm_bringup.view.skeleton import Link, MeshFile, skeleton_of, turned, wxyz
from wm_bringup.view.telling import colour_of
from wm_control.drivers import DRIVERS
from wm_control.robot.description import RobotDescription
from wm_control.robot.geometry import Sole
from wm_control.types import Array

if TYPE_CHECKING:
    import viser

ROOT = "/world"
"""Everything is drawn below it, and it is moved so that the robot stays in sight."""

METRES_PER_NEWTON, METRES_PER_PUSH = 0.001, 0.003

_WALKED, _STANDS = (120, 128, 140), (30, 34, 40)
_REGION, _DCM, _FORCE, _PUSH = (109, 76, 200), (200, 30, 140), (230, 126, 34), (220, 30, 30)
_LIMB = (150, 156, 165)
_UP, _FLAT = 0.004, 0.002
"""Lines are drawn this much above the ground, areas this much [m]."""

_REMEMBERED = 4000
"""Outlines of footsteps that are kept."""

_NONE = np.zeros((0, 2, 3), dtype=np.float32)


@dataclass(slots=True)
class Shown:
    """What of a scene is drawn."""

    follow: bool = True
    footsteps: bool = True
    balance: bool = True
    forces: bool = True
    ghosts: bool = True


class Body:
    """One robot in the scene: links that hang from each other, and what they look like."""

    def __init__(self, scene: viser.SceneApi, root: str, links: Sequence[Link]) -> None:
        """Hang the links below ``root``, at zero of all joints."""
        self._links = links
        self.root = scene.add_frame(root, show_axes=False)
        self._frames = [
            scene.add_frame(
                f"{root}/{link.path}",
                show_axes=False,
                position=link.position,
                wxyz=wxyz(link.orientation),
            )
            for link in links
        ]

    def pose(self, position: Array, orientation: Array, joints: Array) -> None:
        """Put the base somewhere, (3,) [m] and xyzw (4,), and the joints (n,) [rad]."""
        base, *limbs = self._frames
        base.position = position
        base.wxyz = wxyz(orientation.tolist())
        for link, frame in zip(self._links[1:], limbs, strict=True):
            frame.wxyz = wxyz(turned(link, float(joints[link.joint])))


class Stage:
    """The scene of one robot in one server."""

    def __init__(
        self, server: viser.ViserServer, description: RobotDescription, *, meshes: bool = True
    ) -> None:
        """Send what never changes: the robot's looks, the floor. meshes: not capsules alone."""
        self._server, self.shown = server, Shown()
        self._edges: dict[Footstep, NDArray[np.float32]] = {}
        self._feet = tuple(_foot(sole) for sole in description.soles)
        scene = server.scene
        scene.set_up_direction("+z")
        self._root = scene.add_frame(ROOT, show_axes=False)
        scene.add_grid(
            f"{ROOT}/floor",
            width=200.0,
            height=200.0,
            cell_size=0.25,
            section_size=1.0,
            cell_color=(225, 228, 233),
            section_color=(190, 196, 205),
            fade_distance=14.0,
            shadow_opacity=0.2,
        )
        self._links = skeleton_of(description)
        self._robot = Body(scene, f"{ROOT}/robot", self._links)
        self._clothe(scene, description, meshes)
        self._ghosts = {name: self._ghost(scene, name, description) for name in DRIVERS}
        self._add_markers(scene)
        server.initial_camera.position = (1.3, -2.0, 1.2)
        server.initial_camera.look_at = (0.0, 0.0, 0.55)

    def _clothe(self, scene: viser.SceneApi, description: RobotDescription, meshes: bool) -> None:
        """Give the links their meshes; capsules where none can be read, or none are wanted."""
        dressed = False
        for link in self._links:
            for k, mesh in enumerate(link.meshes if meshes else ()):
                shape = _shape(mesh)
                if shape is None:
                    continue
                dressed = True
                scene.add_mesh_simple(
                    f"{ROOT}/robot/{link.path}/mesh{k}",
                    shape.vertices,
                    shape.faces,
                    color=_brighter(mesh.colour),
                    position=mesh.position,
                    wxyz=wxyz(mesh.orientation),
                    flat_shading=False,
                    side="double",
                )
        if not dressed:
            self._add_capsules(scene, f"{ROOT}/robot", description, _LIMB, None)

    def _add_capsules(
        self,
        scene: viser.SceneApi,
        root: str,
        description: RobotDescription,
        colour: tuple[int, int, int],
        opacity: float | None,
    ) -> None:
        paths = {link.name: link.path for link in self._links}
        for k, limb in enumerate(description.capsules):
            shape = capsule(limb)
            scene.add_mesh_simple(
                f"{root}/{paths[limb.link]}/limb{k}",
                shape.vertices,
                shape.faces,
                color=colour,
                opacity=opacity,
                cast_shadow=opacity is None,
            )

    def _ghost(self, scene: viser.SceneApi, name: str, description: RobotDescription) -> Body:
        root = f"{ROOT}/ghost_{name}"
        body = Body(scene, root, self._links)
        self._add_capsules(scene, root, description, colour_of(name), 0.3)
        body.root.visible = False
        return body

    def _add_markers(self, scene: viser.SceneApi) -> None:
        def lines(name: str, colour: tuple[int, int, int], width: float) -> Any:  # noqa: ANN401
            return scene.add_line_segments(
                f"{ROOT}/{name}", _NONE, colour, thickness=width, thickness_units="screen"
            )

        self._walked = lines("walked", _WALKED, 1.5)
        self._standing = lines("standing", _STANDS, 3.0)
        self._planned = lines("planned", colour_of(DRIVERS[0]), 3.0)
        self._edge = lines("region_edge", _REGION, 2.0)
        square = np.zeros((4, 3), dtype=np.float32)
        faces = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.uint32)
        self._region = scene.add_mesh_simple(
            f"{ROOT}/region",
            square,
            faces,
            color=_REGION,
            opacity=0.16,
            side="double",
            cast_shadow=False,
        )
        self._dcm = scene.add_icosphere(f"{ROOT}/dcm", radius=0.03, color=_DCM)
        self._landing = scene.add_icosphere(
            f"{ROOT}/dcm_at_touchdown", radius=0.02, color=_DCM, opacity=0.4
        )
        self._contacts = scene.add_arrows(
            f"{ROOT}/contacts",
            _one(_NONE),
            _FORCE,
            shaft_radius=0.008,
            head_radius=0.02,
            head_length=0.05,
        )
        self._push = scene.add_arrows(
            f"{ROOT}/push",
            _one(_NONE),
            _PUSH,
            shaft_radius=0.015,
            head_radius=0.035,
            head_length=0.07,
        )
        self._name = scene.add_label(f"{ROOT}/who", "", anchor="bottom-center")

    def show(self, scene: Scene, walked: Iterable[Footstep] = ()) -> None:
        """Draw a scene, and where the robot has stepped; in every browser at once."""
        shown = self.shown
        with self._server.atomic():
            place = scene.base_position
            self._root.position = (
                np.array([-place[0], -place[1], 0.0]) if shown.follow else np.zeros(3)
            )
            self._robot.pose(place, scene.base_orientation, scene.joint_position)
            self._show_ghosts(scene)
            self._show_steps(scene, walked)
            self._show_balance(scene)
            self._show_forces(scene)
            self._name.text = scene.told.driver if scene.told else ""
            self._name.position = place + np.array([0.0, 0.0, 0.75])

    def _show_ghosts(self, scene: Scene) -> None:
        driver = scene.told.driver if scene.told else ""
        for name, body in self._ghosts.items():
            joints = scene.ghosts.get(name)
            body.root.visible = self.shown.ghosts and joints is not None and name != driver
            if joints is not None and body.root.visible:
                body.pose(scene.base_position, scene.base_orientation, joints)

    def _show_steps(self, scene: Scene, walked: Iterable[Footstep]) -> None:
        on = self.shown.footsteps
        for handle, steps in (
            (self._walked, walked),
            (self._standing, scene.standing),
            (self._planned, scene.planned),
        ):
            handle.visible = on
            if on:
                _draw(handle, self._outlines(steps))

    def _outlines(self, steps: Iterable[Footstep]) -> NDArray[np.float32]:
        """(k, 2, 3) edges of soles on the ground."""
        edges = [self._edges_of(step) for step in steps]
        return np.concatenate(edges) if edges else _NONE

    def _edges_of(self, step: Footstep) -> NDArray[np.float32]:
        """(4, 2, 3) edges of one sole; those that were walked are drawn again and again."""
        if step not in self._edges:
            if len(self._edges) >= _REMEMBERED:
                self._edges.clear()
            c, s = np.cos(step.yaw), np.sin(step.yaw)
            corners = self._feet[step.foot] @ np.array([[c, s], [-s, c]]) + step.position[:2]
            self._edges[step] = outline(corners, step.position[2] + _UP).astype(np.float32)
        return self._edges[step]

    def _show_balance(self, scene: Scene) -> None:
        floor = min((step.position[2] for step in scene.standing), default=0.0) + _FLAT
        on = self.shown.balance and scene.dcm is not None
        self._dcm.visible = on
        self._landing.visible = on and scene.landing is not None
        self._region.visible = self._edge.visible = on and scene.region is not None
        if not on or scene.dcm is None or scene.region is None:
            return
        self._dcm.position = np.array([*scene.dcm, floor])
        if scene.landing is not None:
            self._landing.position = np.array([*scene.landing, floor])
        corners = np.column_stack([scene.region, np.full(4, floor)])
        self._region.vertices = corners.astype(np.float32)
        _draw(self._edge, outline(scene.region, floor).astype(np.float32))

    def _show_forces(self, scene: Scene) -> None:
        pushed = [] if scene.push is None else [scene.push]
        for handle, forces, scale in (
            (self._contacts, scene.contacts, METRES_PER_NEWTON),
            (self._push, pushed, METRES_PER_PUSH),
        ):
            arrows = _arrows(forces, scale)
            handle.visible = self.shown.forces and len(arrows) > 0
            if handle.visible:
                handle.points = arrows


def _one(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """At least one arrow, for viser wants some."""
    return points if len(points) else np.zeros((1, 2, 3), dtype=np.float32)


def _draw(handle: Any, points: NDArray[np.float32]) -> None:  # noqa: ANN401 - viser's handle
    """Give lines new points, where they are new."""
    points = _one(points)
    if handle.points.shape != points.shape or not np.array_equal(handle.points, points):
        handle.points = points


def _arrows(forces: Iterable[Force], scale: float) -> NDArray[np.float32]:
    """(k, 2, 3) of forces that are worth an arrow."""
    drawn = [
        (one.at, one.at + scale * one.newton) for one in forces if one.newton @ one.newton > 25.0
    ]
    return np.array(drawn, dtype=np.float32).reshape(-1, 2, 3)


def _foot(sole: Sole) -> Array:
    """(4, 2) corners of what of a sole touches the ground, seen from its origin."""
    points = (np.array([s.center for s in sole.spheres]) - sole.position) @ sole.rotation
    reach = np.array([s.radius for s in sole.spheres])[:, None]
    (x0, y0), (x1, y1) = (points[:, :2] - reach).min(axis=0), (points[:, :2] + reach).max(axis=0)
    return np.array([[x1, y1], [x1, y0], [x0, y0], [x0, y1]])


def _shape(mesh: MeshFile) -> Triangles | None:
    """Triangles of a mesh file, thinned out; None where it cannot be read."""
    found = read_stl(mesh.path) or _other(mesh)
    if found is None:
        return None
    scaled = (found.vertices * mesh.scale).astype(np.float32)
    return thinned(Triangles(scaled, found.faces))


def _other(mesh: MeshFile) -> Triangles | None:
    """Read a mesh of another format with what viser brings; None where that fails."""
    import trimesh

    if not mesh.path.is_file():
        return None
    try:
        found: Any = trimesh.load(mesh.path, force="mesh")
    except Exception:
        return None
    return Triangles(np.asarray(found.vertices, np.float32), np.asarray(found.faces, np.uint32))


def _brighter(colour: tuple[int, int, int]) -> tuple[int, int, int]:
    """Lift what is nearly black, of which no shape would be seen."""
    red, green, blue = (60 + round(0.72 * part) for part in colour)
    return red, green, blue
