"""Where a robot is in its gait: the memory that passes from tick to tick, and between planners."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from wm_control.fast_init import fast_init
from wm_control.types import LEFT, RIGHT, Array


class Mode(IntEnum):
    """Standing on both feet, or stepping."""

    STAND = 0
    WALK = 1


@fast_init
@dataclass(frozen=True, slots=True)
class Gait:
    """Where the robot is in its gait; all that another planner needs to go on from there.

    support: foot that carries the current step; the other one swings.
    step_start: time of the support foot's touchdown [s]; touch_down: planned end of the step [s].
    double_support: duration of the load transfer at its start [s].
    lifts: False for the first weight shift, whose swing foot stays where it is.
    support_pose, swing_start: (4,) x, y, z, yaw of the soles in world, frozen at step_start.
    cop_start: (2,) centre of pressure at step_start in world [m].
    velocity: (3,) slewed command [m/s], [m/s], [rad/s]; correction: (2,) learned bias [m/s].
    yaw: desired heading, at the stamp of the plan that it belongs to [rad].
    steps: touchdowns since the robot last stood.
    """

    mode: Mode
    support: int
    step_start: float
    touch_down: float
    double_support: float
    lifts: bool
    support_pose: Array
    swing_start: Array
    cop_start: Array
    velocity: Array
    correction: Array
    yaw: float
    steps: int

    @property
    def swing(self) -> int:
        """The foot that does not carry this step."""
        return RIGHT if self.support == LEFT else LEFT

    def phase(self, now: float) -> float:
        """Phase of the stride in [0, 1): 0 where the left foot lands, 0.5 where the right one does.

        NaN while standing.
        """
        if not self.mode:
            return float("nan")
        progress = (now - self.step_start) / max(self.touch_down - self.step_start, 1e-3)
        return 0.5 * (self.support + min(max(progress, 0.0), 1.0 - 1e-9))
