"""The control loop where estimates and proposals come by message: one cycle per estimate.

    estimate -> wait for the driver's answer to it -> loop.tick(estimate) -> hand the record over

The counterpart of ``ControlCycle`` for an estimator and controllers in processes of their own. The
loop is the same object; messages, held, stand in it for estimator and controllers. No ROS here, no
clock but the one that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wm_bringup.cycle.estimate_holder import EstimateHolder
from wm_bringup.cycle.loop import ControlLoop, TickRecord
from wm_bringup.cycle.proposal_holder import ProposalHolder
from wm_bringup.robots.clocks import FollowedClock
from wm_control.arbiter.operator import OperatorInput
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.recoverability import UNKNOWN, Recoverability
from wm_control.arbiter.safeguards import SafeguardReport
from wm_control.arbiter.velocity_gate import VelocityGate
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.beside import Arrival, EstimateOrder
from wm_control.controllers.proposal import Proposal
from wm_control.refusal import Refusals, together
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimate, VelocityCommand

SILENT_PERIODS = 5
"""Periods without an estimate after which cycles go on with the last one, which grows old."""

GO_ON_PERIOD = 0.5 * SILENT_PERIODS * CONTROL_PERIOD
"""Between two looks whether to go on without [s]."""


class MessageCycle:
    """One cycle of the loop for every estimate; and cycles without, while none comes.

    A cycle is done as soon as the controller in charge has answered the estimate, and at the latest
    when the next estimate comes. An estimate of another run starts the loop again, unarmed. Nobody
    waits for a shadow. Between messages nothing is late; that this process stood still is told to
    the arbiter like the stall of any loop.

    One thread makes all calls, but for requests to ``loop``.
    """

    def __init__(
        self,
        description: RobotDescription,
        safety: SafetyParameters,
        sink: Callable[[TickRecord], None],
        *,
        drivers: Sequence[str],
        shadows: Sequence[str] = (),
        clock: Callable[[], float],
        recoverability: Recoverability = UNKNOWN,
    ) -> None:
        """sink: gets the record of every cycle.

        drivers, shadows: names of the controllers that propose, as of ``ControlLoop``; the most
        wanted driver first. clock: of this computer, that of arrivals [s].
        recoverability: as of ``ControlLoop``.
        """
        self._holders = {name: ProposalHolder(name, description) for name in (*drivers, *shadows)}
        self._believed = EstimateHolder()
        self.loop = ControlLoop(
            description,
            self._believed,
            list(self._holders.values()),
            safety,
            clock=clock,
            drivers=drivers,
            recoverability=recoverability,
        )
        self.gate = VelocityGate(safety.velocity, safety.envelope_of(drivers[0]))
        self._sink, self._clock = sink, clock
        self._order = EstimateOrder()
        self._stamps = FollowedClock()
        self._behind = 0.0
        self._born = float("-inf")
        self._ticked = 0.0
        self._pending = False

    def change_safety(self, safety: SafetyParameters) -> None:
        """Put other limits in force from the next cycle on."""
        self.loop.change_safety(safety)
        self.gate.parameters = safety.velocity

    def take_velocity(self, command: VelocityCommand) -> str:
        """Take in the operator's velocity command; returns why it was refused, or nothing."""
        return self.gate.receive(command, self._clock())

    def take_estimate(self, estimate: Estimate) -> None:
        """Take in an estimate that has just come; one that is known or late is passed over."""
        arrival = self._order.sort(estimate)
        if arrival is Arrival.OLD:
            return
        self._note_stall()
        if arrival is Arrival.NEW and self._pending:
            self._tick()
        self._see(estimate, anew=arrival is Arrival.START)
        self._tick_if_answered()

    def take_proposal(self, proposal: Proposal) -> None:
        """Take in what the controller that it names proposes; unless it is of an earlier run."""
        self._note_stall()
        holder = self._holders.get(proposal.result.controller)
        if holder is not None and proposal.stamp >= self._born:
            holder.receive(proposal)
            self._tick_if_answered()

    def go_on(self) -> None:
        """Do a cycle if none was done for SILENT_PERIODS; to be called every GO_ON_PERIOD.

        With the newest estimate and proposals: the rules about their age see to the rest.
        """
        self._note_stall()
        if self._believed.newest is not None and self._since_tick() >= self._patience:
            self._tick()

    def shut_down(self) -> None:
        """Stop the robot: damping is the last that it is told."""
        self.loop.request(OperatorInput(stop=True))
        if self._believed.newest is not None:
            self._tick()

    def safeguards(self) -> SafeguardReport:
        """Take stock of command filter and velocity gate."""
        return self.loop.safeguards(self.gate)

    @property
    def refusals(self) -> Refusals:
        """Proposals that were refused, of all controllers."""
        return together(holder.refusals for holder in self._holders.values())

    @property
    def _patience(self) -> float:
        return SILENT_PERIODS * self.loop.period

    def _since_tick(self) -> float:
        return self._clock() - self._ticked

    def _note_stall(self) -> None:
        """Tell the arbiter that this process stood still, if it did: no cycle for that long.

        What waits to be read is as old as the stall is long, and the estimate in hand is older: the
        next cycle is that of the next estimate.
        """
        since = self._since_tick()
        if self._believed.newest is not None and since > 2.0 * self._patience:
            self.loop.report_skipped(round(since / self.loop.period) - 1)
            self._ticked, self._pending = self._clock(), False

    def _see(self, estimate: Estimate, *, anew: bool) -> None:
        """Believe an estimate; learn from its arrival how far its clock is behind this one's."""
        self._believed.newest = estimate
        self._pending = True
        arrived = self._clock()
        if anew:
            self._stamps.begin(arrived)
            self._born, self._ticked = estimate.stamp, arrived
            self.loop.reset(estimate.observation)
        self._behind = self._stamps.measured(estimate.stamp, arrived) - estimate.stamp

    def _tick_if_answered(self) -> None:
        newest = self._believed.newest
        if newest is None or not self._pending:
            return
        driving = self._holders[self.loop.arbiter.selection.driving]
        if driving.answers(newest.stamp, self.loop.period):
            self._tick()

    def _tick(self) -> None:
        newest = self._believed.newest
        assert newest is not None
        self._ticked, self._pending = self._clock(), False
        now = self._ticked - self._behind
        self.loop.tick(newest.observation, self.gate.current(self._ticked), now)
        self.loop.report_late(False)
        assert self.loop.last is not None
        self._sink(self.loop.last)
