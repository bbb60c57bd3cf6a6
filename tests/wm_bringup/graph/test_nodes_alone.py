"""Every node in a process of its own, joined by topics alone, and what the robot does without."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from ros_observer import Observer
from std_msgs.msg import String

from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.messages import decode_command, decode_estimate, decode_multi_array
from wm_bringup.wire.topics import (
    DECISION,
    ESTIMATE,
    FAULTS,
    JOINT_COMMAND,
    JOINT_STATES,
    PLAN,
    PROPOSAL,
    VELOCITY,
    proposal_topic,
)
from wm_control.arbiter.parameters import WatchdogParameters

N = 29
LENIENT = (
    "plan_age",
    "state_age",
    "state_age_warning",
    "state_age_damping",
    "overrun_share",
    "overrun_share_fallback",
    "loop_stall",
    "loop_stall_damping",
)
MODULES = {
    "robot": ("wm_bringup.nodes.robot", "--backend", "mock"),
    "state_estimator": ("wm_bringup.nodes.state_estimator",),
    "whole_body_controller": ("wm_bringup.nodes.whole_body_controller",),
    "arbiter": (
        "wm_bringup.nodes.arbiter",
        "--shadow=own",
        "--ros-args",
        "-p",
        "arbiter.ramp_time:=0.0",
        *(part for name in LENIENT for part in ("-p", f"arbiter.{name}:=1.0")),
    ),
    "mpc": ("wm_bringup.nodes.mpc",),
}


class Alone:
    def __init__(self, domain) -> None:
        self.observer = Observer(domain.number)
        self.observer.listen(ESTIMATE, JOINT_COMMAND, JOINT_STATES, PLAN, PROPOSAL, DECISION)
        self.processes = {
            name: subprocess.Popen([sys.executable, "-m", *line]) for name, line in MODULES.items()
        }

    def said_by_robot(self) -> str:
        """What the robot's node says of its commands, provided that its process lives."""
        code = self.processes["robot"].poll()
        assert code is None, f"the robot's process ended with {code}"
        return self.observer.said("robot: command link")

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.observer.close()


def observed_run(observer: Observer) -> int:
    return decode_estimate(observer.more(ESTIMATE, 1)[-1], N).observation.run


@pytest.fixture(scope="module")
def alone(domain):
    graph = Alone(domain)
    yield graph
    graph.close()


def test_a_held_robot_is_estimated_planned_for_and_proposed_for_but_damped(alone):
    observer = alone.observer
    for topic in (ESTIMATE, PLAN, PROPOSAL, JOINT_COMMAND):
        observer.more(topic, 5)
    command = decode_command(observer.more(JOINT_COMMAND, 1)[0], N)
    assert not command.stiffness.any()
    estimates = [decode_estimate(d, N) for d in observer.more(ESTIMATE, 5)]
    stamps = [estimate.stamp for estimate in estimates]
    assert stamps == sorted(set(stamps))
    assert len({tuple(estimate.joint_position) for estimate in estimates}) == 1
    assert len({estimate.observation.run for estimate in estimates}) == 1


def test_the_whole_body_controller_looks_for_a_second_planner(alone):
    health = alone.observer.health
    alone.observer.until("a look", lambda: "whole_body_controller: publishers" in health)
    heard = {pair.key for pair in health["whole_body_controller: publishers"].values}
    assert heard == {topic.name for topic in (PLAN, ESTIMATE, VELOCITY, JOINT_COMMAND)}


def test_a_driver_of_your_own_is_heard_by_its_name_and_a_plain_command_is_a_proposal(alone):
    observer = alone.observer
    assert {"mpc", "own"} <= observer.proposals().keys()
    send = publisher(observer.node, proposal_topic("own"))

    def told() -> bool:
        send.publish(observer.more(JOINT_COMMAND, 1)[-1])
        return observer.proposals()["own"]["status"] == "OK"

    observer.until("its proposal", told)
    assert observer.proposals()["own"]["drives"] == "False"


def test_a_node_that_was_not_started_with_faults_injects_none_and_says_so(alone):
    requests = publisher(alone.observer.node, FAULTS)
    alone.observer.until("its ear", lambda: requests.get_subscription_count() == 1)
    requests.publish(String(data="plan:off@0+60"))
    alone.observer.until("the refusal", lambda: alone.observer.said("mpc: faults"))
    said = "refused: plan:off@0+60: this process was not started with --faults"
    assert alone.observer.said("mpc: faults") == said
    alone.observer.more(PLAN, 5)


def test_after_arming_the_commands_come_from_the_controller_and_the_robot_moves_on(alone):
    observer = alone.observer
    observer.until("arming", lambda: observer.call("arbiter/arm").success)
    observer.until(
        "a stiff command",
        lambda: decode_command(observer.more(JOINT_COMMAND, 1)[0], N).stiffness.all(),
    )
    sequences = [int(decode_multi_array(d)[0][1]) for d in observer.more(ESTIMATE, 100)]
    assert sequences[-1] > sequences[0]
    observer.until(
        "followed commands", lambda: observer.said("robot: command link") == "following commands"
    )


def test_after_a_reset_all_begin_anew_and_the_robot_waits_to_be_armed(alone):
    observer = alone.observer
    run = observed_run(observer)
    assert observer.call("robot/reset").success
    observer.until("another run", lambda: observed_run(observer) == run + 1)
    observer.until(
        "damping",
        lambda: not decode_command(observer.more(JOINT_COMMAND, 1)[0], N).stiffness.any(),
    )
    observer.until("arming", lambda: observer.call("arbiter/arm").success)
    observer.until(
        "a stiff command",
        lambda: decode_command(observer.more(JOINT_COMMAND, 1)[0], N).stiffness.all(),
    )
    assert observed_run(observer) == run + 1


def test_a_robot_whose_arbiter_is_killed_damps_itself_and_says_why(alone):
    alone.processes["arbiter"].kill()
    alone.observer.until("damping", lambda: "damping" in alone.said_by_robot())
    assert f"{WatchdogParameters().damp_after:g} s" in alone.observer.said("robot: command link")


def test_every_node_alone_ends_with_exit_code_zero_on_sigterm(alone):
    others = {n: p for n, p in alone.processes.items() if n != "arbiter"}
    for process in others.values():
        process.send_signal(signal.SIGTERM)
    assert {n: p.wait(timeout=60) for n, p in others.items()} == dict.fromkeys(others, 0)
