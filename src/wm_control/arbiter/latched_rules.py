"""The rules of one table about one thing, each with its latch: about the robot, or a controller."""

from __future__ import annotations

from collections.abc import Collection
from typing import Generic, TypeVar

from wm_control.arbiter.latch import Latch
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.arbiter.rules import Rule
from wm_control.types import Action, Cause

T = TypeVar("T")

RECOVERY = 50
"""Good cycles that release a rule for which the operator would be asked, where it had no
consequence: the latch is there so that the robot does not move again by itself, and a robot that is
unarmed, or that another controller drives on, does not stand waiting for that."""


class LatchedRules(Generic[T]):
    """Feeds every rule of a table with its sample and keeps which are active, and why.

    causes: the newest bad sample of each active rule, in the order of the table. sound: the newest
    sample is good for every rule that calls for anything.
    """

    def __init__(self, rules: tuple[Rule[T], ...], controller: str = "") -> None:
        """Nothing is active. controller: that the rules are about; empty: about the robot."""
        self._controller = controller
        self._rows = tuple((rule, Latch(rule.trigger, rule.release)) for rule in rules)
        self._latches = {rule.name: latch for rule, latch in self._rows}
        self._in_force: ArbiterParameters | None = None
        self._limits: tuple[float, ...] = ()
        self._newest: dict[str, Cause] = {}
        self.causes: tuple[Cause, ...] = ()
        self.sound = True

    @property
    def action(self) -> Action:
        """The most severe action that an active rule calls for."""
        causes = self.causes
        return max(cause.action for cause in causes) if causes else Action.NOMINAL

    def update(
        self,
        inputs: T,
        parameters: ArbiterParameters,
        lasting: Collection[str] | None = None,
    ) -> None:
        """Take in one sample.

        lasting: rules without a release that will wait for the operator if they trip now, None for
        all; the others let go after ``RECOVERY`` good cycles.
        """
        if parameters is not self._in_force:
            self._limits = tuple(
                rule.limit_in(parameters, self._controller) for rule, _ in self._rows
            )
            self._in_force = parameters
        active = []
        self.sound = True
        for (rule, latch), limit in zip(self._rows, self._limits, strict=True):
            value = rule.measure(inputs)
            holds = rule.holds(value, limit, active=latch.active)
            if holds and not latch.active:
                latch.bad = 0  # nearly always, so that it shall cost little
                continue
            self.sound = self.sound and (holds or rule.action == Action.NOMINAL)
            if not latch.active and rule.release is None:
                waits = lasting is None or rule.name in lasting
                latch.release = None if waits else RECOVERY
            if latch.update(holds):
                if not holds:
                    self._newest[rule.name] = self._cause(rule, value, limit, inputs)
                active.append(self._newest[rule.name])
        self.causes = tuple(active)

    def _cause(self, rule: Rule[T], value: float, limit: float, inputs: T) -> Cause:
        text = rule.text(value, limit, inputs)
        if self._controller:
            text = f"{self._controller}: {text}"
        return Cause(rule.name, value, limit, text, rule.action, self._controller)

    def doubtful(self, above: Action, but: str = "") -> bool:
        """Whether the newest sample is bad for any rule with an action ``above`` that.

        One is enough, tripped or not. but: a rule that does not count.
        """
        return any(
            rule.action > above and rule.name != but and latch.bad for rule, latch in self._rows
        )

    def clear(self) -> None:
        """Let go of all that is not bad in the newest sample."""
        for cause in self.causes:
            self._latches[cause.rule].clear()
        self.causes = tuple(cause for cause in self.causes if self._latches[cause.rule].active)

    def wait_for_operator(self) -> None:
        """Let what is active, and has no release of its own, wait for the operator after all."""
        for rule, latch in self._rows:
            if rule.release is None and latch.active:
                latch.release = None

    def renew(self, name: str) -> None:
        """Forget that one rule was ever active."""
        self._latches[name].reset(self._latches[name].release)
        self.causes = tuple(cause for cause in self.causes if cause.rule != name)

    def reset(self, keep: Collection[str] = ()) -> None:
        """Forget everything, but for the rules to ``keep``."""
        for rule, latch in self._rows:
            if rule.name not in keep:
                latch.reset(rule.release)
        self.causes = tuple(cause for cause in self.causes if cause.rule in keep)
        self.sound = True
