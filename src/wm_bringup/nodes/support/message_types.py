"""Message classes by name, also of standard types whose packages are not installed.

The ROS wheels have no tf2_msgs, without which no viewer knows where a robot is. Who publishes and
takes messages as bytes needs of a type only its name and its hash: such a type has no more here.
They borrow the functions of std_msgs/String, which nobody calls for bytes, and are good for nothing
else; docs/decisions/0042-viewers-without-their-packages.md.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import import_module
from typing import Any

from rclpy.utilities import get_rmw_implementation_identifier
from rosbags.typesys import Stores, get_typestore
from std_msgs.msg import String

from wm_control.errors import WmError

NAMELESS_WITH = "rmw_fastrtps_cpp"
"""Middleware whose type support is known well enough to be made without a compiler."""

_OF_FAST_DDS = b"rosidl_typesupport_fastrtps_c"
_POINTER = ctypes.c_void_p
_FROM_HANDLE = ctypes.CFUNCTYPE(_POINTER, _POINTER)
_GET_HANDLE = ctypes.CFUNCTYPE(_POINTER, _POINTER, ctypes.c_char_p)


class MessageTypeError(WmError):
    """A message type is neither installed nor can it be done without."""


class _TypeSupport(ctypes.Structure):
    """rosidl_message_type_support_t."""

    _fields_ = (
        ("identifier", ctypes.c_char_p),
        ("data", _POINTER),
        ("get_handle", _GET_HANDLE),
        ("get_hash", _FROM_HANDLE),
        ("get_description", _FROM_HANDLE),
        ("get_sources", _FROM_HANDLE),
    )


class _Callbacks(ctypes.Structure):
    """message_type_support_callbacks_t of Fast DDS: whose names are ours, and the rest borrowed."""

    _fields_ = (
        ("namespace", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("functions", _POINTER * 5),
    )


class _Hash(ctypes.Structure):
    """rosidl_type_hash_t."""

    _fields_ = (("version", ctypes.c_uint8), ("value", ctypes.c_uint8 * 32))


class _Description(ctypes.Structure):
    """rosidl_runtime_c__type_description__TypeDescription: a name, and no word of its fields."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("fields", ctypes.c_size_t * 3),
        ("referenced", ctypes.c_size_t * 3),
    )


def message_class(msgtype: str) -> type:
    """Class of a type such as ``sensor_msgs/msg/JointState``, installed or else for bytes only.

    MessageTypeError where neither can be had.
    """
    package, _, name = msgtype.partition("/msg/")
    try:
        found: type = getattr(import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, ValueError, TypeError):
        return _for_bytes(msgtype)
    return found


@cache
def _for_bytes(msgtype: str) -> type:
    """Make a class that publishes and takes bytes of a standard type that is not installed."""
    types = get_typestore(Stores.ROS2_JAZZY)
    if msgtype not in types.fielddefs or get_rmw_implementation_identifier() != NAMELESS_WITH:
        raise MessageTypeError(f"message type {msgtype!r} is not installed here")
    return _named(msgtype, bytes.fromhex(types.hash_rihs01(msgtype).removeprefix("RIHS01_")))


def _named(msgtype: str, digest: bytes) -> type:
    name = msgtype.rpartition("/")[2]
    borrowed: Any = type(String)
    if borrowed._TYPE_SUPPORT is None:
        borrowed.__import_type_support__()
    support = _support(msgtype, digest, _handle_of(borrowed))
    own: dict[str, object] = {"_TYPE_SUPPORT": _capsule(support), "_kept": support}
    for function in ("_CREATE_ROS_MESSAGE", "_CONVERT_FROM_PY", "_CONVERT_TO_PY"):
        own[function] = getattr(borrowed, function)
    own["_DESTROY_ROS_MESSAGE"] = borrowed._DESTROY_ROS_MESSAGE
    metaclass: Any = type(f"Metaclass_{name}", (type,), own)
    made: type = metaclass(name, (), {"__doc__": f"Bytes of {msgtype}."})
    return made


def _handle_of(metaclass: Any) -> _TypeSupport:  # noqa: ANN401 - rosidl's own
    """Type support of an installed message."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = _POINTER, (ctypes.py_object, ctypes.c_char_p)
    return _TypeSupport.from_address(pointer(metaclass._TYPE_SUPPORT, None))


def _support(msgtype: str, digest: bytes, borrowed: _TypeSupport) -> tuple[_TypeSupport, object]:
    """Type support of its own name, hash and description; and what must live as long as it."""

    def handle_for(_: int, identifier: bytes) -> int | None:
        """Return ours where the names count, and String's where only something must be there."""
        if identifier == _OF_FAST_DDS:
            return ctypes.addressof(support)
        return borrowed.get_handle(ctypes.addressof(borrowed), identifier) or None

    of_fast_dds = borrowed.get_handle(ctypes.addressof(borrowed), _OF_FAST_DDS)
    if not of_fast_dds:
        raise MessageTypeError("std_msgs/String has no type support for Fast DDS")
    original = _TypeSupport.from_address(of_fast_dds)
    callbacks = _Callbacks.from_buffer_copy(_Callbacks.from_address(original.data))
    package, _, name = msgtype.partition("/msg/")
    callbacks.namespace, callbacks.name = f"{package}::msg".encode(), name.encode()
    named = msgtype.encode()
    content = (
        _Hash(1, (ctypes.c_uint8 * 32)(*digest)),
        _Description(named, len(named), len(named) + 1),
        (ctypes.c_size_t * 3)(),
    )
    functions = [_GET_HANDLE(handle_for), *(_getter(ctypes.addressof(one)) for one in content)]
    support = _TypeSupport(original.identifier, ctypes.addressof(callbacks), *functions)
    return support, (callbacks, content, functions)


def _getter(address: int) -> Any:  # noqa: ANN401 - a function of C
    return _FROM_HANDLE(lambda _: address)


def _capsule(support: tuple[_TypeSupport, object]) -> object:
    new = ctypes.pythonapi.PyCapsule_New
    new.restype, new.argtypes = ctypes.py_object, (_POINTER, ctypes.c_char_p, _POINTER)
    made: object = new(ctypes.addressof(support[0]), None, None)
    return made
