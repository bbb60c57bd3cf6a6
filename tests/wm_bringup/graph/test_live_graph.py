"""One graph, seen and used from another process: the tests run in order on the same robot."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import numpy as np
import pytest

from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.graph.processes import command_line
from wm_bringup.nodes.support.qos import SUBSCRIBER, profile
from wm_bringup.wire.messages import (
    decode_command,
    decode_estimate,
    decode_imu,
    decode_multi_array,
    decode_velocity,
)
from wm_bringup.wire.topics import (
    ESTIMATE,
    IMU,
    JOINT_COMMAND,
    JOINT_STATES,
    ODOM,
    PLAN,
    ROBOT_DESCRIPTION,
    VELOCITY,
)
from wm_bringup.wire.vectors import join_vector, unpack_estimate
from wm_control.mpc.plan import unpack

N = 29


@pytest.fixture(scope="module", autouse=True)
def _heard(bench):
    bench.observer.listen(JOINT_STATES, IMU, ODOM, JOINT_COMMAND, PLAN, ESTIMATE)


def stamp_of(message):
    return message.header.stamp.sec + 1e-9 * message.header.stamp.nanosec


def plan_velocity(bench):
    """Forward velocity that the planner follows now."""
    data = bench.observer.more(PLAN, 1)[-1]
    return unpack(join_vector(*decode_multi_array(data))).gait.velocity[0]


def test_another_process_sees_every_node_of_the_graph(bench):
    wanted = {"robot", "state_estimator", "whole_body_controller", "arbiter", "mpc"}
    bench.observer.until("all nodes", lambda: wanted <= set(bench.observer.node.get_node_names()))


def test_another_process_receives_every_joint_state_with_names_two_milliseconds_apart(bench):
    from rclpy.serialization import deserialize_message
    from sensor_msgs.msg import JointState

    samples = [deserialize_message(d, JointState) for d in bench.observer.more(JOINT_STATES, 500)]
    assert len(samples[0].name) == len(samples[0].position) == len(samples[0].effort) == N
    stamps = [1_000_000_000 * s.header.stamp.sec + s.header.stamp.nanosec for s in samples]
    periods = np.diff(stamps) / 2_000_000
    assert np.abs(periods - np.rint(periods)).max() < 0.0005
    assert np.rint(periods).min() == 1  # more only where the machine stopped the process


def test_all_stamps_are_ros_time_however_long_the_start_took(bench):
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.qos import QoSProfile
    from rclpy.serialization import deserialize_message
    from sensor_msgs.msg import Imu

    ages, clocks = [], []
    node = bench.observer.node
    imu = node.create_subscription(
        Imu,
        IMU.name,
        lambda d: ages.append(time.time() - stamp_of(deserialize_message(d, Imu))),
        profile(SUBSCRIBER[IMU.flow]),
        raw=True,
    )
    health = node.create_subscription(
        DiagnosticArray,
        "/diagnostics",
        lambda m: clocks.append(time.time() - stamp_of(m)),
        QoSProfile(depth=50),
    )
    bench.observer.until("samples and reports", lambda: len(ages) > 500 and len(clocks) > 5)
    node.destroy_subscription(imu)
    node.destroy_subscription(health)
    # the fastest of them all took a transport's time, and none is from the future
    assert -0.001 < min(ages) < 0.01
    assert -0.001 < min(clocks) < 0.01


def test_imu_odometry_and_estimate_carry_what_they_promise(bench):
    from nav_msgs.msg import Odometry
    from rclpy.serialization import deserialize_message

    imu = decode_imu(bench.observer.more(IMU, 1)[0])
    assert np.linalg.norm(imu.orientation) == np.float64(1.0)
    odom = deserialize_message(bench.observer.more(ODOM, 1)[0], Odometry)
    assert (odom.header.frame_id, odom.child_frame_id) == ("odom", "base_link")
    assert 0.5 < odom.pose.pose.position.z < 1.0
    assert odom.pose.covariance[0] > 0.0
    estimates = [
        unpack_estimate(join_vector(*decode_multi_array(d)), N)
        for d in bench.observer.more(ESTIMATE, 3)
    ]
    assert [e.observation.sequence % 4 for e in estimates] == [0, 0, 0]


def test_the_robot_description_reaches_those_who_come_late(bench):
    from std_msgs.msg import String

    got = []
    bench.observer.node.create_subscription(
        String, ROBOT_DESCRIPTION.name, got.append, profile(SUBSCRIBER[ROBOT_DESCRIPTION.flow])
    )
    bench.observer.until("robot_description", lambda: got)
    assert "<robot" in got[0].data


def test_every_node_reports_its_health(bench):
    wanted = {
        "robot: timing",
        "robot: robot",
        "state_estimator: estimate",
        "whole_body_controller: controller",
        "arbiter: decision",
        "arbiter: command filter",
        "arbiter: velocity command",
        "mpc: planner",
    }
    bench.observer.until("health of all nodes", lambda: wanted <= set(bench.observer.health))
    timing = {v.key: v.value for v in bench.observer.health["robot: timing"].values}
    assert {"misses", "longest_run_of_misses", "path_ms.p99"} <= set(timing)
    estimate = {v.key for v in bench.observer.health["state_estimator: estimate"].values}
    assert {"base_height_m", "calibrated"} <= estimate


def test_the_command_for_the_robot_is_complete_and_stiff(bench):
    command = decode_command(bench.observer.more(JOINT_COMMAND, 1)[0], N)
    assert (command.stiffness > 0.0).all()
    assert np.isfinite(command.torque).all()


def test_a_twist_as_teleop_sends_it_moves_the_planner_and_silence_stops_it(bench):
    def driven():
        bench.observer.drive(0.1)
        return plan_velocity(bench) > 0.05

    bench.observer.until("the planner to follow", driven)
    bench.observer.until("the planner to stop", lambda: plan_velocity(bench) == 0.0)
    bench.observer.until(
        "the reason on /diagnostics",
        lambda: "no velocity command" in bench.observer.said("arbiter: velocity command"),
    )


def test_a_limit_set_while_walking_acts_on_every_driver_within_a_tenth_of_a_second(bench):
    observer = bench.observer
    observer.listen(VELOCITY)

    def admitted():
        observer.drive(0.5)
        return decode_velocity(observer.more(VELOCITY, 1)[-1])

    observer.until("the command to be admitted", lambda: admitted().command.linear_x == 0.5)
    assert observer.set_parameter("arbiter", "velocity.max_linear_x", 0.2).successful
    since = decode_velocity(observer.kept[VELOCITY.name][-1]).stamp
    observer.until("a while", lambda: admitted().stamp > since + 0.5)
    later = [decode_velocity(d) for d in observer.kept[VELOCITY.name]]
    later = [v.command.linear_x for v in later if v.stamp > since + 0.1]
    assert later
    assert max(later) <= 0.2
    observer.until("the planner to follow", lambda: admitted() and plan_velocity(bench) > 0.15)
    assert plan_velocity(bench) <= 0.2
    limit = safety_parameters("g1").velocity.max_linear_x
    assert observer.set_parameter("arbiter", "velocity.max_linear_x", limit).successful
    observer.until("the planner to stop", lambda: plan_velocity(bench) == 0.0)


def test_nan_in_a_twist_is_refused_by_name_and_stops_the_robot(bench):
    def refused():
        bench.observer.drive(0.1, math.nan, 0.0)
        return "linear_y is nan" in bench.observer.said("arbiter: velocity command")

    bench.observer.until("the refusal on /diagnostics", refused)
    assert plan_velocity(bench) == 0.0
    assert bench.observer.decision()["action"] == "NOMINAL"
    assert "velocity command refused: linear_y is nan" in bench.text()


def test_limits_can_be_set_while_running_but_not_out_of_bounds(bench):
    assert bench.observer.set_parameter("arbiter", "arbiter.tilt", 0.9).successful
    refused = bench.observer.set_parameter("arbiter", "arbiter.tilt", 99.0)
    assert not refused.successful
    assert "arbiter.tilt" in refused.reason
    fixed = bench.observer.set_parameter("state_estimator", "orientation.gyro_bias_limit", 0.05)
    assert not fixed.successful


def test_stop_damps_arm_is_refused_until_clear_and_then_drives_again(bench):
    assert bench.observer.call("arbiter/stop").success
    bench.observer.until("damping", lambda: bench.observer.decision()["action"] == "DAMPING")
    assert not decode_command(bench.observer.more(JOINT_COMMAND, 1)[0], N).stiffness.any()
    refused = bench.observer.call("arbiter/arm")
    assert not refused.success
    assert "stopped" in refused.message
    assert bench.observer.call("arbiter/clear").success
    bench.observer.until(
        "the release", lambda: bench.observer.decision()["first_cause"] == "unarmed"
    )
    assert bench.observer.call("arbiter/arm").success
    bench.observer.until("control", lambda: bench.observer.decision()["action"] == "NOMINAL")


def test_a_reset_starts_the_simulated_robot_over_and_arms_it_again(bench):
    def newest():
        return decode_estimate(bench.observer.more(ESTIMATE, 1)[-1], N).observation

    before = newest()
    assert bench.observer.call("robot/reset").success
    bench.observer.until("another run", lambda: newest().run > before.run)
    assert newest().sequence < before.sequence
    bench.observer.until("control", lambda: bench.observer.decision()["action"] == "NOMINAL")


@contextmanager
def another(bench, namespace):
    """A second control process, which does not outlive the test."""
    control = bench.runner.graph.processes[0]
    command = [*command_line(control, namespace)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_second_robot_in_the_same_namespace_refuses_to_start(bench):
    with another(bench, "") as second:
        said, _ = second.communicate(timeout=60)
    assert second.returncode == 2
    assert "already" in said
    assert "--namespace" in said or "two sources" in said
    assert bench.observer.more(JOINT_STATES, 10)


def test_a_second_robot_in_a_namespace_of_its_own_lives_beside_the_first(bench):
    with another(bench, "second") as second:
        names = bench.observer.node.get_node_names_and_namespaces
        bench.observer.until("the second robot", lambda: ("robot", "/second") in names())
        bench.observer.until(
            "its commands",
            lambda: bench.observer.node.count_publishers("/second/joint_command") == 1,
        )
        assert bench.observer.node.count_publishers("/joint_command") == 1
        second.send_signal(signal.SIGTERM)
        second.communicate(timeout=60)
    assert second.returncode == 0


def test_killing_the_planner_brings_fallback_with_its_reason_and_control_goes_on(bench):
    os.kill(bench.runner.running["mpc"], signal.SIGKILL)
    bench.observer.until("fallback", lambda: bench.observer.decision()["action"] == "FALLBACK")
    assert "plan" in bench.observer.said("arbiter: decision")
    assert decode_command(bench.observer.more(JOINT_COMMAND, 20)[-1], N).stiffness.any()
    bench.observer.until(
        "the word of the runner", lambda: "mpc was killed by SIGKILL" in bench.text()
    )
    assert "steps to a stop" in bench.text()
    assert not bench.runner.over


def test_two_interrupts_end_everything_with_damping_and_only_the_killed_process_counts(bench):
    control = bench.runner.running["control"]
    os.kill(control, signal.SIGINT)
    os.kill(control, signal.SIGINT)
    bench.observer.until("the end", lambda: bench.runner.poll() or bench.runner.over)
    last = decode_command(bench.observer.kept[JOINT_COMMAND.name][-1], N)
    assert not last.stiffness.any()
    assert (last.damping > 0.0).all()
    assert {e.process.name: e.code for e in bench.runner.exits} == {"mpc": 137, "control": 0}
    assert bench.runner.stop() == 1
