"""Ports of this machine for pages that people open."""

from __future__ import annotations

import errno
import socket

from wm_control.errors import WmError

TRIED = 100
"""Ports that are looked at, from the one that was asked for on."""


class AddressError(WmError):
    """Nothing can be served at this address."""


def free_port(host: str, port: int) -> int:
    """Return ``port``, or the next one that is free there; AddressError where none can be had."""
    for candidate in range(port, min(port + TRIED, 65536)):
        if (found := _bound(host, candidate)) is not None:
            return found
    raise AddressError(f"no page can be served on {host}: no port from {port} on is free")


def _bound(host: str, port: int) -> int | None:
    """Return the port that could be had; None for one that is taken or not for us."""
    try:
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
            return int(tried.getsockname()[1])
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            return None
        said = error.strerror or str(error)
        raise AddressError(f"no page can be served on {host}: {said}") from error


def page_address(host: str, port: int) -> str:
    """Return what to type into a browser."""
    return f"http://{'localhost' if host in ('127.0.0.1', '0.0.0.0') else host}:{port}"
