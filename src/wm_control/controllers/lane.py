"""A lane: computes once more, in the loop's own process, what a driver beside it should propose.

The pattern is aviation's command and monitor pair. The driver commands; its lane, on what the loop
itself estimated and admitted, is the monitor. Whatever happens to a proposal between the estimate
and the loop (on its way, in the driver's process, to what the driver was told) sets the two apart
with the first sample, however much the proposal still looks like walking.
"""

from __future__ import annotations

from typing import Protocol

from wm_control.controllers.proposal import Proposal
from wm_control.types import Estimate, Executed, VelocityCommand


class Lane(Protocol):
    """The second computation of one driver's proposals. Reads no clock, and never raises."""

    @property
    def doubt(self) -> str:
        """Why it cannot know now what the driver should propose, in words; or empty."""

    def reset(self) -> None:
        """Forget what the driver was doing; what the loop saw may still be answered."""

    def see(self, estimate: Estimate, velocity: VelocityCommand) -> None:
        """Take in what the loop believes and admits in a cycle; costs next to nothing."""

    def work_ahead(self, executed: Executed) -> None:
        """Take in what the robot was sent in that cycle, and compute what can be known by now.

        Once the command has gone out, so that it lengthens no way from a measurement to a command.
        """

    def disagreement(self, proposal: Proposal, estimate: Estimate) -> float | None:
        """Say how far a proposal is from what the lane computes; of all in their order, once.

        The distance of torques at the state of ``estimate`` (``command_watch.torque_distance``);
        infinite where the driver contradicts itself; None where the lane cannot know.
        """
