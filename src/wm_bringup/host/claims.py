"""What only one process of this machine may have: a robot's name, a folder of results.

The kernel answers: a socket in Linux's abstract namespace is bound by one process alone, and is
free again when that process ends, however it ends.
"""

from __future__ import annotations

import errno
import socket
from hashlib import sha256

from wm_control.errors import WmError


class ClaimedError(WmError):
    """Another process has it."""


def claim(what: str) -> socket.socket:
    """Claim something by its name, for as long as what is returned is kept.

    ClaimedError where another process has it.
    """
    held = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:  # a name may be longer than an address
        held.bind(f"\0wm_humanoid/{sha256(what.encode()).hexdigest()}")
    except OSError as error:
        held.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise ClaimedError(f"{what} is in use by another process of this machine") from None
    return held
