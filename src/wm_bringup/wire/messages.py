"""The standard messages this project publishes and reads, as bytes (layouts: docs/interfaces.md).

Encoders are built once per topic and keep their buffer; ``bytes`` of it go to the publisher.
Decoders give core types and refuse what they cannot use with a MessageError that says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from wm_bringup.wire.cdr import MessageError, Reader, Writer, float_view, put_stamp
from wm_bringup.wire.vectors import (
    COMMAND_FIELDS,
    COMMAND_HEADER,
    VELOCITY_FIELDS,
    VELOCITY_HEADER,
    command_rows,
    pack_velocity,
    unpack_command,
    unpack_estimate,
    unpack_velocity,
)
from wm_control.types import AdmittedVelocity, Array, Command, Estimate, VelocityCommand


class JointStateEncoder:
    """sensor_msgs/JointState with names, position [rad], velocity [rad/s] and effort [N·m]."""

    def __init__(self, names: Sequence[str], frame: str = "") -> None:
        """Lay out the message."""
        writer = Writer()
        self._stamp = writer.stamp()
        writer.string(frame)
        writer.uint32(len(names))
        for name in names:
            writer.string(name)
        offsets = []
        for _ in range(3):
            writer.uint32(len(names))
            offsets.append(writer.float64(len(names)))
        self._buffer = writer.finish()
        self._views = [float_view(self._buffer, offset, len(names)) for offset in offsets]

    def encode(self, stamp: float, position: Array, velocity: Array, effort: Array) -> bytes:
        """Fill in one sample; arrays (n,) in the order of the names."""
        put_stamp(self._buffer, self._stamp, stamp)
        self._views[0][:], self._views[1][:], self._views[2][:] = position, velocity, effort
        return bytes(self._buffer)


class StampedFloatsEncoder:
    """A header, perhaps a second frame, and then nothing but numbers: Imu, Odometry, Wrench."""

    def __init__(self, count: int, frame: str, *more_strings: str) -> None:
        """Lay out ``count`` numbers behind the header and further strings."""
        writer = Writer()
        self._stamp = writer.stamp()
        for text in (frame, *more_strings):
            writer.string(text)
        offset = writer.float64(count)
        self._buffer = writer.finish()
        self.floats = float_view(self._buffer, offset, count)

    def encode(self, stamp: float) -> bytes:
        """Return the message with what ``floats`` holds now."""
        put_stamp(self._buffer, self._stamp, stamp)
        return bytes(self._buffer)


def imu_encoder(frame: str) -> StampedFloatsEncoder:
    """sensor_msgs/Imu: quaternion 4, covariance 9, gyro 3, 9, accelerometer 3, 9; see fill_imu."""
    return StampedFloatsEncoder(37, frame)


def fill_imu(
    floats: Array, orientation: Array, angular_velocity: Array, acceleration: Array
) -> None:
    """Write one IMU sample; covariances stay zero, which means unknown (REP-145)."""
    floats[0:4], floats[13:16], floats[25:28] = orientation, angular_velocity, acceleration


def odometry_encoder(frame: str, child_frame: str) -> StampedFloatsEncoder:
    """nav_msgs/Odometry: pose 7, its covariance 36, twist 6, its covariance 36."""
    return StampedFloatsEncoder(85, frame, child_frame)


def wrench_encoder(frame: str) -> StampedFloatsEncoder:
    """geometry_msgs/WrenchStamped: force 3, torque 3."""
    return StampedFloatsEncoder(6, frame)


class MultiArrayEncoder:
    """std_msgs/Float64MultiArray of fixed size: ``data_offset`` numbers, then an array."""

    def __init__(self, dimensions: Sequence[tuple[str, int]], data_offset: int) -> None:
        """Lay out the message. dimensions: label and size, outermost first."""
        sizes = [size for _, size in dimensions]
        writer = Writer()
        writer.uint32(len(dimensions))
        for depth, (label, size) in enumerate(dimensions):
            writer.string(label)
            writer.uint32(size)
            writer.uint32(int(np.prod(sizes[depth:])))
        writer.uint32(data_offset)
        count = data_offset + int(np.prod(sizes))
        writer.uint32(count)
        offset = writer.float64(count)
        self._buffer = writer.finish()
        self.floats = float_view(self._buffer, offset, count)

    def encode(self) -> bytes:
        """Return the message with what ``floats`` holds now."""
        return bytes(self._buffer)


class CommandEncoder:
    """``/joint_command``: stamp, sequence, then five rows of n joints."""

    def __init__(self, n: int) -> None:
        """Lay out a command of ``n`` joints."""
        self._message = MultiArrayEncoder(command_dimensions(n), len(COMMAND_HEADER))

    def encode(self, command: Command) -> bytes:
        """Fill in one command."""
        floats = self._message.floats
        floats[:2] = (command.stamp, command.sequence)
        np.concatenate(command_rows(command), out=floats[2:])
        return self._message.encode()


def command_dimensions(n: int) -> tuple[tuple[str, int], tuple[str, int]]:
    """Labels and sizes of a command's body."""
    return ("field", len(COMMAND_FIELDS)), ("joint", n)


