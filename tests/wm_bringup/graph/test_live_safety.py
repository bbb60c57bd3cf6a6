"""What an operator, a rival, a stall and a crowd do to a running graph; the tests run in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from std_msgs.msg import Empty

from wm_bringup.host import cores
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.messages import MultiArrayEncoder, decode_command, decode_multi_array
from wm_bringup.wire.topics import EMERGENCY_STOP, JOINT_COMMAND, PLAN
from wm_bringup.wire.vectors import join_vector
from wm_control.mpc.plan import LAYOUT, SIZE

from .conftest import Bench

N = 29
PLAN_HEADER = 2
CROWD = """
import sys, time, rclpy
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from wm_bringup.wire.topics import ESTIMATE, IMU, JOINT_COMMAND, JOINT_STATES, ODOM
from wm_bringup.nodes.support.qos import message_class

heard, executors = set(), []
topics = (JOINT_STATES, IMU, ODOM, JOINT_COMMAND, ESTIMATE)
for k in range(20):
    context, topic = Context(), topics[k % 5]
    rclpy.init(context=context)
    node = rclpy.create_node(f"crowd{k}", context=context)
    node.create_subscription(
        message_class(topic), topic.name, lambda _, k=k: heard.add(k), 10, raw=True
    )
    executors.append(EventsExecutor(context=context))
    executors[-1].add_node(node)
end = time.monotonic() + 40.0
while len(heard) < 20 and time.monotonic() < end:
    for executor in executors:
        executor.spin_once(timeout_sec=0.0)
    time.sleep(0.002)
sys.exit(20 - len(heard))
"""


@pytest.fixture(scope="module")
def live(domain, tmp_path_factory):
    bench = Bench(domain, record=str(tmp_path_factory.mktemp("bags") / "bag"))
    try:
        bench.runner.start()
        bench.be_patient()
        until_nominal(bench)
        bench.observer.listen(JOINT_COMMAND, PLAN)
        yield bench
    finally:
        bench.close()


def until_nominal(bench):
    bench.observer.until("control", lambda: bench.observer.decision().get("action") == "NOMINAL")


def put_back(bench):
    """As an operator does with a robot that was damped: set it upright, clear."""
    assert bench.observer.call("arbiter/clear").success
    assert bench.observer.call("robot/reset").success
    bench.observer.spin(1.5)


def values(bench, status):
    return {pair.key: pair.value for pair in bench.observer.health[status].values}


def stiffness(bench):
    return decode_command(bench.observer.more(JOINT_COMMAND, 1)[-1], N).stiffness


def loop_of(bench):
    """Process id of the real-time process, which control has started."""
    control = bench.runner.running["control"]
    with open(f"/proc/{control}/task/{control}/children", encoding="ascii") as file:
        return int(file.read().split()[0])


def test_the_loop_has_a_core_for_itself_where_there_is_one_to_spare(live):
    every, shared = os.sched_getaffinity(0), cores.divided()
    loop = os.sched_getaffinity(loop_of(live))
    control = os.sched_getaffinity(live.runner.running["control"])
    assert loop == ({shared.loop} if shared else every)
    assert control == (set(shared.others) if shared else every)


def test_the_operators_stop_outlasts_resets_until_cleared_and_then_armed(live):
    """The graph is started with arm:=true, which must not undo it."""
    assert live.observer.call("arbiter/stop").success
    assert live.observer.call("robot/reset").success
    live.observer.spin(1.5)
    assert live.observer.decision()["action"] == "DAMPING"
    assert live.observer.decision()["first_cause"] == "operator_stop"
    assert not live.observer.call("arbiter/arm").success
    assert live.observer.call("arbiter/clear").success
    assert live.observer.call("robot/reset").success
    live.observer.spin(1.5)
    assert live.observer.decision()["action"] == "DAMPING"
    assert not stiffness(live).any()
    assert live.observer.call("arbiter/arm").success
    until_nominal(live)


@pytest.mark.parametrize("by", ["topic", "key"])
def test_a_stop_that_nobody_answers_is_heeded_all_the_same(live, by):
    """By whom the space bar is passed on: see the runner's tests."""
    if by == "topic":
        sender = publisher(live.observer.node, EMERGENCY_STOP)
        live.observer.until("a listener", lambda: sender.get_subscription_count() > 0)
        sender.publish(Empty())
    else:
        live.runner.stop_robot()
    live.observer.until("the stop", lambda: live.observer.decision()["action"] == "DAMPING")
    assert live.observer.decision()["first_cause"] == "operator_stop"
    put_back(live)
    assert live.observer.call("arbiter/arm").success
    until_nominal(live)


