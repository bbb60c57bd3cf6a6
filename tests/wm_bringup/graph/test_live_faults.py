"""Faults in a running graph: injected on purpose, and processes that stand still or are killed."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from small_policies import drives, write_policies
from std_msgs.msg import String

from wm_bringup.nodes.support.qos import publisher
from wm_bringup.wire.messages import decode_command, decode_estimate
from wm_bringup.wire.proposals import decode_proposal
from wm_bringup.wire.topics import ESTIMATE, FAULTS, JOINT_COMMAND, PLAN, POLICY_PROPOSAL

from .conftest import Bench

N = 29


@pytest.fixture(scope="module")
def planned(domain, tmp_path_factory):
    """A planner drives, a policy is in its shadow, a recorder runs."""
    folder = tmp_path_factory.mktemp("faults")
    policies = write_policies(folder)
    bench = Bench(domain, controller="mpc", policy=policies["legs"], record=str(folder / "bag"))
    try:
        bench.runner.start()
        bench.be_patient()
        drives(bench, "mpc")
        bench.observer.listen(JOINT_COMMAND, PLAN, POLICY_PROPOSAL, ESTIMATE)
        bench.requests = publisher(bench.observer.node, FAULTS)
        bench.observer.until("ears", lambda: bench.requests.get_subscription_count() >= 3)
        yield bench
    finally:
        bench.close()


def ask(bench, text):
    bench.requests.publish(String(data=text))


def action(bench):
    return bench.observer.decision()["action"]


def until_nominal(bench):
    bench.observer.until("control", lambda: action(bench) == "NOMINAL")


def start_over(bench):
    """Set a robot that was damped upright; it arms by itself."""
    before = bench.text().count("[arbiter]: NOMINAL")
    assert bench.observer.call("robot/reset").success
    bench.observer.until(  # the newest decision may still be one from before
        "driving anew", lambda: bench.text().count("[arbiter]: NOMINAL") > before
    )
    until_nominal(bench)


def proposed(bench):
    """The next position targets of the policy."""
    return decode_proposal(bench.observer.more(POLICY_PROPOSAL, 1)[-1], N).result.command.position


def counted(bench, node):
    """How often each fault of a node has acted, as it says on /diagnostics."""
    status = bench.observer.health.get(f"{node}: faults")
    return {pair.key: int(pair.value) for pair in status.values} if status else {}


def test_a_fault_of_the_policy_is_in_its_proposals_for_as_long_as_it_was_asked_for(planned):
    assert np.isfinite(proposed(planned)).all()
    ask(planned, "policy:nan@0+1")
    planned.observer.until("the fault", lambda: np.isnan(proposed(planned)).all())
    planned.observer.until("its refusal", lambda: "room of the position" in planned.text())
    planned.observer.until("its end", lambda: np.isfinite(proposed(planned)).all())
    planned.observer.until(
        "the count", lambda: counted(planned, "policy").get("policy:nan@0+1", 0) > 20
    )
    assert "fault injected: policy:nan@0+1" in planned.text()


def test_a_silent_planner_is_told_by_its_age_and_is_followed_again_afterwards(planned):
    ask(planned, "plan:off@0+2")
    planned.observer.until("fallback", lambda: action(planned) == "FALLBACK")
    assert "plan" in planned.observer.said("arbiter: decision")
    until_nominal(planned)
    text = "plan:off@0+2"
    planned.observer.until("the count", lambda: counted(planned, "mpc").get(text, 0) > 200)


def test_a_plan_that_is_not_finite_is_refused_and_counted(planned):
    ask(planned, "plan:nan@0+2")
    planned.observer.until("fallback", lambda: action(planned) == "FALLBACK")
    planned.observer.until(
        "the refusal",
        lambda: "must be finite" in planned.text(),
    )
    until_nominal(planned)


def test_a_fault_of_the_loop_is_injected_by_the_real_time_process(planned):
    ask(planned, "estimator:nan@0+3")
    planned.observer.until("damping", lambda: action(planned) == "DAMPING")
    assert "beliefs are not finite" in planned.observer.said("arbiter: decision")
    assert not decode_command(planned.observer.more(JOINT_COMMAND, 1)[-1], N).stiffness.any()
    planned.observer.until(
        "the count", lambda: counted(planned, "robot").get("estimator:nan@0+3", 0) > 1400
    )
    start_over(planned)


def test_a_fault_of_a_sensor_is_seen_by_the_estimator(planned):
    ask(planned, "gyro:bias=0.5@0+0.3")

    def gyro():
        data = planned.observer.more(ESTIMATE, 1)[-1]
        return decode_estimate(data, N).observation.imu_angular_velocity[0]

    planned.observer.until("the fault", lambda: gyro() == 0.5)
    planned.observer.until("its end", lambda: gyro() == 0.0)
    start_over(planned)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("plan:explode@0", "means nothing of plan"),
        ("polcy:nan@0", "name of a joint"),
        ("clock:drop@0", "expected one of stuck"),
    ],
)
def test_what_means_nothing_is_refused_by_name(planned, text, why):
    ask(planned, text)
    planned.observer.until("the refusal", lambda: why in planned.text())


@pytest.mark.parametrize("seconds", [0.1, 0.5, 2.0])
def test_a_planner_that_stands_still_costs_nothing_but_its_time(planned, seconds):
    until_nominal(planned)
    mpc, said = planned.runner.running["mpc"], len(planned.text())
    os.kill(mpc, signal.SIGSTOP)
    planned.observer.spin(seconds)
    os.kill(mpc, signal.SIGCONT)
    until_nominal(planned)
    assert "DAMPING" not in planned.text()[said:]


@pytest.mark.parametrize("process", ["policy", "recorder"])
@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_control_does_not_notice_a_shadow_or_a_recorder_that_stands_still_or_dies(
    planned, process, number
):
    until_nominal(planned)
    actions = set()
    os.kill(planned.runner.running[process], number)
    try:
        for _ in range(10):
            planned.observer.spin(0.1)
            actions.add(action(planned))
    finally:
        if number == signal.SIGSTOP:
            os.kill(planned.runner.running[process], signal.SIGCONT)
    assert actions == {"NOMINAL"}
