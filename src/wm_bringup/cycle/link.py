"""A link between two processes of one robot: whole objects, in order, and sending never waits.

Over a pair of local sockets that keep messages apart (``SOCK_SEQPACKET``), so that the end of
either process is seen by the other at once.
"""

from __future__ import annotations

import pickle
import select
import socket
from collections import deque

from wm_bringup.host import clock
from wm_control.errors import WmError

LARGEST = 1 << 18
"""No message is larger than this [bytes]."""

BACKLOG = 2000
"""Messages kept while the other end is not reading; the oldest go when there are more."""


class LinkClosedError(Exception):
    """The other end is gone."""


class MessageTooLongError(WmError):
    """A message is longer than the other end reads; it was not sent."""


class Link:
    """One end. One thread sends; another may receive.

    lost: messages given up because the other end did not read for too long.
    """

    def __init__(self, end: socket.socket, backlog: int = BACKLOG) -> None:
        """Take over one end of ``pair``."""
        self._socket = end
        self._backlog: deque[bytes] = deque()
        self._most = backlog
        self._buffer = bytearray(LARGEST)
        self.lost = 0

    def send(self, message: object) -> None:
        """Send, or keep for ``flush`` what the system does not take now.

        LinkClosedError; MessageTooLongError for more than ``LARGEST`` bytes.
        """
        data = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        if len(data) > LARGEST:
            what = f"{type(message).__name__} of {len(data)} bytes"
            raise MessageTooLongError(f"{what}: the control loop takes {LARGEST} at most")
        if len(self._backlog) == self._most:
            self._backlog.popleft()
            self.lost += 1
        self._backlog.append(data)
        self.flush()

    def flush(self, patience: float = 0.0) -> bool:
        """Send what is waiting, for at most ``patience`` [s]; whether nothing waits any more."""
        end = clock.monotonic() + patience
        while self._backlog:
            try:
                self._socket.send(self._backlog[0], socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)
            except BlockingIOError:
                left = end - clock.monotonic()
                if left <= 0.0:
                    return False
                select.select((), (self._socket,), (), left)
                continue
            except (BrokenPipeError, ConnectionResetError) as error:
                raise LinkClosedError from error
            self._backlog.popleft()
        return True

    def receive(self, patience: float | None = 0.0) -> object | None:
        """Return the next message, or None when none comes within ``patience`` [s]; None: ever.

        LinkClosedError when the other end is gone and all that it sent has been read.
        """
        if patience != 0.0 and not select.select((self._socket,), (), (), patience)[0]:
            return None
        try:
            size = self._socket.recv_into(self._buffer, LARGEST, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return None
        except ConnectionResetError as error:
            raise LinkClosedError from error
        if size == 0:
            raise LinkClosedError
        message: object = pickle.loads(memoryview(self._buffer)[:size])
        return message

    def close(self) -> None:
        """Let go."""
        self._socket.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """Both ends of a new link, each for a ``Link`` in its own process."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, LARGEST)
    return ends


def adopt(descriptor: int) -> Link:
    """Return the end that a parent process has handed over by its file descriptor."""
    return Link(socket.socket(fileno=descriptor))
