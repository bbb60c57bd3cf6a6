"""How a fall began: the kick or punch before it, and when the robot first touched itself then."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from wm_bringup.record.run_record import TIME, RunRecord
from wm_bringup.record.strides import yaw_of
from wm_bringup.scenarios.scenario import Kick, Punch


def fall_story(record: RunRecord, kicks: Sequence[Kick], punches: Sequence[Punch] = ()) -> str:
    """Return the cause of a fall, what hit the robot before, and when it first touched itself then.

    kicks, punches: of the run; directions of kicks are told in the robot's heading at the kick, 0
    degrees ahead and 90 to its left. Without any before the fall, the cause alone; without a fall,
    the empty string.
    """
    cause, time = record.facts.fall, record[TIME]
    fell_at = time[-1] if record.facts.fell_at is None else record.facts.fell_at
    hits: list[Kick | Punch] = [*kicks, *punches]
    earlier = [one for one in hits if one.at < fell_at]
    if not cause or not earlier:
        return cause
    hit = max(earlier, key=lambda one: one.at)
    since = int(np.searchsorted(time, hit.at))
    what = "kick" if isinstance(hit, Kick) else "punch"
    story = f"{cause}, {fell_at - hit.at:.2f} s after {_told(hit, record, since)}"
    until = int(np.searchsorted(time, fell_at, side="right"))
    meetings = np.flatnonzero(record["touches_itself"][since:until])
    if not meetings.size:
        return f"{story}; it never touched itself"
    touched = time[since + meetings[0]] - hit.at
    return f"{story}; it touched itself {touched:.2f} s after the {what}"


def _told(hit: Kick | Punch, record: RunRecord, look: int) -> str:
    """Say what hit the robot, as of a look at the truth."""
    if isinstance(hit, Punch):
        return f"a punch of {math.hypot(*hit.force):.0f} N at {hit.joint}"
    heading = float(yaw_of(record["base_orientation"][look : look + 1])[0])
    direction = np.arctan2(hit.velocity[1], hit.velocity[0])
    ahead = np.degrees((direction - heading + np.pi) % (2.0 * np.pi) - np.pi)
    return f"a kick at {ahead:.0f} deg"
