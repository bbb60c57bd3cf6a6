"""What a process sends to the loop, and the faults that it meets there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from wm_bringup.faults.fault import Fault, FaultRefusedError
from wm_bringup.faults.parts import FaultyDelivery
from wm_bringup.faults.paths import FaultyPaths, path_of
from wm_bringup.faults.schedule import Acted
from wm_bringup.wire.delayed_delivery import Stamped
from wm_control.types import Array, Estimate

M = TypeVar("M", bound=Stamped)


class FaultyOutlet(Generic[M]):
    """Sends messages on one path, through its faults; without any at once.

    Time is that of the estimates; the run begins where they say so.
    """

    def __init__(
        self,
        path: str,
        default_position: Array,
        publish: Callable[[M], None],
        faults: Sequence[Fault] = (),
        seed: int = 0,
    ) -> None:
        """path: target of the faults. faults: that come with every run. seed: of what is lost.

        default_position: posture (n,) of the robot [rad].
        """
        self._path, self._publish = path, publish
        self._paths = FaultyPaths(faults, default_position, seed)
        self._delivery: FaultyDelivery[M] | None = None
        self._run: int | None = None
        self._now = float("nan")
        if faults:
            self._meet()

    def _meet(self) -> None:
        if self._delivery is None:
            self._delivery = FaultyDelivery(self._publish, self._paths.made(self._path))

    def takes(self, fault: Fault) -> bool:
        """Whether a fault is one of this path."""
        return path_of(fault.target) == self._path

    def ask(self, fault: Fault) -> None:
        """Add a fault whose start counts from now on; FaultRefusedError before time began."""
        if self._run is None:
            raise FaultRefusedError(f"{fault.text}: no estimate has come yet")
        self._meet()
        self._paths.made(self._path).ask(fault, self._now)

    def see(self, estimate: Estimate) -> None:
        """Take note of the time, and send what was late until now."""
        self._now = estimate.stamp
        if estimate.observation.run != self._run:
            self._run = estimate.observation.run
            self._paths.begin(self._now)
        if self._delivery is not None:
            self._delivery.deliver(self._now)

    def send(self, message: M) -> None:
        """Send a message on its way."""
        if self._delivery is None:
            self._publish(message)
        else:
            self._delivery.send(message, self._now)
            self._delivery.deliver(self._now)

    @property
    def acted(self) -> tuple[Acted, ...]:
        """What came of each fault."""
        return self._paths.acted