def encode_twist(command: VelocityCommand) -> bytes:
    """geometry_msgs/Twist."""
    writer = Writer()
    offset = writer.float64(6)
    buffer = writer.finish()
    float_view(buffer, offset, 6)[[0, 1, 5]] = (
        command.linear_x,
        command.linear_y,
        command.angular_z,
    )
    return bytes(buffer)


def encode_twist_stamped(command: VelocityCommand, stamp: float, frame: str) -> bytes:
    """geometry_msgs/TwistStamped."""
    writer = Writer()
    writer.stamp(stamp)
    writer.string(frame)
    writer.float64s(command.linear_x, command.linear_y, 0.0, 0.0, 0.0, command.angular_z)
    return bytes(writer.finish())


def encode_header(stamp: float) -> bytes:
    """std_msgs/Header without a frame."""
    writer = Writer()
    writer.stamp(stamp)
    writer.string("")
    return bytes(writer.finish())


def encode_clock(stamp: float) -> bytes:
    """rosgraph_msgs/Clock."""
    writer = Writer()
    writer.stamp(stamp)
    return bytes(writer.finish())


class Level(IntEnum):
    """Levels of diagnostic_msgs/DiagnosticStatus."""

    OK = 0
    WARN = 1
    ERROR = 2
    STALE = 3


@dataclass(frozen=True, slots=True)
class HealthStatus:
    """One diagnostic_msgs/DiagnosticStatus: a level, one line for people, and numbers."""

    name: str
    level: Level
    message: str
    values: Mapping[str, object]
    hardware: str = ""


def encode_diagnostics(stamp: float, statuses: Sequence[HealthStatus]) -> bytes:
    """diagnostic_msgs/DiagnosticArray; numbers are written with six digits."""
    writer = Writer()
    writer.stamp(stamp)
    writer.string("")
    writer.uint32(len(statuses))
    for status in statuses:
        writer.uint8(status.level)
        for text in (status.name, status.message, status.hardware):
            writer.string(text)
        writer.uint32(len(status.values))
        for key, value in status.values.items():
            writer.string(key)
            writer.string(f"{value:.6g}" if isinstance(value, float) else str(value))
    return bytes(writer.finish())


def decode_diagnostics(data: bytes) -> tuple[float, list[HealthStatus]]:
    """Read diagnostic_msgs/DiagnosticArray: its stamp [s] and all statuses; values are text.

    MessageError for one that breaks off, or a level that is none of ours.
    """
    reader = Reader(data)
    stamp, _ = reader.stamp(), reader.string()
    return stamp, [_read_status(reader) for _ in range(reader.uint32())]


def _read_status(reader: Reader) -> HealthStatus:
    number = reader.uint8()
    if number not in tuple(Level):
        raise MessageError(f"the level of a status is one of 0, 1, 2, got {number}")
    name, message, hardware = reader.string(), reader.string(), reader.string()
    values: dict[str, object] = {}
    for _ in range(reader.uint32()):
        key = reader.string()
        values[key] = reader.string()
    return HealthStatus(name, Level(number), message, values, hardware)


def encode_string(text: str) -> bytes:
    """std_msgs/String."""
    writer = Writer()
    writer.string(text)
    return bytes(writer.finish())


def decode_string(data: bytes) -> str:
    """Read std_msgs/String."""
    return Reader(data).string()


def decode_header(data: bytes) -> float:
    """Read the stamp of std_msgs/Header [s]; its frame is ignored."""
    return Reader(data).stamp()


def decode_twist(data: bytes) -> VelocityCommand:
    """Read geometry_msgs/Twist; the parts that no walking robot follows are ignored."""
    linear_x, linear_y, _, _, _, angular_z = Reader(data).float64(6).tolist()
    return VelocityCommand(linear_x, linear_y, angular_z)


