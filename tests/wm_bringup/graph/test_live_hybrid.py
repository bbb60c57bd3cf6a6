"""Two drivers share a robot that walks under ROS: pushes, stalls, deaths; in this order."""

from __future__ import annotations

import math
import os
import signal

import pytest
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from wm_bringup.bags.reader import open_bag
from wm_bringup.nodes.support.qos import message_class, publisher
from wm_bringup.record.trip_bags import bags_in
from wm_bringup.wire.topics import DECISION, FAULTS, GROUND_TRUTH
from wm_control.drivers import DRIVERS

from .conftest import LENIENT, Bench

SPEED = 0.3
PUSH_AT = 4.0
SCENARIO = f"""
name: pushed
noise: nominal
delay: 0.004
pushes: [{{at: {PUSH_AT}, impulse: [0.0, 25.0, 0.0]}}]
"""


def told(data: bytes) -> dict[str, str]:
    """Values of a decision, with the names of the rules that were active as ``rules``."""
    status = deserialize_message(data, message_class(DECISION)).status
    values = {pair.key: pair.value for pair in status[0].values}
    return values | {"rules": " ".join(one.name for one in status[1:])}


def where(data: bytes) -> tuple[float, float]:
    """Position in a message of the true motion [m]."""
    position = deserialize_message(data, message_class(GROUND_TRUTH)).pose.pose.position
    return position.x, position.y


class Walking(Bench):
    """A robot that walks, and what is told of its arbiter."""

    def begin(self) -> None:
        self.observer.listen(DECISION, GROUND_TRUTH)
        self.runner.start()
        for name in LENIENT.keys() - {"plan_age"}:
            result = self.observer.set_parameter("arbiter", f"arbiter.{name}", LENIENT[name])
            assert result.successful, result.reason

    @property
    def decisions(self) -> list[dict[str, str]]:
        """Every decision that was told."""
        return [told(data) for data in self.observer.kept[DECISION.name]]

    def until_drives(self, driver: str) -> None:
        """Wait until a driver has the robot."""

        def drives() -> bool:
            assert "control" in self.runner.running, self.text()
            kept = self.observer.kept[DECISION.name]
            newest = told(kept[-1]) if kept else {}
            return newest.get("source") == driver and newest["share"] == "1"

        self.observer.until(f"{driver} to drive", drives)

    def until_fit(self) -> None:
        """Wait until nothing is told against any driver."""

        def fit() -> bool:
            self.observer.more(DECISION, 1)
            newest = told(self.observer.kept[DECISION.name][-1])
            return not any(f"arbiter: {name}: " in newest["rules"] for name in DRIVERS)

        self.observer.until("fit drivers", fit)

    def forget(self) -> None:
        """Of what was told; the operator clears."""
        assert self.observer.call("arbiter/clear").success
        self.observer.kept[DECISION.name].clear()

    def drivers(self) -> list[str]:
        """Who drove, one after the other."""
        told = [decision["source"] for decision in self.decisions]
        return [who for k, who in enumerate(told) if k == 0 or told[k - 1] != who]

    def strides(self, seconds: float) -> float:
        """How far the robot truly walks in so long [m]."""
        begin = where(self.observer.more(GROUND_TRUTH, 1)[-1])
        self.observer.spin(seconds)
        return math.dist(begin, where(self.observer.more(GROUND_TRUTH, 1)[-1]))

    def kill(self, process: str, number: signal.Signals) -> None:
        os.kill(self.runner.running[process], number)


def started(domain, folder, **arguments):
    (folder / "pushed.yaml").write_text(SCENARIO)
    bench = Walking(
        domain,
        backend="simulated",
        engine="mujoco",
        controller="hybrid",
        velocity=f"{SPEED} 0 0",
        truth=True,
        **arguments,
    )
    try:
        bench.begin()
        bench.until_drives("mpc")
    except BaseException:
        bench.close()
        raise
    return bench


