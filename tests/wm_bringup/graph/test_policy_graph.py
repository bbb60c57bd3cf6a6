"""A learned policy drives a mock robot, and is changed while it does."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest
from small_policies import drives, write_policies

from wm_bringup.wire.messages import decode_command
from wm_bringup.wire.proposals import decode_proposal
from wm_bringup.wire.topics import ESTIMATE, JOINT_COMMAND, POLICY_PROPOSAL, VELOCITY
from wm_control.types import Status

from .conftest import Bench

N = 29
KNEE = 3


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    return write_policies(tmp_path_factory.mktemp("policies"))


@pytest.fixture(scope="module")
def driven(domain, policies):
    bench = Bench(domain, controller="policy", policy=policies["legs"])
    try:
        bench.runner.start()
        bench.be_patient()
        drives(bench, "policy")
        bench.observer.listen(JOINT_COMMAND, POLICY_PROPOSAL)
        yield bench
    finally:
        bench.close()


def knee_stiffness(bench):
    return decode_command(bench.observer.more(JOINT_COMMAND, 1)[-1], N).stiffness[KNEE]


def test_the_policys_gains_reach_the_robot_and_every_proposal_says_how_long_it_holds(driven):
    assert knee_stiffness(driven) == 100.0
    proposal = decode_proposal(driven.observer.more(POLICY_PROPOSAL, 1)[-1], N)
    result = proposal.result
    assert (result.controller, result.status) == ("policy", Status.OK)
    assert result.solves[0].holds_for == pytest.approx(0.02)
    assert result.figures["novelty"] >= 0.0


def test_proposals_come_at_the_rate_of_the_policy(driven):
    proposals = [decode_proposal(d, N) for d in driven.observer.more(POLICY_PROPOSAL, 30)]
    steps = np.diff([p.stamp for p in proposals])
    assert np.median(steps) == pytest.approx(0.02, abs=1e-6)


def test_the_policy_looks_for_others_who_would_steer_it(driven):
    health = driven.observer.health
    driven.observer.until("a look", lambda: "policy: publishers" in health)
    heard = {pair.key for pair in health["policy: publishers"].values}
    assert heard == {ESTIMATE.name, JOINT_COMMAND.name, VELOCITY.name}


def test_there_is_no_planner_in_this_graph(driven):
    names = driven.observer.node.get_node_names()
    assert {"robot", "state_estimator", "arbiter", "policy"} <= set(names)
    assert not {"mpc", "whole_body_controller"} & set(names)


def test_another_policy_takes_over_by_parameter_while_the_robot_is_driven(driven, policies):
    assert driven.observer.set_parameter("policy", "file", policies["firm"]).successful
    driven.observer.until("the new gains", lambda: knee_stiffness(driven) == 150.0)
    assert driven.observer.decision()["action"] == "NOMINAL"
    driven.observer.until(
        "its name on /diagnostics", lambda: "firm: drives" in driven.observer.said("policy: policy")
    )
    driven.observer.until(
        "its lane", lambda: driven.observer.said("arbiter: lanes").startswith("every proposal")
    )


@pytest.mark.parametrize(("file", "reason"), [("narrow", "46"), ("missing.onnx", "missing.onnx")])
def test_a_policy_that_must_not_run_is_refused_by_parameter_and_nothing_changes(
    driven, policies, file, reason
):
    refused = driven.observer.set_parameter("policy", "file", policies.get(file, file))
    assert not refused.successful
    assert reason in refused.reason
    assert knee_stiffness(driven) == 150.0
    assert driven.observer.decision()["action"] == "NOMINAL"


def test_a_killed_policy_leaves_the_robot_damped_with_the_reason(driven):
    os.kill(driven.runner.running["policy"], signal.SIGKILL)
    driven.observer.until("damping", lambda: driven.observer.decision()["action"] == "DAMPING")
    assert not decode_command(driven.observer.more(JOINT_COMMAND, 1)[-1], N).stiffness.any()
    assert "policy process has been silent" in driven.observer.said("arbiter: decision")
    driven.observer.until(
        "the word of the runner", lambda: "policy was killed by SIGKILL" in driven.text()
    )
    assert "holds its posture and is damped" in driven.text()
