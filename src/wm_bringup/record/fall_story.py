"""How a fall began: the kick before it, and when the robot first touched itself after that."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wm_bringup.record.run_record import TIME, RunRecord
from wm_bringup.record.strides import yaw_of
from wm_bringup.scenarios.scenario import Kick


def fall_story(record: RunRecord, kicks: Sequence[Kick]) -> str:
    """Return the cause of a fall, the kick before it, and when it first touched itself since.

    kicks: of the run, in order of time; their directions are told in the robot's heading at the
    kick, 0 degrees ahead and 90 to its left. Without a kick before the fall, the cause alone;
    without a fall, the empty string.
    """
    cause, time = record.facts.fall, record[TIME]
    fell_at = time[-1] if record.facts.fell_at is None else record.facts.fell_at
    earlier = [kick for kick in kicks if kick.at < fell_at]
    if not cause or not earlier:
        return cause
    kick = earlier[-1]
    since = int(np.searchsorted(time, kick.at))
    heading = float(yaw_of(record["base_orientation"][since : since + 1])[0])
    direction = np.arctan2(kick.velocity[1], kick.velocity[0])
    ahead = np.degrees((direction - heading + np.pi) % (2.0 * np.pi) - np.pi)
    story = f"{cause}, {fell_at - kick.at:.2f} s after a kick at {ahead:.0f} deg"
    until = int(np.searchsorted(time, fell_at, side="right"))
    meetings = np.flatnonzero(record["touches_itself"][since:until])
    if not meetings.size:
        return f"{story}; it never touched itself"
    return f"{story}; it touched itself {time[since + meetings[0]] - kick.at:.2f} s after the kick"
