"""A recorded run as a moving picture, GIF or WebP, in real time; drawn afterwards as strips are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from wm_bringup.record.film import INK, PAPER, VIEW, Moment, command_text, film_of_record, font
from wm_bringup.record.run_record import TICKS, TIME, RunRecord
from wm_bringup.record.strides import yaw_of
from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_bringup.robots.simulation.ground import Terrain
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

FRAMES_PER_SECOND = 12.5
SIZE = (440, 360)
"""Of a frame without its caption [pixels]."""

CAPTION = 26
STEADY = 0.8
"""The camera follows the mean over so long, not every sway [s]."""

PUSH_SHOWN = 0.5
"""How long a push, which lasts for a frame or two, is told of [s]."""

ANIMATED = (".gif", ".webp")
SUFFIXES = (".png", *ANIMATED)
"""Of films: a strip, or a moving picture."""

_QUALITY = 62
"""Of WebP; sharp enough for the feet, a third of a GIF's size."""

_COLORS = 96
"""Of a GIF."""

_STRIKING = (190, 30, 30)


def leave_film(
    path: Path,
    record: RunRecord,
    description: RobotDescription,
    title: str,
    terrain: Terrain | None,
) -> None:
    """Draw a lock-step run into a file: what kind of film, its suffix says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in ANIMATED:
        save_animation(path, moments_of(record), description, terrain)
    else:
        film_of_record(record, description, title, terrain).save(path)


def frame_times(record: RunRecord) -> Array:
    """(k,) instants of the frames, evenly from the first look at the truth on [s]."""
    begin, end = float(record[TIME][0]), float(record[TIME][-1])
    count = int((end - begin) * FRAMES_PER_SECOND + 1e-6) + 1
    return begin + np.arange(count) / FRAMES_PER_SECOND


def moments_of(record: RunRecord) -> list[Moment]:
    """Return the frames of a lock-step run."""
    times = frame_times(record)
    return [
        Moment(
            caption(record, row, _pushed(record, time)),
            record["base_position"][row],
            record["base_orientation"][row],
            record["joint_position"][row],
        )
        for time in times
        for row in [row_at(record, time)]
    ]


def row_at(record: RunRecord, time: float) -> int:
    """Row of the look at the truth at a time, or next after it [s]."""
    return min(int(np.searchsorted(record[TIME], time - 1e-9)), len(record) - 1)


def caption(record: RunRecord, row: int, pushed: str = "") -> str:
    """Say when it is, what is commanded, who drives, and what pushes."""
    time = float(record[TIME][row])
    command = command_text(record["velocity_command"][row])
    return "   ".join(filter(None, (f"{time:4.1f} s", command, driver_at(record, time), pushed)))


def _pushed(record: RunRecord, time: float) -> str:
    """Say what pushed the robot a moment ago."""
    window = slice(row_at(record, time - PUSH_SHOWN), row_at(record, time) + 1)
    force = float(np.linalg.norm(record["push_force"][window], axis=1).max())
    return f"push {force:.0f} N" if force > 0.0 else ""


def driver_at(record: RunRecord, time: float) -> str:
    """Who drives at a time [s]; empty where that was not recorded."""
    if "driver" not in record:
        return ""
    tick = int(np.searchsorted(record[TICKS], time, side="right")) - 1
    return str(record.words["driver"][int(record["driver"][max(tick, 0)])])


def save_animation(
    path: Path,
    moments: Sequence[Moment],
    description: RobotDescription,
    terrain: Terrain | None = None,
) -> None:
    """Write the frames, ``FRAMES_PER_SECOND`` of them a second, into .gif or .webp."""
    frames = _frames(moments, description, terrain)
    more: dict[str, Any] = {"quality": _QUALITY, "method": 4}
    if path.suffix == ".gif":
        frames, more = _with_one_palette(frames), {"optimize": False, "disposal": 1}
    first = next(frames)
    duration = round(1e3 / FRAMES_PER_SECOND)
    first.save(path, save_all=True, append_images=frames, duration=duration, loop=0, **more)


def _frames(
    moments: Sequence[Moment], description: RobotDescription, terrain: Terrain | None
) -> Iterator[Image.Image]:
    centers = _steady(np.array([moment.base_position[:2] for moment in moments]))
    headings = _steady(np.unwrap(yaw_of(np.array([m.base_orientation for m in moments]))))
    camera = PyBulletCamera(description, terrain)
    try:
        for moment, center, heading in zip(moments, centers, headings, strict=True):
            pixels = camera.picture(
                moment.base_position,
                moment.base_orientation,
                moment.joint_position,
                width=SIZE[0],
                height=SIZE[1],
                yaw=float(np.degrees(heading)) + VIEW,
                distance=2.0,
                center=center,
            )
            yield _captioned(Image.fromarray(pixels), moment.caption)
    finally:
        camera.close()


def _steady(values: Array) -> Array:
    """(k, ...) running mean over ``STEADY``, shorter at both ends."""
    half = round(0.5 * STEADY * FRAMES_PER_SECOND)
    means = [values[max(k - half, 0) : k + half + 1].mean(axis=0) for k in range(len(values))]
    return np.array(means)


def _captioned(frame: Image.Image, text: str) -> Image.Image:
    whole = Image.new("RGB", (SIZE[0], SIZE[1] + CAPTION), PAPER)
    whole.paste(frame, (0, 0))
    color = _STRIKING if "push" in text else INK
    ImageDraw.Draw(whole).text((10, SIZE[1] + 5), text, fill=color, font=font(14))
    return whole


def _with_one_palette(frames: Iterator[Image.Image]) -> Iterator[Image.Image]:
    """Give all frames the colours of the first, and of captions: else the ground flickers."""
    palette: Image.Image | None = None
    for frame in frames:
        palette = palette or _with_captions(frame).quantize(_COLORS, dither=Image.Dither.NONE)
        yield frame.quantize(palette=palette, dither=Image.Dither.NONE)


def _with_captions(frame: Image.Image) -> Image.Image:
    """Return a frame above the colours that captions have."""
    whole = Image.new("RGB", (frame.width, 2 * frame.height), _STRIKING)
    whole.paste(frame, (0, 0))
    return whole
