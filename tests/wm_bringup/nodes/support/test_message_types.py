"""Types whose packages are not installed: who has the package hears them, and is heard."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.qos import QoSProfile
from rclpy.serialization import serialize_message
from rosbags.typesys import Stores, get_typestore

from wm_bringup.nodes.support import message_types
from wm_bringup.nodes.support.message_types import MessageTypeError, message_class
from wm_bringup.nodes.support.viewers import ForViewers
from wm_bringup.wire.topics import TF

STANDARD = "geometry_msgs/msg/TransformStamped"
PATIENCE = 60.0

OTHER = """
import rclpy
from geometry_msgs.msg import TransformStamped
rclpy.init()
node = rclpy.create_node("other")
answers = node.create_publisher(TransformStamped, "answers", 10)

def answer(message):
    message.child_frame_id += " heard"
    answers.publish(message)

node.create_subscription(TransformStamped, "questions", answer, 10)
rclpy.spin(node)
"""


@pytest.fixture
def node(domain):
    context = rclpy.Context()
    rclpy.init(context=context)
    made = rclpy.create_node("asker", context=context)
    yield made
    made.destroy_node()
    rclpy.shutdown(context=context)


def test_an_installed_type_is_its_own_class():
    assert message_class(STANDARD) is TransformStamped


def test_a_process_with_the_package_reads_what_one_without_it_sends_and_the_other_way_round(
    node, popen
):
    popen([sys.executable, "-c", OTHER], stderr=subprocess.DEVNULL)
    nameless, heard = message_types._for_bytes(STANDARD), []
    assert nameless is not TransformStamped
    questions = node.create_publisher(nameless, "questions", 10)
    node.create_subscription(nameless, "answers", heard.append, QoSProfile(depth=10), raw=True)
    message = TransformStamped(child_frame_id="l_sole")
    message.transform.rotation.w = 0.25
    executor = rclpy.executors.SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    end = time.monotonic() + PATIENCE
    while not heard:
        assert time.monotonic() < end, "the other process did not answer"
        questions.publish(serialize_message(message))
        executor.spin_once(timeout_sec=0.1)
    answer = get_typestore(Stores.ROS2_JAZZY).deserialize_cdr(heard[0], STANDARD)
    assert answer.child_frame_id == "l_sole heard"
    assert answer.transform.rotation.w == 0.25
    told = {str(i.topic_type_hash) for i in node.get_publishers_info_by_topic("questions")}
    true = {str(i.topic_type_hash) for i in node.get_publishers_info_by_topic("answers")}
    assert told == true
    executor.shutdown()


@pytest.mark.parametrize(
    "msgtype", ["no_such_msgs/msg/Thing", "std_msgs/msg/NoSuchThing", "tf2_msgs", ""]
)
def test_a_type_that_nobody_knows_is_refused_by_name(msgtype):
    with pytest.raises(MessageTypeError, match=f"'{msgtype}' is not installed here"):
        message_class(msgtype)


def test_with_another_middleware_only_installed_types_can_be_had(monkeypatch):
    monkeypatch.setattr(
        message_types, "get_rmw_implementation_identifier", lambda: "rmw_cyclonedds_cpp"
    )
    with pytest.raises(MessageTypeError, match="not installed here"):
        message_class("shape_msgs/msg/Plane")


def test_a_topic_for_viewers_is_left_out_where_its_type_cannot_be_had(node, monkeypatch):
    monkeypatch.setattr(
        message_types, "get_rmw_implementation_identifier", lambda: "rmw_cyclonedds_cpp"
    )
    monkeypatch.setattr(message_types, "_for_bytes", message_types._for_bytes.__wrapped__)
    topic = ForViewers(node, replace(TF, type="shape_msgs/msg/Plane"))
    assert not topic.wanted
    topic.publish(b"")  # and nothing happens
    assert "tf" not in dict(node.get_topic_names_and_types())
