"""``cmd_vel`` is heard as the type that its publishers send, and who is not heard is named."""

from __future__ import annotations

import time

import pytest
import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.serialization import serialize_message

from wm_bringup.nodes.support import velocity_topic
from wm_bringup.nodes.support.velocity_topic import complaint, listen_to_velocity, type_to_hear
from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import decode_twist_stamped
from wm_control.types import VelocityCommand

PLAIN, STAMPED = "geometry_msgs/msg/Twist", "geometry_msgs/msg/TwistStamped"
OTHER = "std_msgs/msg/String"


@pytest.mark.parametrize("frame", ["", "base_link", "abcdefg", "größe/base"])
def test_a_stamped_twist_is_read_whatever_its_frame(frame):
    message = TwistStamped()
    message.header.frame_id, message.header.stamp.sec = frame, 7
    message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = 0.5, -0.1, 0.3
    assert decode_twist_stamped(serialize_message(message)) == VelocityCommand(0.5, -0.1, 0.3)


def test_a_stamped_twist_that_is_cut_off_is_refused():
    with pytest.raises(MessageError, match="ends after"):
        decode_twist_stamped(serialize_message(TwistStamped())[:-8])


@pytest.mark.parametrize(
    ("heard", "sent", "wanted"),
    [
        (PLAIN, {}, PLAIN),
        (PLAIN, {"/teleop": STAMPED}, STAMPED),
        (PLAIN, {"/teleop": STAMPED, "/source": PLAIN}, PLAIN),
        (STAMPED, {"/teleop": STAMPED, "/source": PLAIN}, STAMPED),
        (STAMPED, {"/source": PLAIN}, PLAIN),
        (STAMPED, {}, STAMPED),
        (PLAIN, {"/talker": OTHER}, PLAIN),
    ],
)
def test_the_present_type_stays_while_anybody_sends_it(heard, sent, wanted):
    assert type_to_hear(heard, sent) == wanted


def test_who_is_not_heard_is_named_with_both_types():
    assert complaint(PLAIN, {"/source": PLAIN}) == ""
    said = complaint(PLAIN, {"/source": PLAIN, "/teleop": STAMPED, "/talker": OTHER})
    assert said == (
        f"/talker sends {OTHER}, /teleop sends {STAMPED}: not heard, cmd_vel is {PLAIN} here"
    )


class Ros:
    """A listener and a teleoperator, each in a context of its own as in processes of their own.

    The executor is the one that our processes run: it holds on to what was destroyed.
    """

    def __init__(self):
        self.contexts = [rclpy.Context(), rclpy.Context()]
        for context in self.contexts:
            rclpy.init(context=context)
        self.listener, self.teleop = (
            rclpy.create_node(name, context=context)
            for name, context in zip(("arbiter", "teleop"), self.contexts, strict=True)
        )
        self.executor = EventsExecutor(context=self.contexts[0])
        self.executor.add_node(self.listener)
        self.heard = []
        listen_to_velocity(self.listener, self.heard.append)

    def until_heard(self, publisher, message, wanted):
        end = time.monotonic() + 30.0
        while wanted not in self.heard:
            assert time.monotonic() < end, self.heard
            publisher.publish(message)
            self.executor.spin_once(timeout_sec=0.05)

    def close(self):
        self.executor.shutdown()
        self.listener.destroy_node()
        self.teleop.destroy_node()
        for context in self.contexts:
            rclpy.shutdown(context=context)


@pytest.fixture
def ros(domain):
    running = Ros()
    yield running
    running.close()


def test_teleoperators_of_both_kinds_are_heard_one_after_the_other(ros):
    for kind, speed in ((Twist, 0.125), (TwistStamped, 0.25), (Twist, 0.5), (TwistStamped, 0.75)):
        message = kind()
        twist = message.twist if kind is TwistStamped else message
        twist.linear.x = speed
        publisher = ros.teleop.create_publisher(kind, "cmd_vel", 1)
        ros.until_heard(publisher, message, VelocityCommand(speed, 0.0, 0.0))
        ros.teleop.destroy_publisher(publisher)


def test_a_type_that_ros_does_not_give_yet_is_asked_for_again_and_stops_nobody(ros, monkeypatch):
    real, refusals = velocity_topic.subscribe_bytes, []

    def refuse_twice(node, topic, callback):
        if len(refusals) < 2:
            refusals.append(topic.type)
            raise rclpy_implementation.RCLError("incompatible type")
        return real(node, topic, callback)

    monkeypatch.setattr(velocity_topic, "subscribe_bytes", refuse_twice)
    message = TwistStamped()
    message.twist.linear.x = 0.25
    publisher = ros.teleop.create_publisher(TwistStamped, "cmd_vel", 1)
    ros.until_heard(publisher, message, VelocityCommand(0.25, 0.0, 0.0))
    assert refusals == [STAMPED, STAMPED]
