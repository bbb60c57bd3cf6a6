"""Footsteps, DCM and capture region as RViz and Foxglove draw them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, estimate_of, observation_at
from rosbags.typesys import Stores, get_typestore

from wm_bringup.wire.markers import BalanceMarkers, Marker, PlanMarkers, Shape, encode_markers
from wm_control.gait.state import Gait, Mode
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import LEFT, SolveReport, Status

TYPES = get_typestore(Stores.ROS2_JAZZY)
ARRAY = "visualization_msgs/msg/MarkerArray"
CARRIED = np.array([[0.0, 0.0, 200.0, 0.0, 0.0, 0.0], [0.0, 0.0, 130.0, 0.0, 0.0, 0.0]])


def read(data):
    message = TYPES.deserialize_cdr(data, ARRAY)
    assert bytes(TYPES.serialize_cdr(message, ARRAY)) == data
    return message.markers


def plan(mode=Mode.WALK) -> WalkingPlan:
    """The left foot carries at the origin; the right one lands 0.3 ahead, turned by 0.2."""
    gait = Gait(
        mode=mode,
        support=LEFT,
        step_start=1.0,
        touch_down=1.5,
        double_support=0.1,
        lifts=True,
        support_pose=np.array([0.0, 0.1, 0.02, 0.0]),
        swing_start=np.array([-0.3, -0.1, 0.0, 0.0]),
        cop_start=np.zeros(2),
        velocity=np.array([0.5, 0.0, 0.0]),
        correction=np.zeros(2),
        yaw=0.0,
        steps=3,
    )
    steps = np.array([[0.3, -0.1, 0.0, 0.2], [0.6, 0.1, 0.0, 0.2], [0.9, -0.1, 0.0, 0.2]])
    report = SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 3, 0.0)
    offset, now, then = np.array([0.01, 0.0]), np.array([0.05, 0.02]), np.array([0.2, 0.0])
    return WalkingPlan(1.2, 600, gait, steps, offset, 0.5, now, then, report)


def test_markers_are_the_bytes_that_ros_writes_with_and_without_points():
    line = Marker("a", 3, Shape.LINE_STRIP, (1, 2, 3), (0.1, 0, 0), (1, 0, 0, 1), 0.3, ((4, 5, 6),))
    cube = Marker("größe", 4, Shape.CUBE, (1, 2, 3), (0.1, 0.2, 0.3), (0, 1, 0, 0.5), np.pi)
    first, second = read(encode_markers(12.5, [line, cube]))
    assert (first.points[0].x, first.points[0].z) == (4.0, 6.0)
    assert (second.ns, second.id, second.type, second.scale.y) == ("größe", 4, 1, 0.2)
    assert second.pose.orientation.z == pytest.approx(1.0)
    assert second.header.frame_id == "odom"
    assert read(encode_markers(0.0, [])) == []


def test_the_coming_steps_of_a_walk_are_drawn_where_the_planner_wants_them():
    markers = read(PlanMarkers(G1.soles).encode(plan()))
    steps = {m.id: m for m in markers if m.ns == "footsteps"}
    where = [(m.pose.position.x, m.pose.position.y) for _, m in sorted(steps.items())]
    assert where == [(0.0, 0.1), (0.3, -0.1), (0.6, 0.1), (0.9, -0.1)]
    assert steps[1].pose.orientation.z == pytest.approx(np.sin(0.1))
    assert steps[0].scale.x == pytest.approx(2.0 * G1.soles[LEFT].half_length)
    assert steps[0].color.r == steps[2].color.r != steps[1].color.r  # left, left, right
    points = {(m.ns, m.id): (m.pose.position.x, m.pose.position.y) for m in markers}
    assert points["dcm", 0] == (0.05, 0.02)
    assert points["dcm", 1] == (0.2, 0.0)
    assert points["pressure", 0] == (0.01, 0.1)
    assert {m.header.stamp.nanosec for m in markers} == {200_000_000}


def test_of_a_robot_that_stands_no_steps_are_drawn():
    markers = read(PlanMarkers(G1.soles).encode(plan(Mode.STAND)))
    assert [(m.ns, m.id) for m in markers] == [("dcm", 0)]


def test_of_the_balance_the_dcm_lies_within_the_outlines_of_a_robot_at_rest():
    estimate = estimate_of(
        observation_at(0.0, 0), foot_wrench=CARRIED, base_position_in_world=np.array([1, 2, 0.7])
    )
    dcm, *outlines = read(BalanceMarkers(G1).encode(estimate))
    assert (dcm.ns, len(outlines)) == ("dcm", 3)
    assert dcm.pose.position.x == pytest.approx(1.0, abs=0.2)
    for outline in outlines:
        xs, ys = [p.x for p in outline.points], [p.y for p in outline.points]
        assert (outline.ns, len(xs)) == ("capture_region", 5)
        assert min(xs) < dcm.pose.position.x < max(xs)
        assert min(ys) < dcm.pose.position.y < max(ys)


def test_of_an_estimate_that_is_not_finite_nothing_is_drawn():
    estimate = estimate_of(observation_at(0.0, 0), foot_wrench=CARRIED)
    broken = replace(estimate, base_position_in_world=np.full(3, np.inf))
    assert BalanceMarkers(G1).encode(broken) is None
