"""The recorder: every public topic into a rosbag2, in a process of its own, losing nothing.

Messages are taken straight from DDS as bytes, all that have arrived every five milliseconds, with
no executor and no callback per message: at 500 Hz and a history of 2000 the loop could stall for
four seconds without a loss. What receives and takes them is raised above everything ordinary, as
it would be the first to lose messages when other programs want the processor. Gaps in the
publishers' own numbering are counted and published.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from rclpy.exceptions import InvalidTopicNameException, ParameterException
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.subscription import Subscription
from rosbags.interfaces import Qos

from wm_bringup.bags.recorder import BagRecorder
from wm_bringup.bags.writer import BagWriter
from wm_bringup.graph.ready import report_ready
from wm_bringup.host import clock, cores, realtime
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.message_types import MessageTypeError, message_class
from wm_bringup.nodes.support.offered_qos import offered_qos
from wm_bringup.nodes.support.parameters import declare_typed
from wm_bringup.nodes.support.polled import HandsOff
from wm_bringup.wire.messages import Level
from wm_bringup.wire.topics import FOR_VIEWERS, PUBLISHER, RECORDED, TOPICS
from wm_control.errors import WmError

DEPTH = 2000
"""Messages kept by DDS until they are taken: four seconds of the fastest topic."""

POLL_PERIOD = 0.005
SEARCH_PERIOD = 0.2
STATUS_PERIOD = 1.0
DRAIN_TIME = 0.3
"""After a stop, time in which the other processes' last messages still arrive [s]."""


class RawSubscription:
    """One polled subscription; reliable unless a publisher is not, latched if a publisher is.

    unheard: what else is sent on its topic, which DDS does not connect with it.
    """

    def __init__(self, node: Node, topic: str, msgtype: str, latched: bool) -> None:
        """Subscribe now; QoS follows the publishers in ``adapt``."""
        self.topic, self.msgtype = topic, msgtype
        self.publishers = 1
        self.unheard = ""
        self.begun = False
        self._node, self._class = node, message_class(msgtype)
        self._group = HandsOff()
        durability = DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE
        self._qos = (ReliabilityPolicy.RELIABLE, durability)
        self._subscription = self._subscribe()

    def _subscribe(self) -> Subscription:
        reliability, durability = self._qos
        profile = QoSProfile(depth=DEPTH, reliability=reliability, durability=durability)
        return self._node.create_subscription(
            self._class, self.topic, _never, profile, raw=True, callback_group=self._group
        )

    def offers(self) -> Sequence[Qos]:
        """Ask the graph what the topic's publishers offer; ``ros2 bag play`` offers the same."""
        publishers = self._node.get_publishers_info_by_topic(self.topic)
        return [offered_qos(publisher.qos_profile) for publisher in publishers]

    def adapt(self) -> None:
        """Subscribe again when the publishers that are there cannot be heard as we are."""
        everybody = self._node.get_publishers_info_by_topic(self.topic)
        publishers = [one for one in everybody if one.topic_type == self.msgtype]
        others = sorted({one.topic_type for one in everybody} - {self.msgtype})
        self.unheard = f"{self.topic} as {', '.join(others)} is not recorded" if others else ""
        self.publishers = max(1, len(publishers))
        offers = [publisher.qos_profile for publisher in publishers]
        best_effort = any(o.reliability == ReliabilityPolicy.BEST_EFFORT for o in offers)
        latched = all(o.durability == DurabilityPolicy.TRANSIENT_LOCAL for o in offers)
        wanted = (
            ReliabilityPolicy.BEST_EFFORT if best_effort else ReliabilityPolicy.RELIABLE,
            DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )
        if offers and wanted != self._qos:
            self._qos = wanted
            self._node.destroy_subscription(self._subscription)
            self._subscription = self._subscribe()

    def take(self) -> tuple[bytes, dict[str, int]] | None:
        """Next message waiting, with its stamps and number; None when there is none."""
        with self._subscription.handle:
            taken: tuple[bytes, dict[str, int]] | None = self._subscription.handle.take_message(
                self._class, True
            )
        return taken


def _never(_: bytes) -> None:
    """Do nothing: the subscription is polled."""


