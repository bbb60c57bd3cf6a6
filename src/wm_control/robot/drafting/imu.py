"""Where a URDF says that its IMU is: a link of that name, or a sensor."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

from wm_control.robot.drafting.skeleton import Skeleton

IMU = re.compile(r"imu(?![a-z])", re.IGNORECASE)
GYROSCOPE = re.compile(r"gyro", re.IGNORECASE)


def find_imu(robot: ElementTree.Element, skeleton: Skeleton) -> str | None:
    """Link of the IMU, one on the base before any other; None where nothing says so."""
    frames = skeleton.folded.frames
    for candidates in (
        [name for name in frames if IMU.search(name)],
        _sensor_links(robot),
        [name for name in frames if GYROSCOPE.search(name)],
    ):
        there = [name for name in candidates if name in frames]
        if there:
            return _nearest_to_base(there, skeleton)
    return None


def joints_to(link: str, skeleton: Skeleton) -> int:
    """Return the number of joints that move between the base and a link."""
    return len(skeleton.chain(skeleton.folded.frames[link].body))


def _nearest_to_base(names: Sequence[str], skeleton: Skeleton) -> str:
    return min(names, key=lambda name: joints_to(name, skeleton))


def _sensor_links(robot: ElementTree.Element) -> list[str]:
    """Links that Gazebo's or URDF's <sensor type="imu"> refer to."""
    links = [
        gazebo.get("reference", "")
        for gazebo in robot.findall("gazebo")
        if any(sensor.get("type") == "imu" for sensor in gazebo.iter("sensor"))
    ]
    for sensor in robot.findall("sensor"):
        parent = sensor.find("parent")
        if parent is not None and (sensor.get("type") == "imu" or sensor.find("imu") is not None):
            links.append(parent.get("link", ""))
    return links
