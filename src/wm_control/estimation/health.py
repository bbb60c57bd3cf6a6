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
        self._faults: Mapping[str, str] = {}
        self._waited = 0.0
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
        waited, self._waited = self._waited, 0.0
        if not faults and self.healthy:
            if self._outages:
                self._outages = {}
            return
        more = dt - waited if dt > waited else dt  # a shorter dt does not tell of the wait
        self._outages = {group: self._outages.get(group, waited) + more for group in faults}
        self._faults = faults
        if not self._fail_if_late() and not faults:
            self._recover(dt)

    def wait(self, group: str, fault: str, dt: float) -> None:
        """Take in dt seconds without news, the fault of one group: the others stay as they were.

        The ``update`` that ends the wait is told of its time as well, which counts once.
        """
        self._waited += dt
        self._outages.setdefault(group, 0.0)
        self._outages = {name: outage + dt for name, outage in self._outages.items()}
        self._faults = {**self._faults, group: fault}
        self._fail_if_late()

    def fail(self, cause: str) -> None:
        """Unhealthy at once, by evidence that was gathered over time."""
        self._good_time = 0.0
        if self.healthy:
            self.cause = cause
        self.healthy = False

    def _fail_if_late(self) -> bool:
        """Unhealthy by the first outage beyond the limit, if there is one."""
        late = next(filter(self.overdue, self._outages), None)
        if late is None:
            return False
        outage_ms, limit_ms = 1e3 * self._outages[late], 1e3 * self.parameters.outage_limit
        self.fail(f"{self._faults[late]}, for {outage_ms:.0f} ms (limit {limit_ms:.0f} ms)")
        return True

    def _recover(self, dt: float) -> None:
        self._good_time += dt
        if self._good_time >= self.parameters.recovery_time:
            self.reset()
