"""What the operator makes of the messages it hears."""

from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from nav_msgs.msg import Odometry
from rclpy.serialization import deserialize_message

from wm_bringup.nodes.operator import LiveView
from wm_bringup.wire.decisions import statuses
from wm_bringup.wire.messages import HealthStatus, Level, encode_diagnostics
from wm_control.arbiter.background import Background
from wm_control.types import Action, Cause, Command, Decision


def truth(stamp, height=0.7, x=0.0):
    message = Odometry()
    message.header.stamp.sec = int(stamp)
    message.header.stamp.nanosec = round(1e9 * (stamp - int(stamp)))
    message.pose.pose.position.z = height
    message.twist.twist.linear.x = x
    return message


def test_time_runs_from_when_the_robot_was_let_go():
    view = LiveView()
    for stamp, armed in ((50.0, False), (51.0, False), (51.5, True), (53.0, True)):
        view.see_truth(truth(stamp), now=stamp)
        view.see_decision(decision(stamp, armed))
    assert view.time == pytest.approx(1.5)


def test_the_preferred_driver_is_waited_for_while_anything_is_told_against_it():
    view = LiveView()
    assert view.waits
    view.see_decision(decision(1.0, False, "mpc"))
    assert view.waits
    view.see_decision(decision(2.0, False, "policy"))
    assert not view.waits
    assert (view.driver, view.action, view.said) == ("policy", "LIMITED", "LIMITED: slow loop")


SLOW = Cause("overruns", 2.0, 1.0, "slow loop", Action.LIMITED)


def decision(stamp, armed, *against):
    """Make the message of a decision that holds something against these controllers."""
    causes = (SLOW, *(replace(SLOW, controller=who) for who in against))
    command = Command(stamp, 0, *[np.zeros(2)] * 5)
    made = Decision(stamp, Action.LIMITED, "policy", command, armed, causes, SLOW)
    told = statuses(made, behind=Background(("mpc", "policy")))
    return deserialize_message(encode_diagnostics(stamp, told), DiagnosticArray)


def test_the_speed_shown_is_a_mean_over_the_last_stride():
    view = LiveView()
    for k in range(100):
        view.see_truth(truth(0.02 * k, x=9.0 if k < 50 else 0.4), now=0.02 * k)
    assert view.speed[0] == pytest.approx(0.4)


@pytest.mark.parametrize(("height", "fallen"), [(0.5, False), (0.3, True), (float("nan"), True)])
def test_a_base_below_three_fifths_of_its_height_has_fallen_for_good(height, fallen):
    view = LiveView()
    for value in (0.7, height, 0.7):
        view.see_truth(truth(0.0, value), now=0.0)
    assert view.fallen == fallen


def test_misses_come_from_the_control_loops_own_report():
    said = {"cycles": "500", "misses": "3", "path_ms.p50": "0.6", "path_ms.p99": "0.9"}
    values = [KeyValue(key=key, value=value) for key, value in said.items()]
    other = DiagnosticStatus(name="mpc: planner")
    timing = DiagnosticStatus(name="robot: timing", values=values)
    view = LiveView()
    view.see_health(DiagnosticArray(status=[other, timing]))
    assert (view.cycles, view.misses, view.path_ms) == (500, 3, (0.6, 0.9))


def test_what_another_robot_says_of_itself_is_passed_over():
    view = LiveView(hardware="/")
    values = {"cycles": 5000, "misses": 0, "path_ms.p50": 0.6, "path_ms.p99": 0.9}
    for hardware, misses in (("/", 0), ("/r1", 812)):
        status = HealthStatus("robot: timing", Level.OK, "", {**values, "misses": misses}, hardware)
        data = encode_diagnostics(0.0, [status])
        view.see_health(deserialize_message(data, DiagnosticArray))
    assert (view.misses, view.cycles) == (0, 5000)
