"""Translate a publisher's QoS from rclpy into the form that rosbag2 stores."""

from __future__ import annotations

from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSProfile,
    ReliabilityPolicy,
)
from rosbags.interfaces import (
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)

_RELIABILITY = {
    ReliabilityPolicy.RELIABLE: QosReliability.RELIABLE,
    ReliabilityPolicy.BEST_EFFORT: QosReliability.BEST_EFFORT,
}
_DURABILITY = {
    DurabilityPolicy.TRANSIENT_LOCAL: QosDurability.TRANSIENT_LOCAL,
    DurabilityPolicy.VOLATILE: QosDurability.VOLATILE,
}
_HISTORY = {
    HistoryPolicy.KEEP_LAST: QosHistory.KEEP_LAST,
    HistoryPolicy.KEEP_ALL: QosHistory.KEEP_ALL,
}
_LIVELINESS = {
    LivelinessPolicy.AUTOMATIC: QosLiveliness.AUTOMATIC,
    LivelinessPolicy.MANUAL_BY_TOPIC: QosLiveliness.MANUAL_BY_TOPIC,
}


def offered_qos(profile: QoSProfile) -> Qos:
    """QoS of a publisher as discovered on the graph; policies not told are UNKNOWN."""
    return Qos(
        history=_HISTORY.get(profile.history, QosHistory.UNKNOWN),
        depth=profile.depth,
        reliability=_RELIABILITY.get(profile.reliability, QosReliability.UNKNOWN),
        durability=_DURABILITY.get(profile.durability, QosDurability.UNKNOWN),
        deadline=_time(profile.deadline),
        lifespan=_time(profile.lifespan),
        liveliness=_LIVELINESS.get(profile.liveliness, QosLiveliness.UNKNOWN),
        liveliness_lease_duration=_time(profile.liveliness_lease_duration),
        avoid_ros_namespace_conventions=profile.avoid_ros_namespace_conventions,
    )


def _time(duration: Duration) -> QosTime:
    return QosTime(*divmod(duration.nanoseconds, 1_000_000_000))
