"""What the shipped layouts of viewers name, and whether a bag holds it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import yaml

from wm_control.configuration.share import config_file

FOXGLOVE = config_file("viewers/foxglove.json")
PLOTJUGGLER = config_file("viewers/plotjuggler.xml")
RVIZ = config_file("viewers/robot.rviz")
DIAGNOSTICS = "diagnostic_msgs/msg/DiagnosticArray"


def foxglove_panels() -> dict:
    return json.loads(FOXGLOVE.read_text())["configById"]


def foxglove_paths() -> list[str]:
    """Message paths of plots and state transitions."""
    return [path["value"] for p in foxglove_panels().values() for path in p.get("paths", ())]


def foxglove_topics() -> set[str]:
    """Every topic that any panel names."""
    panels = foxglove_panels()
    found = {re.split(r"[.\[]", path)[0] for path in foxglove_paths()}
    found |= {p["topicToRender"] for p in panels.values() if "topicToRender" in p}
    found |= set(panels["3D!robot"]["topics"])
    return found | {panels["3D!robot"]["layers"]["urdf"]["topic"]}


def rviz_topics() -> set[str]:
    """Every topic that a display names."""
    displays = yaml.safe_load(RVIZ.read_text())["Visualization Manager"]["Displays"]
    named = [d.get("Topic") or d.get("Description Topic") for d in displays]
    return {topic["Value"] for topic in named if topic}


def plotjuggler_curves() -> list[str]:
    root = ElementTree.parse(PLOTJUGGLER).getroot()
    return [curve.attrib["name"] for curve in root.iter("curve")]


_STEP = re.compile(r'\.(?P<field>\w+)|\[(?P<index>\d+|:)\]|\{(?P<key>\w+)=="(?P<value>[^"]*)"\}')


def at_path(message: object, path: str) -> list[object]:
    """Values at a message path of Foxglove, its topic and functions taken away."""
    found, matched = [message], 0
    for step in _STEP.finditer(path):
        assert step.start() == matched, f"{path!r} cannot be read from {path[matched:]!r} on"
        matched = step.end()
        if step["field"]:
            found = [getattr(one, step["field"]) for one in found]
        elif step["key"]:
            found = [one for one in found if str(getattr(one, step["key"])) == step["value"]]
        elif step["index"] == ":":
            found = [item for one in found for item in one]
        else:
            found = [one[int(step["index"])] for one in found]
    assert matched == len(path), path
    return found


def foxglove_value(path: str, messages: dict[str, list]) -> list[object]:
    """Values of a message path in the first message of its topic that has any."""
    topic = re.split(r"[.\[]", path)[0]
    rest = path.removeprefix(topic).partition(".@")[0]
    for message in messages.get(topic, ()):
        if values := at_path(message, rest):
            return values
    return []


def plotjuggler_series(topic: str, msgtype: str, message: object) -> Iterator[str]:
    """Names of series that PlotJuggler makes of a message, without strings and quaternions."""
    if msgtype != DIAGNOSTICS:
        yield from _fields(topic, message)
        return
    for status in message.status:
        parts = [topic, *([status.hardware_id] if status.hardware_id else []), status.name]
        for pair in status.values:
            if _is_number(pair.value):
                yield "/".join((*parts, pair.key))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _fields(name: str, value: object) -> Iterator[str]:
    if hasattr(value, "__msgtype__"):
        for field in value.__dataclass_fields__:
            if field != "__msgtype__":
                yield from _fields(f"{name}/{field}", getattr(value, field))
    elif hasattr(value, "__len__") and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from _fields(f"{name}[{index}]", item)
    elif not isinstance(value, str):
        yield name
