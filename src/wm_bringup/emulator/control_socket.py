"""A local socket for requests: one JSON line asks, one JSON line answers."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Any

from wm_bringup.emulator.requests import obey, status
from wm_bringup.emulator.robot import EmulatedRobot
from wm_bringup.host import clock
from wm_control.errors import ParameterError, WmError

LONGEST = 65536
"""Bytes of a line; whoever sends more is not listened to any longer."""

PATIENCE = 2.0
"""For an answer [s]."""

STATUS = "status"
"""A line of this word asks how the robot is."""


class ControlSocket:
    """Listens at a path of the file system; nobody ever waits for anybody.

    Answers: {"done": the time of the robot [s]}, {"refused": "why"}, or what ``status`` says.
    """

    def __init__(self, path: Path) -> None:
        """WmError when there is something else at the path, or it cannot be made."""
        self._path = path
        self._listener = _listen(path)
        self._clients: dict[socket.socket, bytes] = {}

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def __enter__(self) -> ControlSocket:
        """Listen."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Close it, and leave nothing at the path."""
        for client in self._clients:
            client.close()
        self._listener.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()

    def serve(self, robot: EmulatedRobot) -> None:
        """Do what has been asked since the last call."""
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            self._clients[client] = b""
        for client in list(self._clients):
            self._hear(client, robot)

    def _hear(self, client: socket.socket, robot: EmulatedRobot) -> None:
        try:
            heard = client.recv(LONGEST)
            *lines, rest = (self._clients[client] + heard).split(b"\n")
            self._clients[client] = rest
            for line in lines:
                client.sendall(_answer(robot, line.decode(errors="replace")))
            gone = not heard or len(rest) > LONGEST
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            client.close()
            del self._clients[client]


def ask(path: Path, line: str) -> Any:  # noqa: ANN401 - JSON
    """Ask whoever listens at a path, and return the answer; WmError when nobody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(clock.real(PATIENCE))
        try:
            caller.connect(os.fspath(path))
            caller.sendall(" ".join(line.split()).encode() + b"\n")
            return json.loads(caller.makefile().readline())
        except (OSError, ValueError) as error:
            raise WmError(f"--control {path}: nobody answers there: {error}") from error


def _answer(robot: EmulatedRobot, line: str) -> bytes:
    if line.strip() == STATUS:
        return _encoded(status(robot))
    try:
        obey(robot, line)
    except ParameterError as error:
        return _encoded({"refused": str(error)})
    return _encoded({"done": robot.now})


def _encoded(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"


def _listen(path: Path) -> socket.socket:
    """Take the path over from a process that has left its socket there, and from nothing else."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and not _answers(path):
            path.unlink()
        listener.bind(os.fspath(path))
    except OSError as error:
        listener.close()
        raise WmError(f"--control {path}: {error.strerror or error}") from error
    listener.listen()
    listener.setblocking(False)
    return listener


def _answers(path: Path) -> bool:
    """Whether a process listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        return caller.connect_ex(os.fspath(path)) == 0
