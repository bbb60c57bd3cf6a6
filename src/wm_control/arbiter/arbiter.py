"""The arbiter: decides which command reaches the robot, and says why.

    rules about the robot ─────────────────────────────────────┐
    rules about each controller ► availability ► selection ► action ► blending ► command

``update`` is a pure function of its arguments and of what it remembers of earlier calls: the same
calls give bit-identical decisions, so that a bag can be judged again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from wm_control.arbiter.availability import Availability, Standing
from wm_control.arbiter.background import Background
from wm_control.arbiter.balance import UNDISTURBED, BalanceObserver
from wm_control.arbiter.blending import HandOver, blend, ramped, slewed
from wm_control.arbiter.hardware import UNTOLD, Hardware
from wm_control.arbiter.joint_loads import LoadMeter
from wm_control.arbiter.latched_rules import LatchedRules
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.arbiter.postures import FallPosture, SafePosture, damping_command, measured_or
from wm_control.arbiter.robot_measurements import ON_TIME, Overruns, RobotInputs
from wm_control.arbiter.robot_rules import OPERATOR_STOP, ROBOT_RULES, UNARMED
from wm_control.arbiter.selection import Selection, select
from wm_control.drivers import ARBITER, MPC
from wm_control.robot.description import RobotDescription
from wm_control.types import (
    Action,
    Array,
    Cause,
    Command,
    ControllerResult,
    Decision,
    Estimate,
    Executed,
    Observation,
)


class Arbiter:
    """Rules in, decision out; see ``ROBOT_RULES`` and ``CONTROLLER_RULES``.

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
        preference: Sequence[str] = (MPC,),
        shadows: Sequence[str] = (),
        balance: BalanceObserver,
    ) -> None:
        """Take limits and gains of the robot.

        preference: controllers that may drive, the most wanted first. shadows: others, which are
        watched but never drive. balance: measures the robot's, for this arbiter alone.
        """
        self.preference = tuple(preference)
        self.parameters = parameters
        self._balance = balance
        self._gains: Array = description.damping
        self._torque_limit: Array = description.torque_limit
        self._default_position: Array = description.default_position
        self._loads = LoadMeter(description)
        self._safe = SafePosture(description)
        self._fall = FallPosture(description, parameters)
        self.stopped = False
        self._robot = LatchedRules(ROBOT_RULES)
        self._controllers = Availability((*self.preference, *shadows), description.torque_limit)
        self.reset()

    def reset(self, *, armed: bool = False) -> None:
        """Forget everything but the operator's stop: no other cause, and unarmed.

        armed: begin armed and without a ramp, unless stopped; for a simulated robot that starts in
        the posture the controller wants.
        """
        self._robot.reset(keep=(OPERATOR_STOP,))
        self._controllers.reset()
        self._balance.reset()
        self._safe.reset()
        self._fall.reset()
        self._selection = Selection(self.preference[0])
        self._standings: Mapping[str, Standing] = {}
        self._newest_balance = UNDISTURBED
        self._now, self._elapsed = -math.inf, math.inf
        self._armed = armed and not self.stopped
        self._armed_at = -math.inf
        self._armed_position = self._default_position
        self._first_cause: Cause | None = None
        self._last: Command | None = None
        self._driver = ""
        self._hand_over: HandOver | None = None

    @property
    def selection(self) -> Selection:
        """Who is in charge, whether its command passes or not."""
        return self._selection

    @property
    def background(self) -> Background:
        """What the newest decision was made on, beside its causes."""
        begin = self._now - self.parameters.switch_window
        return Background(
            self.preference,
            {name: standing.word for name, standing in self._standings.items()},
            self._newest_balance,
            sum(time > begin for time in self._selection.switches),
            self._selection.settled,
        )

    def update(
        self,
        now: float,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
        operator: OperatorInput,
        overruns: Overruns = ON_TIME,
        hardware: Hardware = UNTOLD,
    ) -> Decision:
        """Decide on the command of this instant.

        now: on the clock of ``estimate.stamp`` [s]. proposals: newest result of each controller, by
        name. Never raises; an input that makes no sense is a cause for damping.
        """
        self._take_in(now, estimate, proposals, operator, overruns, hardware)
        self._now, self._elapsed = now, max(now - self._now, 0.0)
        self._standings = self._controllers.standings
        self._selection = select(
            self._selection,
            now,
            self.preference,
            self._standings,
            self.parameters,
            moving=self._armed,
        )
        chosen = self._standings[self._selection.driving]
        self._arm_if_asked(now, estimate, operator, chosen)
        action = self._shaped(now, max(self._robot.action, chosen.action))
        if action == Action.DAMPING:
            self._disarm(chosen)
        self._remember_first()
        source, command = self._command(now, action, estimate, proposals)
        previous, share = self._blended_from(source, now)
        return Decision(
            stamp=now,
            action=action,
            source=source,
            command=command,
            armed=self._armed,
            causes=self._causes(),
            first_cause=self._first_cause,
            previous=previous,
            share=share,
        )

    def _take_in(
        self,
        now: float,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
        operator: OperatorInput,
        overruns: Overruns,
        hardware: Hardware,
    ) -> None:
        """Feed every rule with its sample, and heed the operator."""
        self.stopped = self.stopped or operator.stop
        balance, armed = self._balance(estimate), self._armed
        self._newest_balance = balance
        inputs = RobotInputs(
            now,
            estimate,
            balance,
            armed,
            operator,
            overruns,
            self.stopped,
            self._loads(estimate),
            hardware,
        )
        self._robot.update(inputs, self.parameters, None if armed else (OPERATOR_STOP,))
        sent = None if self._last is None else Executed(self._last, self._driver)
        self._controllers.update(
            now,
            estimate,
            proposals,
            self.parameters,
            balance,
            sent,
            slewed=self._hand_over is not None or (sent is not None and sent.source == ARBITER),
        )
        if operator.clear:
            self._robot.clear()
            self._controllers.clear()
            self._selection = replace(self._selection, switches=(), settled=False)
        if operator.prefer in self.preference:
            others = (name for name in self.preference if name != operator.prefer)
            self.preference = (operator.prefer, *others)

    def _arm_if_asked(
        self,
        now: float,
        estimate: Estimate,
        operator: OperatorInput,
        chosen: Standing,
    ) -> None:
        """Arm unless something speaks against it: one bad sample does, without waiting for more."""
        asked = operator.arm or (operator.start and not self.stopped)
        if self._armed or not asked:
            return
        if self._robot.doubtful(Action.LIMITED, but=UNARMED):
            return
        if self._controllers.doubtful(self._selection.driving):
            return
        if any(map(_hinders, (*self._robot.causes, *chosen.causes))):
            return
        self._armed = True
        self.stopped = False
        self._armed_at = now
        self._armed_position = measured_or(estimate.observation, self._default_position)
        self._robot.renew(UNARMED)

    def _shaped(self, now: float, action: Action) -> Action:
        """Give the shape of a fall its time; then, whatever became of its cause, it is damped."""
        if action < Action.FALL_POSTURE and not self._fall.begun:
            return action
        if action == Action.DAMPING or self._fall.over(now, self.parameters):
            return Action.DAMPING
        return Action.FALL_POSTURE

    def _disarm(self, chosen: Standing) -> None:
        """Nothing moves again before the operator arms; if it was for want of a driver, clears."""
        if self._armed and chosen.action == Action.DAMPING:
            self._controllers.wait_for_operator()
        self._armed = False

    def _causes(self) -> tuple[Cause, ...]:
        """List what is active, the worst first; being unarmed last, for it explains nothing.

        What is held against a controller that is not in charge calls for nothing.
        """
        causes = list(self._robot.causes)
        for name, standing in self._standings.items():
            if name == self._selection.driving:
                causes += standing.causes
            else:
                causes += [replace(cause, action=Action.NOMINAL) for cause in standing.causes]
        return tuple(sorted(causes, key=_order)) if len(causes) > 1 else tuple(causes)

    def _remember_first(self) -> None:
        """Keep the cause that began the intervention; being unarmed counts only when alone.

        That another controller drives than the preferred one is an intervention as well.
        """
        driving = self._selection.driving
        causes = [*self._robot.causes, *self._standings[driving].causes]
        causes = [cause for cause in causes if cause.action > Action.NOMINAL]
        for name in self.preference[: self.preference.index(driving)]:
            causes += self._standings[name].causes
        if not causes:
            self._first_cause = None
            return
        interventions = sorted(causes, key=_order)
        faults = [cause for cause in interventions if cause.rule != UNARMED]
        if not faults:
            self._first_cause = interventions[0] if interventions else None
        elif self._first_cause is None or self._first_cause.rule == UNARMED:
            self._first_cause = faults[0]

    def _command(
        self,
        now: float,
        action: Action,
        estimate: Estimate,
        proposals: Mapping[str, ControllerResult],
    ) -> tuple[str, Command]:
        """Source and command of an action."""
        observation, result = estimate.observation, proposals.get(self._selection.driving)
        damping = self.parameters.damping_scale * self._gains
        if action >= Action.FALL_POSTURE:
            self._last = self._hand_over = None
            if action == Action.FALL_POSTURE:
                return ARBITER, self._fall.command(now, observation, self.parameters)
            self._fall.reset()
            return ARBITER, damping_command(observation, damping)
        if action < Action.SAFE_POSTURE and result is not None and result.command is not None:
            self._safe.reset()
            command = self._blended(now, result.command, proposals, observation)
            ramp_time = self.parameters.ramp_time
            share = (now - self._armed_at) / ramp_time if ramp_time > 0.0 else 1.0
            self._last = ramped(command, share, self._armed_position, damping, observation)
            return self._driver, self._last
        if self._last is None:
            return ARBITER, damping_command(observation, damping)
        if action < Action.SAFE_POSTURE and self._driver != ARBITER:  # so short a gap is forgiven
            sequence = observation.sequence
            self._last = replace(self._last, stamp=observation.stamp, sequence=sequence)
            return ARBITER, self._last
        self._hand_over, self._driver = None, ARBITER  # whoever drives next takes over from it
        self._last = self._safe.command(now, self._last, observation, self.parameters)
        return ARBITER, self._last

    def _blended(
        self,
        now: float,
        command: Command,
        proposals: Mapping[str, ControllerResult],
        observation: Observation,
    ) -> Command:
        """Let a new driver take over from the command that was in force, if there was one.

        From a driver that still can drive its newest proposal is blended over, else its last one.
        No joint's torque steps by more than ``hand_over_slew`` allows, until the new driver has
        taken its first step and nothing is held back any more.
        """
        driver = self._selection.driving
        if driver != self._driver:
            self._hand_over = self._begun(now)
            self._driver = driver
        old, last = self._hand_over, self._last
        if old is None or last is None:
            return command
        newest = proposals.get(old.driver)
        goes_on = newest is not None and self._standings[old.driver].can_take_over
        outgoing = newest.command if newest is not None and goes_on else None
        wanted = blend(outgoing or old.command, command, old.share(now))
        share = self.parameters.hand_over_slew * self._elapsed
        sent = slewed(last, wanted, share, self._torque_limit, observation)
        if sent is command and now >= old.began + self.parameters.hand_over_settling:
            self._hand_over = None
        return sent

    def _begun(self, now: float) -> HandOver | None:
        """Begin a hand-over to a driver: slowly where it is the arbiter's own choice of time.

        From a posture of the arbiter's own as from a driver that cannot go on.
        """
        if self._last is None or not self._driver:
            return None
        p = self.parameters
        chosen = self._driver != ARBITER and self._standings[self._driver].fit
        duration = p.take_back_time if chosen else p.hand_over_time
        return HandOver(self._driver, self._last, now, duration)

    def _blended_from(self, source: str, now: float) -> tuple[str, float]:
        """Who handed over and still has a part in the command, and the share of ``source``."""
        hand_over = self._hand_over
        if hand_over is None or source == ARBITER or hand_over.share(now) >= 1.0:
            return "", 1.0
        return hand_over.driver, hand_over.share(now)


def _order(cause: Cause) -> tuple[bool, int]:
    return cause.rule == UNARMED, -cause.action


def _hinders(cause: Cause) -> bool:
    """Whether an active cause forbids arming."""
    return cause.action > Action.LIMITED and cause.rule != UNARMED


def arming_obstacle(decision: Decision) -> Cause | None:
    """Find the cause for which arming would be refused now."""
    return next(filter(_hinders, decision.causes), None)
