"""How long the estimate may live on prediction, and when it may be used again."""

from __future__ import annotations

from collections.abc import Mapping

from wm_control.estimation.parameters import SensorParameters


class Health:
    """Times the outage of every group of sensors.

    healthy: False from the moment an outage exceeds its limit until all sensors have been good for
    the recovery time; cause: the outage that began it.
    """

    def __init__(self, parameters: SensorParameters) -> None:
        """Start healthy."""
        self.parameters = parameters
        self.reset()

    def reset(self) -> None:
        """Forget every outage."""
        self.healthy = True
        self.cause = ""
        self._outages: dict[str, float] = {}
        self._good_time = 0.0

    @property
    def ailing(self) -> bool:
        """Whether anything is out, or has not been good for long enough."""
        return bool(self._outages) or not self.healthy

    def outage(self, group: str) -> float:
        """Time since the last believable reading of a group; 0 when it was the last one [s]."""
        return self._outages.get(group, 0.0)

    def overdue(self, group: str) -> bool:
        """Whether a group has been out for longer than prediction may bridge."""
        return self.outage(group) > self.parameters.outage_limit + 1e-9

    def update(self, faults: Mapping[str, str], dt: float) -> None:
        """Take in the faults (group -> text) of the dt seconds up to now."""
        if not faults and self.healthy:
            if self._outages:
                self._outages = {}
            return
        self._outages = {group: self.outage(group) + dt for group in faults}
        late = [group for group in faults if self.overdue(group)]
        if late:
            self._fail(faults[late[0]], self._outages[late[0]])
        elif not faults:
            self._recover(dt)

    def fail(self, cause: str) -> None:
        """Unhealthy at once, by evidence that was gathered over time."""
        self._good_time = 0.0
        if self.healthy:
            self.cause = cause
        self.healthy = False

    def _fail(self, fault: str, outage: float) -> None:
        limit_ms = 1e3 * self.parameters.outage_limit
        self.fail(f"{fault}, for {1e3 * outage:.0f} ms (limit {limit_ms:.0f} ms)")

    def _recover(self, dt: float) -> None:
        self._good_time += dt
        if self._good_time >= self.parameters.recovery_time:
            self.reset()
