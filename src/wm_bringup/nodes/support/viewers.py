"""What viewers want and nothing else needs: encoded only while somebody subscribes."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.node import Node
from rclpy.publisher import Publisher

from wm_bringup.host import clock
from wm_bringup.nodes.support.message_types import MessageTypeError
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.markers import MARKER_PERIOD, MARKER_TICKS, BalanceMarkers, PlanMarkers
from wm_bringup.wire.thinning import Thinning
from wm_bringup.wire.topics import BALANCE_MARKERS, PLAN_MARKERS, TF, TF_STATIC, Topic
from wm_bringup.wire.transforms import TF_TICKS, LinkTransforms
from wm_control.constants import CONTROL_PERIOD
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.types import Estimate


class ForViewers:
    """One topic that is published for who subscribes, and left out where it has no type here."""

    def __init__(self, node: Node, topic: Topic) -> None:
        """Create the publisher; where that cannot be, say so once."""
        self._publisher: Publisher | None = None
        try:
            self._publisher = publisher(node, topic)
        except MessageTypeError as error:
            node.get_logger().warning(f"{topic.name} is not published: {error}")

    @property
    def wanted(self) -> bool:
        """Whether anybody subscribes."""
        return self._publisher is not None and self._publisher.get_subscription_count() > 0

    def publish(self, message: bytes | None) -> None:
        """Publish, if there is something to publish and a type for it."""
        if self._publisher is not None and message is not None:
            self._publisher.publish(message)


class EstimateForViewers:
    """``tf``, ``tf_static`` and ``state_estimator/markers``."""

    def __init__(self, node: Node, description: RobotDescription) -> None:
        """Publish what never moves."""
        links, markers = LinkTransforms(description), BalanceMarkers(description)
        self._due: tuple[tuple[Thinning, ForViewers, Callable[[Estimate], bytes | None]], ...] = (
            (Thinning(TF_TICKS), ForViewers(node, TF), links.encode),
            (Thinning(MARKER_TICKS), ForViewers(node, BALANCE_MARKERS), markers.encode),
        )
        self._fixed = ForViewers(node, TF_STATIC)
        self._fixed.publish(links.encode_fixed(clock.wall()))

    def see(self, estimate: Estimate) -> None:
        """Take in an estimate; all of them, or those that there are."""
        for thinning, topic, encode in self._due:
            if thinning.due(estimate.observation) and topic.wanted:
                topic.publish(encode(estimate))


class PlanForViewers:
    """``mpc/markers``."""

    def __init__(self, node: Node, description: RobotDescription) -> None:
        """Nothing is published yet."""
        self._topic = ForViewers(node, PLAN_MARKERS)
        self._markers = PlanMarkers(description.soles)
        self._next = float("-inf")

    def see(self, plan: WalkingPlan) -> None:
        """Take in a plan; one of another run may be older."""
        if self._next - MARKER_PERIOD <= plan.stamp < self._next:
            return
        self._next = plan.stamp + MARKER_PERIOD - 0.5 * CONTROL_PERIOD
        if self._topic.wanted:
            self._topic.publish(self._markers.encode(plan))