def decode_twist_stamped(data: bytes) -> VelocityCommand:
    """Read geometry_msgs/TwistStamped; its stamp and frame are ignored: it is of now and of us."""
    reader = Reader(data)
    reader.stamp()
    reader.string()
    linear_x, linear_y, _, _, _, angular_z = reader.float64(6).tolist()
    return VelocityCommand(linear_x, linear_y, angular_z)


def decode_multi_array(data: bytes) -> tuple[Array, Array]:
    """Read std_msgs/Float64MultiArray: the entries before ``data_offset``, and the rest."""
    _, header, body = decode_labelled_array(data)
    return header, body


def decode_labelled_array(data: bytes) -> tuple[list[str], Array, Array]:
    """Read std_msgs/Float64MultiArray, with the labels of its dimensions first."""
    reader = Reader(data)
    labels = []
    for _ in range(reader.uint32()):
        labels.append(reader.string())
        reader.uint32()
        reader.uint32()
    offset = reader.uint32()
    floats = reader.float64_sequence()
    if offset > floats.size:
        raise MessageError(f"data_offset is {offset} but there are only {floats.size} numbers")
    return labels, floats[:offset], floats[offset:]


def decode_command(data: bytes, n: int) -> Command:
    """Read ``/joint_command`` of a robot with ``n`` joints."""
    return unpack_command(*decode_multi_array(data), n)


def decode_estimate(data: bytes, n: int) -> Estimate:
    """Read ``state_estimator/estimate`` of a robot with ``n`` joints."""
    return unpack_estimate(np.concatenate(decode_multi_array(data)), n)


def decode_velocity(data: bytes) -> AdmittedVelocity:
    """Read ``arbiter/velocity``."""
    return unpack_velocity(np.concatenate(decode_multi_array(data)))


class VelocityEncoder:
    """``arbiter/velocity``: stamp, run, action and source, then the admitted velocity."""

    def __init__(self) -> None:
        """Lay out the message."""
        self._message = MultiArrayEncoder(
            (("velocity", len(VELOCITY_FIELDS)),), len(VELOCITY_HEADER)
        )

    def encode(self, velocity: AdmittedVelocity) -> bytes:
        """Fill in one velocity."""
        pack_velocity(velocity, self._message.floats)
        return self._message.encode()


@dataclass(frozen=True, slots=True)
class JointSample:
    """One JointState in our own joint order: stamp [s], (n,) position, velocity, effort."""

    stamp: float
    position: Array
    velocity: Array
    effort: Array


class JointStateDecoder:
    """Reads JointState in any joint order; messages without names must come in our order."""

    def __init__(self, names: Sequence[str]) -> None:
        """Expect these joints."""
        self._names = tuple(names)
        self._known: bytes | None = None
        self._order: slice | list[int] = slice(None)

    def decode(self, data: bytes) -> JointSample:
        """Read one message; MessageError names a joint that is missing."""
        reader = Reader(data)
        stamp = reader.stamp()
        reader.string()
        self._read_names(reader)
        arrays = [reader.float64_sequence() for _ in range(3)]
        sizes = [array.size for array in arrays]
        if len(set(sizes)) != 1 or sizes[0] < len(self._names):
            raise MessageError(f"JointState of {len(self._names)} joints carries {sizes} numbers")
        return JointSample(stamp, *(array[self._order] for array in arrays))

    def _read_names(self, reader: Reader) -> None:
        """Find our joints among the names; the same bytes as last time need no second look."""
        start = reader.offset
        if self._known is not None and reader.data.startswith(self._known, start):
            reader.offset += len(self._known)
            return
        names = [reader.string() for _ in range(reader.uint32())]
        self._order = slice(None) if not names or tuple(names) == self._names else self._find(names)
        self._known = reader.data[start : reader.offset]

    def _find(self, names: Sequence[str]) -> list[int]:
        index = {name: i for i, name in enumerate(names)}
        missing = [name for name in self._names if name not in index]
        if missing:
            raise MessageError(f"JointState lacks the joint {', '.join(missing)}")
        return [index[name] for name in self._names]


@dataclass(frozen=True, slots=True)
class ImuSample:
    """One Imu: stamp [s], quaternion xyzw (4,), angular velocity (3,), specific force (3,)."""

    stamp: float
    orientation: Array
    angular_velocity: Array
    linear_acceleration: Array


def decode_imu(data: bytes) -> ImuSample:
    """Read sensor_msgs/Imu."""
    reader = Reader(data)
    stamp = reader.stamp()
    reader.string()
    floats = reader.float64(37)
    return ImuSample(stamp, floats[0:4], floats[13:16], floats[25:28])
