"""Which controllers can drive the robot now, and how badly the others cannot.

Each controller has latches of its own: what one of them does wrong is held against that one only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wm_control.arbiter.controller_rules import CONTROLLER_RULES
from wm_control.arbiter.latched_rules import LatchedRules
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.types import Action, Cause, ControllerResult


@dataclass(frozen=True, slots=True)
class Standing:
    """How one controller stands.

    action: what has to be done if it, and no other, can be had: NOMINAL when it is available,
        FALLBACK when it still walks the robot to a stop by itself, worse when it cannot.
    causes: the rules against it. sound: nothing at all is wrong with its newest proposal, not even
        what a driver is forgiven for a cycle.
    """

    action: Action
    causes: tuple[Cause, ...] = ()
    sound: bool = True

    @property
    def available(self) -> bool:
        """Whether nothing is against a driver going on."""
        return self.action == Action.NOMINAL

    @property
    def can_take_over(self) -> bool:
        """Whether nothing is against handing the robot to it now."""
        return self.available and self.sound


_FIT = Standing(Action.NOMINAL)


class Availability:
    """Keeps the rules of every controller."""

    def __init__(self, controllers: Sequence[str]) -> None:
        """Nothing is against anybody yet."""
        self._rules = {name: LatchedRules(CONTROLLER_RULES, name) for name in controllers}

    def update(
        self, proposals: Mapping[str, ControllerResult], parameters: ArbiterParameters
    ) -> None:
        """Take in what each of them proposes; one that proposes nothing has no command."""
        for name, rules in self._rules.items():
            rules.update(proposals.get(name), parameters, lasting=())

    @property
    def standings(self) -> dict[str, Standing]:
        """How each controller stands, by name."""
        return {
            name: _FIT
            if rules.sound and not rules.causes
            else Standing(rules.action, rules.causes, rules.sound)
            for name, rules in self._rules.items()
        }

    def doubtful(self, name: str) -> bool:
        """Whether its newest sample is against letting go of a held robot, tripped or not."""
        return self._rules[name].doubtful(above=Action.LIMITED)

    def clear(self) -> None:
        """Heed the operator's word to release what is no longer true."""
        for rules in self._rules.values():
            rules.clear()

    def wait_for_operator(self) -> None:
        """Note that the robot is damped because nobody can drive it: that does not pass by itself.

        As long as another one drives, a controller that is well again is available again.
        """
        for rules in self._rules.values():
            rules.wait_for_operator()

    def reset(self) -> None:
        """Forget everything."""
        for rules in self._rules.values():
            rules.reset()
