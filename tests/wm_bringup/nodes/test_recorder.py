"""The recorder as a process of its own, against a real publisher on real DDS."""

import os
import signal
import subprocess
import sys
import time

import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Twist, TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile
from std_msgs.msg import String

from wm_bringup.bags.reader import open_bag

PATIENCE = 60.0


@pytest.fixture
def publisher_node(domain):
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("operator", context=context)
    yield node
    node.destroy_node()
    rclpy.shutdown(context=context)


@pytest.fixture
def start_recorder(popen):
    """Start a recorder with parameters."""

    def start(output, *parameters):
        arguments = [f"output:={output}", *parameters]
        return popen(
            [sys.executable, "-m", "wm_bringup.nodes.recorder", "--ros-args"]
            + [part for argument in arguments for part in ("-p", argument)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def wait_for(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "the recorder did not appear on the graph"
        time.sleep(0.02)


def record_twists(node, recorder, n, stop):
    publisher = node.create_publisher(Twist, "/cmd_vel", QoSProfile(depth=2 * n))
    description = node.create_publisher(String, "/robot_description", QoSProfile(depth=1))
    wait_for(lambda: publisher.get_subscription_count() == 1)
    wait_for(lambda: description.get_subscription_count() == 1 or recorder.poll() is not None)
    for k in range(n):
        message = Twist()
        message.linear.x = float(k)
        publisher.publish(message)
    for number in stop:
        recorder.send_signal(number)
    return recorder.wait(PATIENCE)


@pytest.mark.parametrize("stop", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT,) * 2])
def test_every_message_is_in_the_closed_bag_whatever_the_signal(
    publisher_node, start_recorder, tmp_path, stop
):
    recorder = start_recorder(tmp_path / "bag", "topics:=['cmd_vel', 'robot_description']")
    assert record_twists(publisher_node, recorder, 500, stop) == 0
    bag = open_bag(tmp_path / "bag")
    assert [m.linear.x for _, _, m in bag.messages("/cmd_vel")] == [float(k) for k in range(500)]
    assert bag.problems == []


def test_an_existing_output_folder_is_refused_with_its_name(
    publisher_node, start_recorder, tmp_path
):
    recorder = start_recorder(tmp_path)
    assert recorder.wait(PATIENCE) == 2
    assert f"{tmp_path} exists already" in recorder.stderr.read()


def test_a_parameter_of_the_wrong_type_is_refused_by_name(publisher_node, start_recorder, tmp_path):
    recorder = start_recorder(tmp_path / "bag", "topics:=7")
    assert recorder.wait(PATIENCE) == 2
    assert "topics" in recorder.stderr.read()


def test_what_is_sent_as_another_type_is_told_since_it_cannot_be_heard(
    publisher_node, start_recorder, tmp_path
):
    recorder = start_recorder(tmp_path / "bag", "topics:=['cmd_vel']")
    told = []
    publisher_node.create_subscription(DiagnosticArray, "/diagnostics", told.append, 10)
    publisher_node.create_publisher(TwistStamped, "/cmd_vel", 1)
    executor = SingleThreadedExecutor(context=publisher_node.context)
    executor.add_node(publisher_node)

    def heard():
        executor.spin_once(timeout_sec=0.1)
        return any("TwistStamped is not recorded" in s.message for m in told for s in m.status)

    wait_for(heard)
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(PATIENCE) == 0
    assert "/cmd_vel as geometry_msgs/msg/TwistStamped is not recorded" in recorder.stderr.read()
