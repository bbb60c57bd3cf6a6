"""Commands that somebody else sent to the drives, seen by our command filter."""

from __future__ import annotations

from typing import Any

from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.replay.mapping import UNITS, Commands, JointOrder, numbers, stamp_reader
from wm_control.arbiter.command_filter import Clip, CommandFilter
from wm_control.constants import CONTROL_PERIOD
from wm_control.robot.description import RobotDescription
from wm_control.types import Command, Observation


class SentCommands:
    """Counts commands, and joints that the filter would have changed, by kind.

    observed: the newest observation, which the filter measures torques at.
    """

    def __init__(self, source: Commands, description: RobotDescription, robot: str) -> None:
        """robot: whose limits hold."""
        self._order = JointOrder(source.names, description.joint_names, source.topic)
        self._stamp = stamp_reader(source)
        angle, rate = UNITS[source.position_unit], UNITS[source.velocity_unit]
        self._paths = (
            (source.position, angle),
            (source.velocity, rate),
            (source.stiffness, 1.0),
            (source.damping, 1.0),
            (source.torque, 1.0),
        )
        self._filter = CommandFilter(description, safety_parameters(robot).filter)
        self._last = -1.0
        self.observed: Observation | None = None
        self.count = self.changed = 0

    def read(self, message: Any, received: int) -> None:  # noqa: ANN401 - generated message types
        """Take in a message; nothing is said of those before the first observation."""
        size = self._order.see(message)
        rows = [
            self._order.sorted(numbers(path, size, scale)(message)) for path, scale in self._paths
        ]
        if self.observed is None:
            return
        stamp = self._stamp(message, received)
        elapsed = stamp - self._last if self.count else CONTROL_PERIOD
        self._last = stamp
        self.count += 1
        command = Command(stamp, self.count, *rows)
        _, clipped = self._filter.apply(command, self.observed, max(elapsed, 0.0))
        self.changed += bool(clipped.any())

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        kinds = {kind.name.lower(): int(self._filter.counts[kind].sum()) for kind in Clip}
        return {"commands": self.count, "filter_changes": self.changed, "joints_by_kind": kinds}