@pytest.fixture(scope="module")
def walking(domain, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hybrid")
    bench = started(
        domain,
        folder,
        scenario=str(folder / "pushed.yaml"),
        trips=str(folder / "trips"),
        record=str(folder / "bag"),
    )
    bench.folder = folder
    yield bench
    bench.close()


def test_a_push_hands_the_robot_to_the_policy_and_the_planner_takes_it_back(walking):
    walking.until_drives("policy")
    walking.until_drives("mpc")
    pushed = next(d for d in walking.decisions if d["source"] == "policy")
    assert pushed["first_cause"] == "pushed"
    assert "arbiter: mpc: pushed" in pushed["rules"]
    assert pushed["preference"] == "mpc+policy"
    assert pushed["settled"] == "False"


def test_the_two_seconds_around_the_push_are_in_a_bag_at_full_rate(walking):
    found = walking.observer.until("the bag", lambda: bags_in(walking.folder / "trips"))
    walking.observer.until("its end", lambda: "the 2.0 s around it" in walking.text())
    bag = open_bag(found[0])
    assert found[0].name.endswith("mpc_pushed")
    assert bag.problems == []
    assert bag.counts["/joint_command"] == bag.counts["/arbiter/decision"] == 1000
    assert bag.counts["/mpc/joint_command"] == bag.counts["/policy/joint_command"] == 1000
    decisions = [
        {pair.key: pair.value for pair in message.status[0].values}
        for _, _, message in bag.messages("/arbiter/decision")
    ]
    sources = [decision["source"] for decision in decisions]
    assert sources[0] == "mpc"
    assert (first := sources.index("policy")) == 1000 - 251
    assert 2.2 < float(decisions[first]["impulse"]) < 25.0


def test_the_operator_prefers_another_driver_while_the_robot_walks(walking):
    walking.forget()
    assert walking.observer.call("arbiter/prefer_policy").success
    walking.until_drives("policy")
    walking.observer.until(
        "its word on /diagnostics",
        lambda: walking.observer.said("arbiter: drivers").startswith("policy drives, mpc fit"),
    )
    assert walking.observer.call("arbiter/prefer_mpc").success
    walking.until_drives("mpc")
    assert walking.drivers() == ["mpc", "policy", "mpc"]
    assert walking.decisions[-1]["first_cause"] == ""


def test_a_mirrored_policy_loses_the_robot_to_the_planner_with_its_first_proposal(walking):
    walking.forget()
    faults = publisher(walking.observer.node, FAULTS)
    walking.observer.until("ears", lambda: faults.get_subscription_count() >= 3)
    assert walking.observer.call("arbiter/prefer_policy").success
    walking.until_drives("policy")
    walking.observer.until(
        "a lane in step", lambda: walking.observer.said("arbiter: lanes").startswith("every")
    )
    faults.publish(String(data="policy:sign@0+0.5"))
    walking.until_drives("mpc")
    told = [d for d in walking.decisions if "arbiter: policy: lane_disagrees" in d["rules"]]
    assert told[0]["source"] == "mpc"
    assert walking.observer.call("arbiter/prefer_mpc").success
    walking.until_fit()
    assert {d["armed"] for d in walking.decisions} == {"True"}


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("process", ["policy", "mpc"])
def test_a_driver_that_stands_still_makes_nobody_fall(walking, process, seconds):
    walking.forget()
    walking.kill(process, signal.SIGSTOP)
    walking.observer.spin(seconds)
    walking.kill(process, signal.SIGCONT)
    walking.until_fit()
    walking.until_drives("mpc")
    assert {d["armed"] for d in walking.decisions} == {"True"}
    told = walking.drivers()
    assert told == ["mpc"] if process == "policy" else told[-2:] == ["policy", "mpc"]


@pytest.mark.parametrize("process", ["recorder", "mpc"])
def test_a_recorder_and_then_a_planner_that_are_killed_leave_the_robot_walking(walking, process):
    walking.forget()
    walking.kill(process, signal.SIGKILL)
    assert walking.strides(2.0) > 0.5 * 2.0 * SPEED
    assert {d["armed"] for d in walking.decisions} == {"True"}
    assert walking.decisions[-1]["source"] == {"recorder": "mpc", "mpc": "policy"}[process]


def test_a_policy_that_is_killed_leaves_the_planner_walking(domain, tmp_path, walking):
    walking.runner.stop()
    bench = started(domain, tmp_path)
    try:
        bench.forget()
        bench.kill("policy", signal.SIGKILL)
        assert bench.strides(2.0) > 0.5 * 2.0 * SPEED
        assert {(d["armed"], d["source"]) for d in bench.decisions} == {("True", "mpc")}
        bench.observer.until(
            "the word of the runner", lambda: "nobody to rescue it" in bench.text()
        )
    finally:
        bench.close()
