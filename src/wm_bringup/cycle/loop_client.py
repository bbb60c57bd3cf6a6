"""Start the real-time process (``loop_process``) and talk with it."""

from __future__ import annotations

import subprocess
import sys
import threading

from wm_bringup.cycle.link import Link, LinkClosedError, pair
from wm_bringup.cycle.loop_messages import LoopFailure, LoopReady, LoopRequest, LoopSetup
from wm_bringup.host import clock
from wm_control.errors import WmError

START_PATIENCE = 60.0
"""How long building everything may take on a busy machine [s]."""

END_PATIENCE = 5.0
"""How long the process may take to damp the robot and end [s]."""


class LoopStartError(WmError):
    """The real-time process could not begin; the text says why."""


class LoopClient:
    """The real-time process, seen from the one that started it.

    Any thread may send; one thread receives.
    """

    def __init__(self, setup: LoopSetup) -> None:
        """Start the process and let it build; LoopStartError when the system refuses."""
        ours, theirs = pair()
        self._link = Link(ours)
        self._sending = threading.Lock()
        command = [sys.executable, "-m", "wm_bringup.cycle.loop_process", str(theirs.fileno())]
        try:
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])
        except OSError as error:
            raise LoopStartError(f"cannot start the real-time process: {error}") from error
        finally:
            theirs.close()
        self.failure = ""
        self._heard: float | None = None
        self.send(setup)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def await_ready(self) -> None:
        """Wait until everything is built; LoopStartError with the reason when it is not."""
        try:
            answer = self._link.receive(START_PATIENCE)
        except LinkClosedError:
            answer = None
        if isinstance(answer, LoopReady):
            return
        if isinstance(answer, LoopFailure):
            raise LoopStartError(answer.text)
        raise LoopStartError(
            f"the real-time process did not come up (exit code {self._process.poll()})"
        )

    def send(self, message: object) -> None:
        """Send; nothing happens when the process is gone, which ``receive`` tells."""
        with self._sending:
            try:
                self._link.send(message)
            except LinkClosedError:
                return

    def receive(self) -> object | None:
        """Wait for the next message; None when the process has ended, ``failure`` says why."""
        try:
            message = self._link.receive(None)
        except LinkClosedError:
            self._heard = None
            self._note_end()
            return None
        self._heard = clock.monotonic()
        if isinstance(message, LoopFailure):
            self.failure = message.text
        return message

    @property
    def silence(self) -> float:
        """Time since it was last heard of [s]; zero before the first word and after the last."""
        heard = self._heard
        return 0.0 if heard is None else clock.monotonic() - heard

    def _note_end(self) -> None:
        """Find words for an end that was not announced."""
        try:
            code = self._process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            return
        if code != 0 and not self.failure:
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            self.failure = f"the real-time process ended by {how}"

    def stop(self) -> None:
        """Ask for the end, with the robot damped, and wait for it; kill what does not obey."""
        self.send(LoopRequest.STOP)
        try:
            self._process.wait(END_PATIENCE)
        except subprocess.TimeoutExpired:
            self.failure = f"the real-time process did not end within {END_PATIENCE:g} s: killed"
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Stop, and let go of the link; what was not received is lost."""
        self.stop()
        self._link.close()