def test_a_simulated_robot_is_not_taken_from_anybody(live):
    for service in ("robot/ready", "robot/give_back"):
        answer = live.observer.call(service)
        assert (answer.success, answer.message) == (False, "a simulated robot is held until armed")


class Rival:
    """Publishes what the planner plans, with one number changed."""

    def __init__(self, bench):
        self._bench = bench
        self._publisher = publisher(bench.observer.node, PLAN)
        self._message = MultiArrayEncoder((("plan", SIZE - PLAN_HEADER),), PLAN_HEADER)

    def send(self, name, value, entry=0):
        sizes = [size for _, size in LAYOUT]
        start = sum(sizes[: [key for key, _ in LAYOUT].index(name)])
        newest = self._bench.observer.kept[PLAN.name][-1]
        self._message.floats[:] = join_vector(*decode_multi_array(newest))
        self._message.floats[start + entry] = value
        self._publisher.publish(self._message.encode())

    def send_all(self):
        for name, value in (
            ("footsteps", 3.0),
            ("cop_offset", 1e6),
            ("stamp", 1e12),
            ("report.status", 7.0),
            ("gait.touch_down", 1e12),
            ("next_duration", np.nan),
        ):
            self.send(name, value)


@pytest.fixture(scope="module")
def rival(live):
    live.observer.more(PLAN, 1)
    return Rival(live)


def test_a_rival_planner_is_named_and_nothing_that_it_sends_is_followed(live, rival):
    def named():
        rival.send_all()
        return "/observer" in live.observer.said("arbiter: publishers")

    live.observer.until("the rival's name", named)
    assert live.observer.health["arbiter: publishers"].level == bytes([2])
    assert "2 publishers on mpc/plan" in live.text()
    live.observer.until(
        "the count", lambda: int(values(live, "arbiter: publishers").get(PLAN.name, 0)) > 6
    )

    def controlled():
        rival.send_all()
        return live.observer.decision()["action"] in ("NOMINAL", "LIMITED")  # by late cycles

    live.observer.until("control among all this", controlled)
    assert stiffness(live).any()


class Stopped:
    """The real-time process is stopped, and the alarm has been given, inside; it goes on after."""

    def __init__(self, bench):
        self._bench, self._loop = bench, loop_of(bench)

    def __enter__(self):
        self._bench.observer.health.pop("robot: control loop", None)
        os.kill(self._loop, signal.SIGSTOP)
        try:
            self._bench.observer.until(
                "the alarm",
                lambda: "has not answered" in self._bench.observer.said("robot: control loop"),
            )
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        os.kill(self._loop, signal.SIGCONT)


@pytest.fixture
def strict(live):
    """The limits on stalls that are shipped."""
    for name, limit in (("loop_stall", 0.02), ("loop_stall_damping", 0.1)):
        assert live.observer.set_parameter("arbiter", f"arbiter.{name}", limit).successful
    yield live
    live.be_patient()


def test_a_real_time_process_that_stands_still_is_told_at_once_and_damped_afterwards(strict):
    with Stopped(strict):
        arm = strict.observer.call("arbiter/arm")
    assert not arm.success
    assert "has not answered" in arm.message
    strict.observer.until("damping", lambda: strict.observer.decision()["action"] == "DAMPING")
    assert "stood still for" in strict.observer.said("arbiter: decision")
    strict.observer.until("its reason in the log", lambda: "stood still for" in strict.text())
    strict.observer.until(
        "the count", lambda: int(values(strict, "robot: timing")["periods_given_up"]) > 25
    )
    strict.observer.until("its end in the log", lambda: "answers again" in strict.text())
    strict.be_patient()
    put_back(strict)
    until_nominal(strict)


