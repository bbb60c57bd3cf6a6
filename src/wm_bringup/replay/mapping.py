"""Which topic of somebody else's bag is what: names, order of joints, units and frames, from YAML.

A field is a path into a message, ``imu_state.quaternion``; ``motor_state[].q`` is that of every
element of a list. What has x, y, z (and w) is taken in that order.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from wm_bringup.bags import unitree
from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.configuration.share import config_file
from wm_control.errors import ParameterError
from wm_control.types import Array

DEFINITIONS: Final[Mapping[str, Mapping[str, str]]] = {unitree.PACKAGE: unitree.DEFINITIONS}
"""Message packages that neither ROS 2 nor every bag defines, by name."""

UNITS: Final[Mapping[str, float]] = {
    "rad": 1.0,
    "deg": math.pi / 180.0,
    "rad/s": 1.0,
    "deg/s": math.pi / 180.0,
    "rpm": math.pi / 30.0,
    "N·m": 1.0,
    "m/s²": 1.0,
    "g": 9.80665,
    "s": 1.0,
    "ms": 1e-3,
    "us": 1e-6,
    "ns": 1e-9,
}
"""What one of a unit is in SI."""

HEADER, RECEIVED = "header", "received"
"""A stamp that is the message's header's, or the time of its reception."""

Angle = Literal["rad", "deg"]
Rate = Literal["rad/s", "deg/s", "rpm"]
Order = Literal["xyzw", "wxyz"]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Source:
    """A topic; its name may lack a namespace. stamp: ``header``, ``received`` or a field."""

    topic: str
    type: str
    stamp: str = HEADER
    stamp_unit: Literal["s", "ms", "us", "ns"] = "s"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Joints(Source):
    """What the joints measured. names: a field that names them, or the names in order."""

    names: str | tuple[str, ...]
    position: str
    velocity: str
    effort: str
    position_unit: Angle = "rad"
    velocity_unit: Rate = "rad/s"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Imu(Source):
    """What the IMU measured. quaternion: order of its four numbers."""

    orientation: str
    angular_velocity: str
    linear_acceleration: str
    quaternion: Order = "xyzw"
    angular_velocity_unit: Rate = "rad/s"
    linear_acceleration_unit: Literal["m/s²", "g"] = "m/s²"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Commands(Source):
    """What the drives were told; torque = tau + kp (q - measured) + kd (dq - measured)."""

    stamp: str = RECEIVED
    names: str | tuple[str, ...]
    position: str
    velocity: str
    stiffness: str
    damping: str
    torque: str
    position_unit: Angle = "rad"
    velocity_unit: Rate = "rad/s"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Truth(Source):
    """Where the base really was, of a simulator or a motion capture system."""

    position: str
    orientation: str
    velocity: str
    quaternion: Order = "xyzw"
    velocity_frame: Literal["base", "world"] = "base"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class TopicMapping:
    """A topic mapping file. definitions: a package of messages, where the bag lacks them."""

    joints: Joints
    imu: Imu
    command: Commands | None = None
    truth: Truth | None = None
    definitions: str = ""
    robot: str = Field(default="", description="name, folder or file; empty: as asked for")

    @property
    def sources(self) -> tuple[Source, ...]:
        """All topics that are named."""
        named = (self.joints, self.imu, self.command, self.truth)
        return tuple(one for one in named if one is not None)


def load_mapping(name: str | Path) -> TopicMapping:
    """Read a mapping file, or one of config/bags by its name; ParameterError for a wrong key."""
    path = Path(name)
    if path.suffix not in (".yaml", ".yml"):
        path = config_file(f"bags/{name}.yaml")
    mapping = load_parameters(TopicMapping, path)
    if mapping.definitions and mapping.definitions not in DEFINITIONS:
        known = ", ".join(DEFINITIONS)
        raise ParameterError("definitions", mapping.definitions, f"known are {known}", str(path))
    return mapping


def types_of(mapping: TopicMapping) -> Typestore:
    """Return ROS 2's message types and those of the mapping's package."""
    types = get_typestore(Stores.ROS2_JAZZY)
    found: dict[str, Any] = {}
    for name, text in DEFINITIONS.get(mapping.definitions, {}).items():
        found.update(get_types_from_msg(text, name))
    types.register({name: one for name, one in found.items() if name not in types.fielddefs})
    return types


class MessageFieldError(ValueError):
    """A message lacks what the mapping asks of it."""


def reach(path: str) -> Callable[[Any], Any]:
    """Return what follows a path into a message; MessageFieldError where there is nothing."""
    parts = path.split(".")

    def follow(message: Any, at: Sequence[str]) -> Any:  # noqa: ANN401 - generated message types
        for index, part in enumerate(at):
            name = part.removesuffix("[]")
            if not hasattr(message, name):
                raise MessageFieldError(f"{type(message).__name__} has no field '{name}' ({path})")
            message = getattr(message, name)
            if part != name:
                rest = at[index + 1 :]
                return [follow(one, rest) for one in message]
        return message

    return lambda message: follow(message, parts)


def numbers(path: str, count: int, scale: float = 1.0) -> Callable[[Any], Array]:
    """Return what reads ``count`` numbers at a path, in SI; further ones are left out."""
    at = reach(path)

    def read(message: Any) -> Array:  # noqa: ANN401 - generated message types
        found = at(message)
        if hasattr(found, "x"):
            found = [getattr(found, axis) for axis in ("x", "y", "z", "w") if hasattr(found, axis)]
        array = np.asarray(found, dtype=np.float64).reshape(-1)
        if array.size < count:
            raise MessageFieldError(f"{path} has {array.size} numbers, {count} are asked for")
        return scale * array[:count] if scale != 1.0 else array[:count]

    return read


class JointOrder:
    """Puts numbers that come in another order of joints into the robot's."""

    def __init__(self, names: str | tuple[str, ...], robot: Sequence[str], origin: str) -> None:
        """names: a field of the message, or names; ParameterError for one the robot lacks."""
        self._robot = tuple(robot)
        self._field = reach(names) if isinstance(names, str) else None
        self._known: tuple[str, ...] = ()
        self._order: list[int] = []
        if not isinstance(names, str):
            missing = [name for name in robot if name not in names]
            if missing:
                raise ParameterError("names", ", ".join(missing), "must be named too", origin)
            self._learn(tuple(names))

    def _learn(self, names: tuple[str, ...]) -> None:
        missing = [name for name in self._robot if name not in names]
        if missing:
            raise MessageFieldError(f"lacks the joint {', '.join(missing)}")
        self._known, self._order = names, [names.index(name) for name in self._robot]

    def see(self, message: Any) -> int:  # noqa: ANN401 - generated message types
        """Look at the names in a message; return how many numbers it has."""
        if self._field is not None:
            names = tuple(self._field(message))
            if names != self._known:
                self._learn(names)
        return len(self._known)

    def sorted(self, values: Array) -> Array:
        """(n,) in the robot's order."""
        return values[self._order]


def quaternion(values: Array, order: Order) -> Array:
    """(4,) xyzw."""
    return values if order == "xyzw" else values[[1, 2, 3, 0]]


def stamp_reader(source: Source) -> Callable[[Any, int], float]:
    """Return what tells when a message was made [s], of the message and its reception [ns]."""
    if source.stamp == RECEIVED:
        return lambda _, received: 1e-9 * received
    scale = UNITS[source.stamp_unit]
    if source.stamp != HEADER:
        at = reach(source.stamp)
        return lambda message, _: scale * float(at(message))
    header = reach("header.stamp")

    def of_header(message: Any, _: int) -> float:  # noqa: ANN401 - generated message types
        stamp = header(message)
        return float(stamp.sec) + 1e-9 * float(stamp.nanosec)

    return of_header