class Recorder(Node):
    """Node ``recorder``. Parameters: ``output`` (folder, must not exist), ``topics`` (names)."""

    def __init__(self) -> None:
        """Open the bag and subscribe.

        BagError when the bag cannot be created, MessageTypeError for a topic of an unknown type.
        """
        with realtime.raised(realtime.RECORDER_PRIORITY):
            super().__init__("recorder")
        output = declare_typed(self, "output", "")
        wanted = declare_typed(self, "topics", [t.name for t in RECORDED])
        self.output = Path(output or datetime.now().strftime("bag_%Y_%m_%d-%H_%M_%S"))
        self._health = Health(self)
        self._unknown = list(wanted)
        self._raw: list[RawSubscription] = []
        self._said: set[str] = set()
        self.recording = BagRecorder(BagWriter(self.output))
        self.find_topics()

    def find_topics(self) -> None:
        """Subscribe to wanted topics as soon as their type is known."""
        tabled = {self.resolve_topic_name(topic.name): topic for topic in TOPICS}
        on_graph = dict(self.get_topic_names_and_types()) if self._unknown else {}
        for name in list(self._unknown):
            topic = self.resolve_topic_name(name)
            known = tabled.get(topic)
            msgtype = known.type if known else next(iter(on_graph.get(topic, [])), "")
            if msgtype:
                latched = known is not None and PUBLISHER[known.flow].latched
                self._unknown.remove(name)
                try:
                    self._raw.append(RawSubscription(self, topic, msgtype, latched))
                except MessageTypeError as error:
                    if known not in FOR_VIEWERS:
                        raise
                    self.get_logger().warning(f"{topic} is not recorded: {error}")

    def poll(self) -> None:
        """Move everything that has arrived into the recording."""
        for subscription in self._raw:
            while (taken := subscription.take()) is not None:
                if not subscription.begun:
                    subscription.begun = True
                    self.recording.announce(
                        subscription.topic, subscription.msgtype, subscription.offers()
                    )
                data, info = taken
                number = info["publication_sequence_number"] or 0
                stamp = clock.wall_ns(info["received_timestamp"])
                self.recording.put(subscription.topic, stamp, data, number, subscription.publishers)

    def report(self) -> None:
        """Look for new publishers and publish the counts."""
        for subscription in self._raw:
            subscription.adapt()
        unheard = "; ".join(filter(None, (one.unheard for one in self._raw)))
        problem = self.recording.problem
        for said in filter(None, (problem, unheard)):
            if said not in self._said:
                self.get_logger().error(said)
                self._said.add(said)
        recording, counts = self.recording, self.recording.counts
        lossy = recording.lost or unheard
        bad = Level.ERROR if problem else Level.WARN if lossy else Level.OK
        values = {
            "output": str(self.output),
            "messages": self._taken,
            "bytes": sum(c.bytes for c in counts.values()),
            "lost": recording.lost,
            "queued": recording.queued,
            **{
                topic: f"taken={c.taken} gaps={c.gaps.lost} dropped={c.dropped}"
                for topic, c in counts.items()
            },
        }
        said = "; ".join(filter(None, (self._summary(), unheard)))
        self._health.publish("recording", bad, said, values)

    @property
    def _taken(self) -> int:
        return sum(count.taken for count in self.recording.counts.values())

    def _summary(self) -> str:
        recording = self.recording
        return recording.problem or f"{self._taken} messages, {recording.lost} lost"

    def close(self) -> None:
        """Take what still arrives, close the bag, say what it holds."""
        end = clock.monotonic() + DRAIN_TIME
        while clock.monotonic() < end:
            self.poll()
            clock.sleep(POLL_PERIOD)
        self.report()
        self.poll()
        self.recording.close()
        self.get_logger().info(f"{self.output}: {self._summary()}")


def record_until(recorder: Recorder, stopped: Callable[[], bool]) -> None:
    """Poll, report and answer parameter services until ``stopped()``."""
    realtime.raise_thread(realtime.RECORDER_PRIORITY)
    executor = SingleThreadedExecutor(context=recorder.context)
    executor.add_node(recorder)
    next_report = next_search = clock.monotonic()
    while not stopped():
        recorder.poll()
        executor.spin_once(timeout_sec=0.0)
        if clock.monotonic() >= next_report:
            next_report += STATUS_PERIOD
            recorder.report()
        if clock.monotonic() >= next_search:
            next_search += SEARCH_PERIOD
            recorder.find_topics()
        clock.sleep(POLL_PERIOD)


def main(args: list[str] | None = None) -> int:
    """Run the recorder until SIGINT or SIGTERM; exit code 2 when it could not record."""
    stop = process.Stop()
    stop.install()
    with ExitStack() as stack:
        try:
            cores.leave(cores.told())
            stack.enter_context(process.ros(args))
            recorder = Recorder()
        except (WmError, ParameterException, InvalidTopicNameException) as error:
            print(f"recorder: {error}", file=sys.stderr)
            return process.COULD_NOT_START
        report_ready()
        record_until(recorder, lambda: stop.requested)
        recorder.close()
        problem = recorder.recording.problem
        recorder.destroy_node()
    return process.FAILED if problem else process.OK


if __name__ == "__main__":
    sys.exit(main())
