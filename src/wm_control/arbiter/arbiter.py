"""The arbiter: decides which command reaches the robot, and says why.

``update`` is a pure function of its arguments and of what it remembers of earlier calls: the same
calls give bit-identical decisions, so that a bag can be judged again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from wm_control.arbiter.latch import Latch
from wm_control.arbiter.measurements import ON_TIME, Inputs, Overruns
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.arbiter.postures import damping_command, hold_command, measured_or, ramped
from wm_control.arbiter.rules import RULES, Rule
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    Action,
    Array,
    Cause,
    Command,
    ControllerResult,
    Decision,
    Estimate,
)

ARBITER = "arbiter"
"""Source of the commands that the arbiter makes itself."""

UNARMED = "unarmed"
OPERATOR_STOP = "operator_stop"

UNARMED_RELEASE = 50
"""Good cycles that release any rule but the operator's stop if it tripped while unarmed: the latch
is there so that the robot does not move again by itself, and an unarmed robot does not."""


def base_height(estimate: Estimate) -> float:
    """Height of the base in odom [m]: its height above the soles while the ground is level."""
    return float(estimate.base_position_in_world[2])


class Arbiter:
    """Rules in, decision out; see ``rules.RULES``.

    Down at once, up by the rule's release; DAMPING disarms, so that nothing moves again before the
    operator arms. The intervention keeps the FIRST cause until nothing is active any more.

    stopped: the operator has stopped the robot, and has not both cleared and armed since. Nobody
    else undoes that: it outlives ``reset``, and ``OperatorInput.start`` does not arm against it.
    """

    def __init__(
        self,
        description: RobotDescription,
        parameters: ArbiterParameters,
        *,
        primary: str = "mpc",
        height: Callable[[Estimate], float] = base_height,
    ) -> None:
        """Take limits and gains of the robot.

        primary: the controller in charge. height: base above its lower sole [m].
        """
        self.primary = primary
        self._parameters = parameters
        self._height = height
        self._stiffness: Array = description.stiffness
        self._gains: Array = description.damping
        self._default_position: Array = description.default_position
        self.stopped = False
        self._latches: dict[str, Latch] = {}
        self._causes: dict[str, Cause] = {}
        self.reset()

    @property
    def parameters(self) -> ArbiterParameters:
        """Limits now in force; assigning others takes effect with the next update."""
        return self._parameters

    @parameters.setter
    def parameters(self, parameters: ArbiterParameters) -> None:
        self._parameters = parameters

    def reset(self, *, armed: bool = False) -> None:
        """Forget everything but the operator's stop: no other cause, and unarmed.

        armed: begin armed and without a ramp, unless stopped; for a simulated robot that starts in
        the posture the controller wants.
        """
        kept = (OPERATOR_STOP,)
        latches = {rule.name: Latch(rule.trigger, rule.release) for rule in RULES}
        self._latches = latches | {k: v for k, v in self._latches.items() if k in kept}
        self._causes = {k: v for k, v in self._causes.items() if k in kept}
        self._armed = armed and not self.stopped
        self._armed_at = -math.inf
        self._armed_position = self._default_position
        self._first_cause: Cause | None = None
        self._last: Command | None = None

    def update(
        self,
        now: float,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
        operator: OperatorInput,
        overruns: Overruns = ON_TIME,
    ) -> Decision:
        """Decide on the command of this instant.

        now: on the clock of ``estimate.stamp`` [s]. proposals: newest result of each controller, by
        name. Never raises; an input that makes no sense is a cause for damping.
        """
        self.stopped = self.stopped or operator.stop
        result = proposals.get(self.primary)
        height = self._height(estimate)
        inputs = Inputs(
            now, estimate, result, height, self._armed, operator, overruns, self.stopped
        )
        active = self._evaluate(inputs)
        if operator.clear:
            active = self._clear(active)
        ready = result is not None and result.command is not None
        asked = operator.arm or (operator.start and not self.stopped)
        if asked and ready and not self._armed and not self._hindered(active):
            self._arm(now, estimate)
            active = [(rule, cause) for rule, cause in active if rule.name != UNARMED]
        action = max((rule.action for rule, _ in active), default=Action.NOMINAL)
        if action == Action.DAMPING:
            self._armed = False
        self._remember_first(active)
        source, command = self._command(now, action, estimate, result)
        return Decision(
            stamp=now,
            action=action,
            source=source,
            command=command,
            armed=self._armed,
            causes=tuple(cause for _, cause in active),
            first_cause=self._first_cause,
        )

    def _evaluate(self, inputs: Inputs) -> list[tuple[Rule, Cause]]:
        """Feed every rule with its sample; the active ones with their newest bad one, in order."""
        active = []
        for rule in RULES:
            limit = rule.limit_in(self._parameters)
            value = rule.measure(inputs)
            holds = rule.holds(value, limit)
            latch = self._latches[rule.name]
            if not latch.active:
                latch.release = _release(rule, inputs.armed)
            if latch.update(holds):
                if not holds:
                    text = rule.text(value, limit, inputs)
                    self._causes[rule.name] = Cause(rule.name, value, limit, text)
                active.append((rule, self._causes[rule.name]))
        return active

    def _hindered(self, active: list[tuple[Rule, Cause]]) -> bool:
        """Whether anything speaks against arming: one bad sample does, without waiting for more."""
        newest_bad = any(_hinders(rule) and self._latches[rule.name].bad for rule in RULES)
        return newest_bad or any(_hinders(rule) for rule, _ in active)

    def _clear(self, active: list[tuple[Rule, Cause]]) -> list[tuple[Rule, Cause]]:
        for rule, _ in active:
            self._latches[rule.name].clear()
        return [(rule, cause) for rule, cause in active if self._latches[rule.name].active]

    def _arm(self, now: float, estimate: Estimate) -> None:
        self._armed = True
        self.stopped = False
        self._armed_at = now
        self._armed_position = measured_or(estimate, self._default_position)
        self._latches[UNARMED] = Latch(1, 1)

    def _remember_first(self, active: list[tuple[Rule, Cause]]) -> None:
        """Keep the cause that began the intervention; being unarmed counts only when alone."""
        interventions = [cause for rule, cause in active if rule.action > Action.NOMINAL]
        faults = [cause for cause in interventions if cause.rule != UNARMED]
        if not faults:
            self._first_cause = interventions[0] if interventions else None
        elif self._first_cause is None or self._first_cause.rule == UNARMED:
            self._first_cause = faults[0]

    def _command(
        self, now: float, action: Action, estimate: Estimate, result: ControllerResult | None
    ) -> tuple[str, Command]:
        """Source and command of an action."""
        observation = estimate.observation
        damping = self._parameters.damping_scale * self._gains
        if action >= Action.FALL_POSTURE:
            self._last = None
            return ARBITER, damping_command(observation, damping)
        if action < Action.SAFE_POSTURE and result is not None and result.command is not None:
            ramp_time = self._parameters.ramp_time
            share = (now - self._armed_at) / ramp_time if ramp_time > 0.0 else 1.0
            self._last = ramped(result.command, share, self._armed_position, damping)
            return result.controller, self._last
        if self._last is None:
            return ARBITER, damping_command(observation, damping)
        return ARBITER, hold_command(self._last, observation, self._stiffness, self._gains)


def _release(rule: Rule, armed: bool) -> int | None:
    """Good cycles after which a rule lets go that trips now."""
    if armed or rule.release is not None or rule.name == OPERATOR_STOP:
        return rule.release
    return UNARMED_RELEASE


def _hinders(rule: Rule) -> bool:
    """Whether an active rule forbids arming."""
    return rule.action > Action.LIMITED and rule.name != UNARMED


_HINDERING = frozenset(rule.name for rule in RULES if _hinders(rule))


def arming_obstacle(decision: Decision) -> Cause | None:
    """Find the cause for which arming would be refused now."""
    return next((cause for cause in decision.causes if cause.rule in _HINDERING), None)
