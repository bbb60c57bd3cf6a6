"""What lies behind a decision, for people and records: nothing is decided from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wm_control.arbiter.balance import UNDISTURBED, Balance
from wm_control.fast_init import fast_init


@fast_init
@dataclass(frozen=True, slots=True)
class Background:
    """How things stood in one cycle.

    preference: controllers that may drive, the most wanted first. standings: a word for each
    controller (``Standing.word``). balance: of the robot. switches: changes of the driver within
    ``switch_window``. settled: there were too many, and nobody is taken back before the operator
    clears.
    """

    preference: tuple[str, ...] = ()
    standings: Mapping[str, str] = field(default_factory=dict)
    balance: Balance = UNDISTURBED
    switches: int = 0
    settled: bool = False


NOTHING_KNOWN = Background()
"""Behind a decision of which only the outcome is known."""
