"""How a fall began: the kick before it, and when the robot first touched itself after that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wm_bringup.record.strides import yaw_of
from wm_bringup.record.trace import Trace
from wm_bringup.scenarios.scenario import Kick


def fall_story(cause: str, trace: Trace, kicks: Sequence[Kick]) -> str:
    """Return the cause of a fall, the kick before it, and when it first touched itself since.

    trace: of the episode, which ends with the fall. kicks: of the episode, in order of time; their
    directions are told in the robot's heading at the kick, 0 degrees ahead and 90 to its left.
    Without a kick before the fall, the cause alone; without a fall, the empty string.
    """
    time = trace["time"]
    earlier = [kick for kick in kicks if kick.at < time[-1]]
    if not cause or not earlier:
        return cause
    kick = earlier[-1]
    since = int(np.searchsorted(time, kick.at))
    heading = float(yaw_of(trace["base_orientation"][since : since + 1])[0])
    direction = np.arctan2(kick.velocity[1], kick.velocity[0])
    ahead = np.degrees((direction - heading + np.pi) % (2.0 * np.pi) - np.pi)
    story = f"{cause}, {time[-1] - kick.at:.2f} s after a kick at {ahead:.0f} deg"
    meetings = np.flatnonzero(trace["touches_itself"][since:])
    if not meetings.size:
        return f"{story}; it never touched itself"
    return f"{story}; it touched itself {time[since + meetings[0]] - kick.at:.2f} s after the kick"
