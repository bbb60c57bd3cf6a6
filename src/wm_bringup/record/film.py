"""Film strips: the robot at chosen moments of a recorded run, side by side in one picture.

Drawn after the run from recorded base poses and joint positions, so that drawing disturbs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wm_bringup.record.run_record import RunRecord
from wm_bringup.record.strides import yaw_of
from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_bringup.robots.simulation.ground import Terrain
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

FRAME = (300, 400)
"""Width and height of one frame [pixels]."""

CAPTION = 46
ROWS = 2
TITLE = 40
UNITS = "commanded x forward, y left [m/s], yaw [rad/s]"
VIEW = 25.0
"""The camera looks at the robot's right side, this much from ahead of it [degrees]."""

INK, PAPER = (30, 34, 40), (250, 250, 248)


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame: where the robot was, in which posture, and what to write below.

    base_position: (3,) [m]. base_orientation: (4,) xyzw. joint_position: (n,) [rad].
    """

    caption: str
    base_position: Array
    base_orientation: Array
    joint_position: Array


def film_strip(
    moments: Sequence[Moment],
    description: RobotDescription,
    title: str = "",
    terrain: Terrain | None = None,
) -> Image.Image:
    """Draw the moments in two rows, left to right, each with its caption; terrain: not flat."""
    camera = PyBulletCamera(description, terrain)
    try:
        frames = [_frame(camera, moment) for moment in moments]
    finally:
        camera.close()
    rows = min(ROWS, len(frames))
    columns = -(-len(frames) // rows)
    width, height = FRAME[0] * columns, (FRAME[1] + CAPTION) * rows + TITLE
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((12, 9), title, fill=INK, font=font(19))
    for k, (frame, moment) in enumerate(zip(frames, moments, strict=True)):
        x, y = FRAME[0] * (k % columns), TITLE + (FRAME[1] + CAPTION) * (k // columns)
        sheet.paste(frame, (x, y))
        draw.multiline_text(
            (x + 10, y + FRAME[1] + 4), moment.caption, fill=INK, font=font(14), spacing=2
        )
    return sheet


def film_of_record(
    record: RunRecord,
    description: RobotDescription,
    title: str,
    terrain: Terrain | None = None,
    frames: int = 8,
    since: float = 0.0,
) -> Image.Image:
    """Draw evenly spaced moments of a lock-step run from ``since`` [s] on, with the last one."""
    first = int(np.searchsorted(record["time"], since))
    rows = np.linspace(first, len(record) - 1, frames + 1).round().astype(int)[1:]
    digits = 1 if record["time"][-1] - record["time"][first] > 0.1 * frames else 2
    moments = [
        Moment(
            caption_of(
                record["time"][row],
                record["velocity_command"][row],
                record["push_force"][row],
                digits,
            ),
            record["base_position"][row],
            record["base_orientation"][row],
            record["joint_position"][row],
        )
        for row in rows
    ]
    return film_strip(moments, description, f"{title}: {UNITS}", terrain)


def caption_of(time: float, command: Array, push: Array, digits: int = 1) -> str:
    """Say the time, the velocity command and, while there is one, the push."""
    force = float(np.linalg.norm(push))
    first = f"{time:.{digits}f} s" + (f"   push {force:.0f} N" if force > 0.0 else "")
    return f"{first}\n{command_text(command)}"


def command_text(command: Array) -> str:
    """Velocity command (3,) in few characters; units are in the strip's title."""
    x, y, yaw = command
    return f"x {x:+.2f}  y {y:+.2f}  yaw {yaw:+.2f}"


def _frame(camera: PyBulletCamera, moment: Moment) -> Image.Image:
    heading = float(np.degrees(yaw_of(moment.base_orientation[None])[0]))
    pixels = camera.picture(
        moment.base_position,
        moment.base_orientation,
        moment.joint_position,
        width=FRAME[0],
        height=FRAME[1],
        yaw=heading + VIEW,
        distance=1.9,
    )
    return Image.fromarray(pixels)


def font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the font of captions."""
    return ImageFont.load_default(size)