def test_a_stop_that_cannot_be_heeded_at_once_says_so_and_is_heeded_as_soon_as_it_can(live):
    with Stopped(live):
        stop = live.observer.call("arbiter/stop")
    assert not stop.success
    assert "not confirmed" in stop.message
    live.observer.until(
        "the stop", lambda: live.observer.decision()["first_cause"] == "operator_stop"
    )
    put_back(live)
    assert live.observer.decision()["action"] == "DAMPING"
    assert live.observer.call("arbiter/arm").success
    until_nominal(live)


def test_control_does_not_notice_twenty_subscribers_that_join_at_once(live, popen):
    before = values(live, "recorder: recording")
    crowd = popen([sys.executable, "-c", CROWD])
    began = time.monotonic()
    actions = set()
    while crowd.poll() is None:
        live.observer.spin(0.1)
        actions.add(live.observer.decision()["action"])
        assert time.monotonic() < began + 120.0
    assert crowd.returncode == 0
    assert actions == {"NOMINAL"}
    live.observer.spin(1.5)
    after = values(live, "recorder: recording")
    taken = int(after["messages"]) - int(before["messages"])
    assert int(after["lost"]) - int(before["lost"]) < 0.02 * taken


def test_no_memory_is_shared_with_subscribers_who_could_hold_its_locks(live):
    for name in ("control", "mpc", "recorder"):
        with open(f"/proc/{live.runner.running[name]}/maps", encoding="utf-8") as file:
            assert "/dev/shm/fastrtps" not in file.read()


def test_a_rival_alone_is_refused_by_what_it_says(live, rival):
    os.kill(live.runner.running["mpc"], signal.SIGKILL)
    live.observer.until("fallback", lambda: live.observer.decision()["action"] == "FALLBACK")
    newest = live.observer.kept[PLAN.name][-1]
    began = time.monotonic()

    def refused():
        rival.send_all()
        said = live.observer.said("arbiter: steering messages")
        return time.monotonic() > began + 1.5 and " refused, " in said

    live.observer.until("the refusal on /diagnostics", refused)
    assert live.observer.decision()["action"] == "FALLBACK"
    assert live.observer.kept[PLAN.name][-1] != newest
    live.observer.until("the log", lambda: "refused: " in live.text())
    assert stiffness(live).any()


def test_the_graph_listens_on_the_loopback_interface_only(live):
    """/proc/net/udp lists every socket's address in hex, its last column but three the inode."""
    with open("/proc/net/udp", encoding="ascii") as file:
        rows = [line.split() for line in file.readlines()[1:]]
    bound = {row[9]: row[1].split(":")[0] for row in rows}
    control = live.runner.running["control"]
    folder = f"/proc/{control}/fd"
    links = [os.readlink(f"{folder}/{name}") for name in os.listdir(folder)]
    inodes = [link[len("socket:[") : -1] for link in links if link.startswith("socket:[")]
    addresses = {bound[inode] for inode in inodes if inode in bound}
    assert addresses == {"0100007F"}


@pytest.mark.parametrize("made", [True, False])
def test_security_that_is_asked_for_and_cannot_be_had_is_refused_not_left_out(
    domain, tmp_path, made
):
    if made:
        (tmp_path / "enclaves").mkdir()
    asked = {
        "ROS_SECURITY_ENABLE": "true",
        "ROS_SECURITY_STRATEGY": "Enforce",
        "ROS_SECURITY_KEYSTORE": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-m", "wm_bringup.nodes.mpc"],
        env=os.environ | asked,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60.0,
    )
    assert ended.returncode == 2
    last = ended.stderr.splitlines()[-1]
    assert last.startswith("mpc: ")
    assert "security" in last.lower()
