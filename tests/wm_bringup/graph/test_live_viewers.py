"""What viewers see of a running graph, and find in the bag that it leaves."""

from __future__ import annotations

import numpy as np
import pytest
from layouts import (
    foxglove_paths,
    foxglove_topics,
    foxglove_value,
    plotjuggler_curves,
    plotjuggler_series,
    rviz_topics,
)
from ros_observer import Observer
from rosbags.typesys import Stores, get_typestore
from tf_frames import edges_of, nanoseconds, placed

from wm_bringup.bags.stream import BagStream
from wm_bringup.nodes.support.qos import SUBSCRIBER, message_class, profile
from wm_bringup.wire.messages import decode_estimate
from wm_bringup.wire.topics import (
    AGGREGATED,
    BALANCE_MARKERS,
    ESTIMATE,
    FOR_VIEWERS,
    LATENCY,
    PLAN_MARKERS,
    ROBOT_DESCRIPTION,
    TF,
    TF_STATIC,
)
from wm_control.constants import CONTROL_PERIOD
from wm_control.robot.description import load_robot
from wm_control.robot.model import RobotModel

from .conftest import Bench

TYPES = get_typestore(Stores.ROS2_JAZZY)
N = 29


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("viewers") / "bag"


@pytest.fixture(scope="module")
def bench(domain, patient_robot, folder):
    running = Bench(domain, robot=str(patient_robot), record=str(folder))
    try:
        running.runner.start()
        running.be_patient()
        yield running
    finally:
        running.close()


def latest(observer: Observer, topic) -> bytes:
    """Message of a latched topic, as it reaches those who come late."""
    got: list[bytes] = []
    quality = profile(SUBSCRIBER[topic.flow])
    observer.node.create_subscription(
        message_class(topic), topic.name, got.append, quality, raw=True
    )
    return observer.until(topic.name, lambda: got)[0]


def read(data, topic):
    return TYPES.deserialize_cdr(data, topic.type)


def test_tf_puts_the_soles_where_the_estimate_of_the_same_stamp_has_them(bench):
    observer, robot = bench.observer, RobotModel(load_robot("g1"))
    fixed = edges_of(read(latest(observer, TF_STATIC), TF_STATIC))
    observer.listen(TF, ESTIMATE)
    observer.more(TF, 30)
    observer.more(ESTIMATE, 10)
    estimates = {}
    for data in observer.kept[ESTIMATE.name]:
        estimate = decode_estimate(data, N)
        estimates[round(1e9 * estimate.stamp)] = estimate
    frames = [read(data, TF) for data in observer.kept[TF.name]]
    stamps = [nanoseconds(message.transforms[0].header.stamp) for message in frames]
    assert np.diff(stamps).min() >= 1e9 * CONTROL_PERIOD
    compared = 0
    for stamp, message in zip(stamps, frames, strict=True):
        near = [s for s in estimates if abs(s - stamp) < 1000]  # a float holds no nanoseconds
        if near:
            robot.update_kinematics(estimates[near[0]])
            for foot, sole in enumerate(("l_sole", "r_sole")):
                found = placed(fixed | edges_of(message), sole).translation
                expected = robot.data.oMf[robot.sole_ids[foot]].translation
                assert found == pytest.approx(expected, abs=1e-9)
            compared += 1
    assert compared >= 10


def test_the_description_has_meshes_that_a_viewer_can_load(bench):
    text = read(latest(bench.observer, ROBOT_DESCRIPTION), ROBOT_DESCRIPTION).data
    assert text.count('filename="file:///') == text.count("<mesh ") > 20


def test_balance_and_plan_are_drawn(bench):
    observer = bench.observer
    observer.listen(PLAN_MARKERS, BALANCE_MARKERS)
    names = {m.ns for m in read(observer.more(BALANCE_MARKERS, 3)[-1], BALANCE_MARKERS).markers}
    assert names == {"dcm", "capture_region"}
    names = {m.ns for m in read(observer.more(PLAN_MARKERS, 3)[-1], PLAN_MARKERS).markers}
    assert "dcm" in names


def test_diagnostics_are_a_tree_of_the_processes(bench):
    observer = bench.observer
    observer.listen(AGGREGATED)
    wanted = {"/control/robot/timing", "/control/arbiter/drivers", "/mpc/planner", "/mpc"}

    def names():
        newest = observer.kept[AGGREGATED.name]
        return {s.name for s in read(newest[-1], AGGREGATED).status} if newest else set()

    observer.until("all of the tree", lambda: wanted | {"/recorder/recording"} <= names())


def test_the_bag_holds_all_that_the_layouts_show_and_lost_nothing(bench, folder):
    bench.observer.listen(LATENCY)
    bench.observer.more(LATENCY, 3)  # it is armed by now
    bench.observer.spin(1.5)
    bench.runner.stop()
    bag = BagStream(folder)
    messages, series = {}, set()
    for topic, _, message in bag.messages():
        kept = messages.setdefault(topic, [])
        if len(kept) < 200:
            kept.append(message)
    assert bag.problems == []
    assert {f"/{topic.name}" for topic in FOR_VIEWERS} <= messages.keys()
    assert foxglove_topics() | rviz_topics() <= messages.keys()
    assert len(rviz_topics()) == 3
    for path in foxglove_paths():
        assert foxglove_value(path, messages), path
    for topic, found in messages.items():
        for message in found:
            series |= set(plotjuggler_series(topic, bag.msgtypes[topic], message))
    assert set(plotjuggler_curves()) <= series
    statuses = [s for m in messages["/diagnostics"] for s in m.status]
    told = [s for s in statuses if s.name == "recorder: recording"]
    lost = [pair.value for s in told for pair in s.values if pair.key == "lost"]
    assert lost
    assert set(lost) == {"0"}
