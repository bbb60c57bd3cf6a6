"""A picture of a robot as it stands, from ahead and from the side."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pinocchio as pin
from PIL import Image, ImageDraw, ImageFont

from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_control.robot.description import RobotDescription
from wm_control.robot.drafting.shapes import link_points, links_of

FRAME = (420, 620)
"""Width and height of one view [pixels]."""

CAPTION = 34
VIEWS = {"from ahead, its left": 145.0, "from its right": 0.0}
"""What each view shows, and from where the camera looks [degrees]."""

OVERHEAD = 0.2
"""Of what is above the last joint, where no mesh says it [m]."""

FILLED = 1.7
"""Distance of the camera per height of the robot."""


def draw_portrait(robot: RobotDescription, base_height: float, path: Path) -> None:
    """Draw the default posture into a PNG file; base_height: of the base above the soles [m]."""
    top = base_height + _highest(robot)
    camera = PyBulletCamera(robot)
    sheet = Image.new("RGB", (FRAME[0] * len(VIEWS), FRAME[1] + CAPTION), (250, 250, 248))
    draw = ImageDraw.Draw(sheet)
    try:
        for column, (caption, yaw) in enumerate(VIEWS.items()):
            pixels = camera.picture(
                np.array([0.0, 0.0, base_height]),
                np.array([0.0, 0.0, 0.0, 1.0]),
                np.asarray(robot.default_position),
                width=FRAME[0],
                height=FRAME[1],
                yaw=yaw,
                distance=FILLED * top,
                pitch=-8.0,
                focus=0.5 * top,
            )
            left = FRAME[0] * column
            sheet.paste(Image.fromarray(pixels), (left, 0))
            text = f"{robot.name}, {top:.2f} m: {caption}" if column == 0 else caption
            place = (left + 10, FRAME[1] + 8)
            draw.text(place, text, fill=(30, 34, 40), font=ImageFont.load_default(15))
    finally:
        camera.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _highest(robot: RobotDescription) -> float:
    """Height above the base of the highest point of a mesh, or well above all joints [m]."""
    model = pin.buildModelFromXML(robot.urdf, pin.JointModelFreeFlyer())
    data = model.createData()
    q = pin.neutral(model)
    q[7:] = robot.default_position
    pin.framesForwardKinematics(model, data, q)
    tops = [float(place.translation[2]) + OVERHEAD for place in data.oMi]
    for name, link in links_of(ElementTree.fromstring(robot.visual_urdf)):
        balls = link_points(link, Path(robot.name)).balls
        pose = data.oMf[model.getFrameId(name)]
        tops += (balls[:, :3] @ pose.rotation[2] + pose.translation[2]).tolist()
    return max(tops)
