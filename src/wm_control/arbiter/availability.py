"""Which controllers can drive the robot now, and how badly the others cannot.

Each controller has latches of its own: what one of them does wrong is held against that one only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wm_control.arbiter.balance import UNDISTURBED, Balance
from wm_control.arbiter.command_watch import CommandWatch
from wm_control.arbiter.controller_measurements import Proposed
from wm_control.arbiter.controller_rules import CONTROLLER_RULES
from wm_control.arbiter.latched_rules import LatchedRules
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.types import Action, Array, Cause, ControllerResult, Estimate, Executed

READY = "ready"
"""Figure of a controller: 0 while it would rather take over a little later; absent: at any time."""

_REFILL = 0.25
"""Credit that a second of being available brings back [s]."""

_LONGEST = 0.1
"""Time between two cycles that is charged at most [s]."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one controller stands.

    action: what has to be done if it, and no other, can be had: NOMINAL when it is available,
        FALLBACK when it still walks the robot to a stop by itself, worse when it cannot.
    causes: the rules against it. sound: nothing at all is wrong with its newest proposal, not even
        what a driver is forgiven for a cycle. trusted: it has credit left.
        ready: this is a good moment to take over.
    """

    action: Action
    causes: tuple[Cause, ...] = ()
    sound: bool = True
    trusted: bool = True
    ready: bool = True

    @property
    def available(self) -> bool:
        """Whether it can drive, if only until somebody better does."""
        return self.action == Action.NOMINAL

    @property
    def fit(self) -> bool:
        """Whether nothing is against a driver going on."""
        return self.available and not self.causes

    @property
    def word(self) -> str:
        """How it stands, for people."""
        if not self.available:
            return "unavailable"
        if self.causes:
            return "yields"
        return "fit" if self.trusted else "distrusted"

    @property
    def can_take_over(self) -> bool:
        """Whether the robot may be handed to it now, if there is nobody fit."""
        return self.available and self.sound


_FIT = Standing(Action.NOMINAL)


class Availability:
    """Keeps the rules and the credit of every controller.

    Being unavailable spends credit, which comes back at a quarter of the rate; a controller that
    has spent all is not trusted until all of it is back. One that only yields spends none: what
    happened to the robot is not its doing.
    """

    def __init__(self, controllers: Sequence[str], torque_limit: Array) -> None:
        """Nothing is against anybody yet. torque_limit: (n,) of the joints [N·m]."""
        self._watches = {name: CommandWatch(torque_limit) for name in controllers}
        self._rules = {name: LatchedRules(CONTROLLER_RULES, name) for name in controllers}
        self._spent = dict.fromkeys(controllers, 0.0)
        self._distrusted: set[str] = set()
        self._ready = dict.fromkeys(controllers, True)
        self._before: float | None = None

    def update(
        self,
        now: float,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
        parameters: ArbiterParameters,
        balance: Balance = UNDISTURBED,
        sent: Executed | None = None,
        *,
        slewed: bool = False,
    ) -> None:
        """Take in what each of them proposes; one that proposes nothing has no command.

        now: [s]. sent: what the robot was sent last, by whom. slewed: after a change of driver,
        while no jump of a command reaches the robot.
        """
        since = 0.0 if self._before is None else min(max(now - self._before, 0.0), _LONGEST)
        self._before = now
        for name, rules in self._rules.items():
            result = proposals.get(name)
            watch = self._watches[name]
            if parameters.limits_of(name).looks_at_commands:
                harmless = slewed or (sent is not None and sent.driven_by_another(name))
                watch.see(result.command if result else None, estimate, harmless=harmless)
            risk = balance.risks.get(name, 0.0)
            proposed = Proposed(result, balance, risk, watch.jump, watch.frozen)
            rules.update(proposed, parameters, lasting=())
            self._charge(name, since, parameters.credit)
            self._ready[name] = result is None or result.figures.get(READY, 1.0) > 0.0

    def _charge(self, name: str, since: float, credit: float) -> None:
        """Spend credit, or give it back, for the time since the last cycle [s]."""
        if self._rules[name].action > Action.NOMINAL:
            self._spent[name] = min(self._spent[name] + since, credit)
            if self._spent[name] >= credit:
                self._distrusted.add(name)
        elif self._spent[name] or name in self._distrusted:
            self._spent[name] = max(self._spent[name] - _REFILL * since, 0.0)
            if not self._spent[name]:
                self._distrusted.discard(name)

    def _trust_all(self) -> None:
        self._spent = dict.fromkeys(self._spent, 0.0)
        self._distrusted.clear()

    @property
    def standings(self) -> dict[str, Standing]:
        """How each controller stands, by name."""
        return {name: self._standing(name, rules) for name, rules in self._rules.items()}

    def _standing(self, name: str, rules: LatchedRules[Proposed]) -> Standing:
        trusted, ready = name not in self._distrusted, self._ready[name]
        if rules.sound and trusted and ready and not rules.causes:
            return _FIT
        return Standing(rules.action, rules.causes, rules.sound, trusted, ready)

    def doubtful(self, name: str) -> bool:
        """Whether its newest sample is against letting go of a held robot, tripped or not."""
        return self._rules[name].doubtful(above=Action.LIMITED)

    def clear(self) -> None:
        """Heed the operator's word to release what is no longer true; all are trusted again."""
        for rules in self._rules.values():
            rules.clear()
        self._trust_all()

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
        for watch in self._watches.values():
            watch.reset()
        self._trust_all()
        self._before = None
