"""What a bag of cycles holds for viewers, as the graph publishes it for who subscribes."""

from __future__ import annotations

from collections.abc import Iterator

from wm_bringup.wire.markers import MARKER_PERIOD, MARKER_TICKS, BalanceMarkers, PlanMarkers
from wm_bringup.wire.messages import encode_string
from wm_bringup.wire.thinning import Thinning
from wm_bringup.wire.topics import BALANCE_MARKERS, PLAN_MARKERS, TF, TF_STATIC, Topic
from wm_bringup.wire.transforms import TF_TICKS, LinkTransforms, description_for_viewers
from wm_control.constants import CONTROL_PERIOD
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimate


class CycleForViewers:
    """Encodes transforms and markers of the cycles that are due.

    description: std_msgs/String of ``robot_description``.
    """

    def __init__(self, description: RobotDescription) -> None:
        """Build models of its own."""
        self.description = encode_string(description_for_viewers(description.visual_urdf))
        self._links = LinkTransforms(description)
        balance, self._plans = BalanceMarkers(description), PlanMarkers(description.soles)
        self._due = (
            (TF, Thinning(TF_TICKS), self._links.encode),
            (BALANCE_MARKERS, Thinning(MARKER_TICKS), balance.encode),
        )
        self._begun = False
        self._next_plan = float("-inf")

    def cycle(self, estimate: Estimate) -> Iterator[tuple[Topic, bytes]]:
        """Yield what is due of a cycle."""
        if not self._begun:
            self._begun = True
            yield TF_STATIC, self._links.encode_fixed(estimate.stamp)
        for topic, thinning, encode in self._due:
            if thinning.due(estimate.observation) and (message := encode(estimate)) is not None:
                yield topic, message

    def plan(self, plan: WalkingPlan | None) -> Iterator[tuple[Topic, bytes]]:
        """Yield markers of a plan that is due."""
        if plan is not None and plan.stamp >= self._next_plan:
            self._next_plan = plan.stamp + MARKER_PERIOD - 0.5 * CONTROL_PERIOD
            yield PLAN_MARKERS, self._plans.encode(plan)
