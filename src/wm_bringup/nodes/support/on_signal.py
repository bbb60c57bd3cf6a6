"""Act on a signal from a thread: a handler may not wait for what its own thread holds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable


def on_signal(number: signal.Signals, act: Callable[[], object]) -> None:
    """Have a thread ``act`` each time that the signal comes; call it from the main thread.

    Python runs a handler in the main thread, between any two of its steps: one that took a lock
    there would wait forever where the main thread holds that lock already.
    """
    came = os.eventfd(0, os.EFD_CLOEXEC)

    def wait() -> None:
        while True:
            os.eventfd_read(came)
            act()

    threading.Thread(target=wait, name=f"on {number.name}", daemon=True).start()
    signal.signal(number, lambda *_: os.eventfd_write(came, 1))
