"""Cyclone DDS's C library: where it is found, and the functions of it that are called.

Called through ctypes, because its Python package has no wheel for aarch64 and declares types that
half of the field's versions do not match. What is called, and the structures it takes, are the same
from 0.9 to 11: the vendor's own 0.10.2, Debian's and Ubuntu's, ROS 2's and the wheels'.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Iterator
from ctypes import POINTER, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from ctypes.util import find_library
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from wm_bringup.robots.unitree.cyclone.log import Log
from wm_bringup.robots.unitree.link import LinkError

KEEP_LAST: Final = 0
BEST_EFFORT, RELIABLE = 0, 1
ANY_STATE: Final = 127
FREE_CONTENTS: Final = 3


class TopicDescriptor(ctypes.Structure):
    """``dds_topic_descriptor_t``: how a C struct of ``size`` bytes is put on the wire.

    Without type information, so that peers are matched by the type's name, whichever of XTypes'
    hashes their compiler gave it.
    """

    _fields_ = (
        ("size", c_uint32),
        ("align", c_uint32),
        ("flags", c_uint32),
        ("keys", c_uint32),
        ("type_name", c_char_p),
        ("key_descriptors", c_void_p),
        ("operation_count", c_uint32),
        ("operations", POINTER(c_uint32)),
        ("meta", c_char_p),
        ("type_information", c_void_p),
        ("type_information_size", c_uint32),
        ("type_mapping", c_void_p),
        ("type_mapping_size", c_uint32),
        ("representations", c_uint32),
    )


class SampleInfo(ctypes.Structure):
    """``dds_sample_info_t``; source_timestamp [ns] of the writer's wall clock."""

    _fields_ = (
        ("sample_state", c_uint32),
        ("view_state", c_uint32),
        ("instance_state", c_uint32),
        ("valid", ctypes.c_bool),
        ("source_timestamp", c_int64),
        ("instance", c_uint64),
        ("publication", c_uint64),
        ("counts", c_uint32 * 5),
    )


class MatchedStatus(ctypes.Structure):
    """``dds_{publication,subscription}_matched_status_t``."""

    _fields_ = (
        ("total", c_uint32),
        ("total_change", c_int32),
        ("current", c_uint32),
        ("current_change", c_int32),
        ("last", c_uint64),
    )


_FUNCTIONS: Final[dict[str, tuple[Any, ...]]] = {
    "create_domain": (c_int32, c_uint32, c_char_p),
    "create_participant": (c_int32, c_uint32, c_void_p, c_void_p),
    "create_topic": (c_int32, c_int32, POINTER(TopicDescriptor), c_char_p, c_void_p, c_void_p),
    "create_qos": (c_void_p,),
    "delete_qos": (None, c_void_p),
    "qset_reliability": (None, c_void_p, c_int32, c_int64),
    "qset_history": (None, c_void_p, c_int32, c_int32),
    "create_reader": (c_int32, c_int32, c_int32, c_void_p, c_void_p),
    "create_writer": (c_int32, c_int32, c_int32, c_void_p, c_void_p),
    "create_readcondition": (c_int32, c_int32, c_uint32),
    "create_waitset": (c_int32, c_int32),
    "waitset_attach": (c_int32, c_int32, c_int32, c_void_p),
    "waitset_wait": (c_int32, c_int32, c_void_p, c_size_t, c_int64),
    "write": (c_int32, c_int32, c_void_p),
    "take": (c_int32, c_int32, c_void_p, c_void_p, c_size_t, c_uint32),
    "sample_free": (None, c_void_p, POINTER(TopicDescriptor), c_int32),
    "get_subscription_matched_status": (c_int32, c_int32, POINTER(MatchedStatus)),
    "get_publication_matched_status": (c_int32, c_int32, POINTER(MatchedStatus)),
    "delete": (c_int32, c_int32),
    "strretcode": (c_char_p, c_int32),
    "qset_data_representation": (None, c_void_p, c_uint32, c_void_p),
}
"""Result and arguments of each; the last is called by nobody: libraries before 0.9 lack it."""


class Cyclone:
    """The library at ``path``; its functions without their ``dds_``."""

    def __init__(self, path: str) -> None:
        """Load it; nothing runs yet."""
        self.path = path
        try:
            library = ctypes.CDLL(path)
        except OSError as error:
            raise LinkError(f"the DDS library {path} cannot be loaded: {error}") from None
        self.log = Log()
        self._functions: dict[str, Callable[..., Any]] = {}
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, f"dds_{name}", None)
            if function is None:
                raise LinkError(f"{path} is no Cyclone DDS from 0.9 on: it has no dds_{name}")
            function.restype, function.argtypes = result, arguments
            self._functions[name] = function

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return a function."""
        try:
            return self._functions[name]
        except KeyError:
            raise AttributeError(name) from None

    def made(self, code: int, what: str) -> int:
        """Return what a function returned, unless that is an error."""
        if code < 0:
            self.log.read()
            said = f" ({self.log.last})" if self.log.last else ""
            raise LinkError(f"no DDS {what}: {self.strretcode(code).decode()}{said}")
        return code


SYSTEM: Final = tuple(map(str, Path("/usr/lib").glob("*-linux-gnu/libddsc.so.0debian")))
"""Debian's and Ubuntu's library without its development files, which the linker has no name for."""


def places() -> Iterator[str]:
    """Yield where the library may be, the most deliberate place first."""
    if home := os.environ.get("CYCLONEDDS_HOME"):
        yield from map(str, Path(home).glob("lib/libddsc.so"))
    wheel = find_spec("cyclonedds")
    for folder in (wheel.submodule_search_locations or ()) if wheel else ():
        yield from map(str, Path(folder).glob(".libs/libddsc.so"))
    if found := find_library("ddsc"):
        yield found
    yield from SYSTEM
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        yield from map(str, Path(prefix).glob("lib/**/libddsc.so"))


@cache
def load_library() -> Cyclone:
    """Load the first library there is, once for the process."""
    found = next(places(), None)
    if found is None:
        raise LinkError(
            "Cyclone DDS is not here: pip install 'wm_humanoid[unitree]' on x86-64, else "
            "apt install libddsc0debian, or CYCLONEDDS_HOME=FOLDER, or source a ROS 2 that has it"
        )
    return Cyclone(found)
