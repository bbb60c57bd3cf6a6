"""A picture of a robot as it stands, from ahead and from the side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_control.robot.description import RobotDescription

FRAME = (420, 620)
"""Width and height of one view [pixels]."""

CAPTION = 34
VIEWS = {"from ahead, its left": 145.0, "from its right": 0.0}
"""What each view shows, and from where the camera looks [degrees]."""

DISTANCE = 2.7
"""Of the camera from a robot of the G1's size [m]."""


def draw_portrait(robot: RobotDescription, base_height: float, path: Path) -> None:
    """Draw the default posture into a PNG file; base_height: of the base above the soles [m]."""
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
                distance=DISTANCE,
                pitch=-8.0,
            )
            left = FRAME[0] * column
            sheet.paste(Image.fromarray(pixels), (left, 0))
            text = f"{robot.name}: {caption}" if column == 0 else caption
            place = (left + 10, FRAME[1] + 8)
            draw.text(place, text, fill=(30, 34, 40), font=ImageFont.load_default(15))
    finally:
        camera.close()
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
