"""Follow one publisher of a topic, and nobody else who publishes on it.

DDS tells a subscriber the number that a publisher gave to its message, 1, 2, 3, ..., but not whose
message it is. Numbers that go on from where they were are the followed publisher's; others are a
rival's.
"""

from __future__ import annotations

from dataclasses import dataclass

MISSED = 64
"""So many of its messages may be missed at any time."""

MISSED_PER_SECOND = 1000.0
"""And so many more in the time in which nothing was heard; no topic is faster."""

PATIENCE = 1.0
"""After so long a silence whoever publishes next is followed: the first has been replaced [s]."""


@dataclass(slots=True)
class OnePublisher:
    """Tells the followed publisher's messages from all others by their numbers.

    The first that is heard is followed. A restarted publisher begins again at 1 and is followed
    once the old numbers have been silent for PATIENCE. refused: messages of others.
    """

    refused: int = 0
    _last: int = 0
    _heard: float = float("-inf")

    def follows(self, number: int, now: float) -> bool:
        """Whether a message with this number, received at ``now`` [s], is the publisher's.

        Messages that are not numbered, number 0, cannot be told apart and are all followed.
        """
        silence = now - self._heard
        ahead = number - self._last
        goes_on = 0 < ahead <= MISSED + MISSED_PER_SECOND * silence
        if number and not goes_on and silence < PATIENCE:
            self.refused += 1
            return False
        self._last, self._heard = number, now
        return True
