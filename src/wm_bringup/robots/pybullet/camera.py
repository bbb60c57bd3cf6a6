"""Pictures of the robot in a PyBullet world of their own, so that physics never depends on them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wm_bringup.robots.pybullet.bullet import connect, pybullet
from wm_bringup.robots.pybullet.framing import DISTANCE, size_of
from wm_bringup.robots.simulation.ground import Box, Terrain
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

_TILE = 0.5
"""Edge of the floor's squares [m]."""

_FLOOR_COLORS = ([0.82, 0.84, 0.87, 1.0], [0.68, 0.72, 0.77, 1.0])
_BOX_COLORS = ([0.78, 0.74, 0.68, 1.0], [0.70, 0.66, 0.60, 1.0])
"""Of neighbouring squares of a flat floor, and of a ground made of boxes: rgba."""

_FLOOR = 6
"""Squares to every side of the robot that are drawn."""


class PyBulletCamera:
    """Draws any posture of the robot, headless; works from recorded states as well."""

    def __init__(self, description: RobotDescription, terrain: Terrain | None = None) -> None:
        """Load the meshes, which takes about a second."""
        self._size = size_of(description)
        self._client = connect()
        self._robot = self._load(description)
        self._indices = self._joint_indices(description)
        self._offset = np.array(self._call("getDynamicsInfo", self._robot, -1)[3])
        self._turn = self._call("getDynamicsInfo", self._robot, -1)[4]
        boxes = terrain.boxes if terrain is not None else ()
        self._draw_boxes(boxes)
        self._squares = [] if boxes else self._make_floor()

    def close(self) -> None:
        """Give the world back; a second call does nothing."""
        if self._client >= 0:
            self._call("disconnect")
            self._client = -1

    def picture(
        self,
        base_position: Array,
        base_orientation: Array,
        joint_position: Array,
        *,
        width: int = 640,
        height: int = 480,
        yaw: float = 50.0,
        distance: float = DISTANCE,
        pitch: float = -15.0,
        center: Array | None = None,
    ) -> NDArray[np.uint8]:
        """Picture (height, width, 3) of one posture, from a camera that follows the base.

        base_orientation: quaternion xyzw. yaw, pitch: viewing direction [degrees]. distance: from a
        robot of the G1's size, larger ones are seen from further away [m]. center: (2,) that
        it looks at instead of the base, in world [m].
        """
        self._place(base_position, base_orientation, joint_position)
        x, y, z = base_position.tolist()
        x, y = (x, y) if center is None else center.tolist()
        size = self._size
        view = pybullet.computeViewMatrixFromYawPitchRoll(
            [x, y, min(z, size * 0.75) - size * 0.08],
            size * distance,
            yaw,
            pitch,
            0.0,
            2,
        )
        lens = pybullet.computeProjectionMatrixFOV(45.0, width / height, 0.05, 20.0)
        image = self._call(
            "getCameraImage",
            width,
            height,
            viewMatrix=view,
            projectionMatrix=lens,
            lightDirection=[1.5, -1.0, 2.0],
            lightAmbientCoeff=0.6,
            lightDiffuseCoeff=0.4,
            lightSpecularCoeff=0.05,
            shadow=0,  # TinyRenderer's shadows end at the edge of its small light map
            renderer=pybullet.ER_TINY_RENDERER,
        )[2]
        return np.asarray(image, dtype=np.uint8).reshape(height, width, 4)[:, :, :3].copy()

    def _call(self, name: str, *args: object, **kwargs: object) -> Any:  # noqa: ANN401 - PyBullet is untyped
        return getattr(pybullet, name)(*args, **kwargs, physicsClientId=self._client)

    def _load(self, description: RobotDescription) -> int:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "robot.urdf"
            path.write_text(description.visual_urdf, encoding="utf-8")
            robot: int = self._call("loadURDF", str(path))
        return robot

    def _joint_indices(self, description: RobotDescription) -> list[int]:
        count = self._call("getNumJoints", self._robot)
        infos = [self._call("getJointInfo", self._robot, i) for i in range(count)]
        by_name = {info[1].decode(): info[0] for info in infos}
        return [by_name[name] for name in description.joint_names]

    def _place(self, position: Array, orientation: Array, joints: Array) -> None:
        for index, value in zip(self._indices, joints.tolist(), strict=True):
            self._call("resetJointState", self._robot, index, value)
        center, turn = pybullet.multiplyTransforms(
            position.tolist(), orientation.tolist(), self._offset.tolist(), self._turn
        )
        self._call("resetBasePositionAndOrientation", self._robot, center, turn)
        self._move_floor(position)

    def _make_floor(self) -> list[int]:
        half = 0.5 * _TILE
        shapes = [
            self._call(
                "createVisualShape",
                pybullet.GEOM_BOX,
                halfExtents=[half, half, 0.005],
                rgbaColor=color,
            )
            for color in _FLOOR_COLORS
        ]
        count = 2 * _FLOOR
        return [
            self._call("createMultiBody", 0.0, -1, shapes[(i + j) % 2])
            for i in range(count)
            for j in range(count)
        ]

    def _move_floor(self, position: Array) -> None:
        """Keep the squares around the robot without changing the pattern it walks over."""
        across = 2.0 * _TILE
        x0, y0 = (across * np.round(position[:2] / across)).tolist()
        for index, body in enumerate(self._squares):
            i, j = divmod(index, 2 * _FLOOR)
            x = x0 + (i - _FLOOR + 0.5) * _TILE
            y = y0 + (j - _FLOOR + 0.5) * _TILE
            self._call("resetBasePositionAndOrientation", body, [x, y, -0.005], [0, 0, 0, 1])

    def _draw_boxes(self, boxes: tuple[Box, ...]) -> None:
        for index, box in enumerate(boxes):
            shape = self._call(
                "createVisualShape",
                pybullet.GEOM_BOX,
                halfExtents=box.half_extents,
                rgbaColor=_BOX_COLORS[index % 2],
            )
            turn = pybullet.getQuaternionFromEuler([0.0, box.pitch, 0.0])
            self._call(
                "createMultiBody", 0.0, -1, shape, basePosition=box.center, baseOrientation=turn
            )
