"""The gait that a robot really walks, as its contacts tell: for whoever does not walk it.

A planner in the shadow of another driver must plan for the steps that happen, not for those that it
would have taken. Nothing is assumed of who drives: only when feet touch down and lift off is seen.
"""

from __future__ import annotations

from math import inf

from wm_control.types import LEFT, RIGHT, Array

_TOUCHES, _IS_OFF = 0.6, 0.4
"""Contact probability from which a foot counts as down, and below which it counts as lifted."""

_LEAST_SWING = 0.06
"""A foot that was off the ground for less has not taken a step: it chattered, or scuffed [s]."""

_STANDS = 0.25
"""Both feet on the ground for longer is no load transfer any more [s]."""

_DURATIONS = (0.2, 0.8)
"""Bounds of a step's duration; what is outside was no step like the others [s]."""

_NEWEST = 0.5
"""Weight of the newest step in the mean duration."""


class ObservedGait:
    """Which foot carries, and since when.

    support: foot that landed last, or carries alone. since: time of its touchdown [s]. stands: both
    feet have been down for long. down: (left, right) which feet are on the ground.
    step_duration: touchdown to touchdown, mean over the last steps [s].
    """

    def __init__(self, step_duration: float, load_transfer: float) -> None:
        """Start on both feet.

        step_duration: expected of the first steps [s]. load_transfer: from a touchdown until that
        foot carries alone [s].
        """
        self._step_duration, self._load_transfer = step_duration, load_transfer
        self.reset(0.0)

    def reset(self, now: float) -> None:
        """Forget what was seen: both feet are on the ground, and have been."""
        self.support, self.since = LEFT, now
        self.down = (True, True)
        self.step_duration = self._step_duration
        self.stands = True
        self._changed = [-inf, -inf]

    def begin(self, support: int, since: float) -> None:
        """Go on from a step of which is known who carries it, and since when [s]."""
        self.reset(since)
        self.support, self.stands = support, False
        self.down = (support == LEFT, support == RIGHT)
        self._changed = [since, since]

    def see(self, now: float, contact_probability: Array) -> None:
        """Take in the contacts at ``now`` [s]; (2,) left and right, in [0, 1]."""
        before, self.down = self.down, self._down(contact_probability)
        for foot in (LEFT, RIGHT):
            if self.down[foot] != before[foot]:
                swung = now - self._changed[foot]
                self._changed[foot] = now
                if self.down[foot] and swung >= _LEAST_SWING:
                    self._land(foot, now)
        if self.down[LEFT] != self.down[RIGHT]:
            self._carry(LEFT if self.down[LEFT] else RIGHT, now)
        self.stands = self.down == (True, True) and now - max(self._changed) > _STANDS

    def _down(self, probability: Array) -> tuple[bool, bool]:
        left, right = (
            bool(probability[foot] > (_IS_OFF if self.down[foot] else _TOUCHES))
            for foot in (LEFT, RIGHT)
        )
        return left, right

    def _land(self, foot: int, now: float) -> None:
        """Begin a step on a foot that comes out of a swing."""
        lasted = now - self.since
        if foot != self.support and not self.stands and _DURATIONS[0] <= lasted <= _DURATIONS[1]:
            self.step_duration += _NEWEST * (lasted - self.step_duration)
        self.support, self.since = foot, now

    def _carry(self, foot: int, now: float) -> None:
        """Note the one foot on the ground; one that carries without having landed does since now.

        Between touchdown and the lift-off of the other, as at the end of standing, the load has
        been shifted: that much of the step is over.
        """
        if foot != self.support or self.stands:
            self.support = foot
            self.since = now - self._load_transfer

    def progress(self, now: float) -> float:
        """Share of the present step that is over at ``now`` [s], in [0, 1)."""
        return min(max((now - self.since) / self.step_duration, 0.0), 1.0 - 1e-9)
