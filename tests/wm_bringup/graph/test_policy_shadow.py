"""A learned policy beside the planner, and one that must not run; on a mock robot."""

from __future__ import annotations

import os
import signal

from small_policies import drives, write_policies

from wm_bringup.wire.proposals import decode_proposal
from wm_bringup.wire.topics import DECISION, POLICY_PROPOSAL, PROPOSAL

from .conftest import Bench


def test_the_planner_may_run_in_a_policys_shadow_and_is_seen_and_recorded_there(domain, tmp_path):
    policies = write_policies(tmp_path)
    bench = Bench(domain, controller="policy", policy=policies["legs"], shadow="mpc")
    try:
        bench.runner.start()
        bench.be_patient()
        drives(bench, "policy")
        bench.observer.listen(PROPOSAL, DECISION)
        proposal = decode_proposal(bench.observer.more(PROPOSAL, 10)[-1], 29)
        assert proposal.result.controller == "mpc"
        assert [solve.name for solve in proposal.result.solves] == ["footstep_mpc", "whole_body_qp"]
        assert proposal.result.command is not None
        said = bench.observer.proposals()
        assert (said["policy"]["drives"], said["mpc"]["drives"]) == ("True", "False")
        os.kill(bench.runner.running["mpc"], signal.SIGKILL)
        bench.observer.until(
            "the word of the runner", lambda: "no longer in shadow" in bench.text()
        )
        assert bench.observer.decision()["source"] == "policy", bench.text()
    finally:
        bench.close()


def test_beside_the_planner_a_policy_runs_in_shadow_and_may_die_without_harm(domain, tmp_path):
    policies = write_policies(tmp_path)
    bench = Bench(domain, controller="mpc", policy=policies["legs"])
    try:
        bench.runner.start()
        bench.be_patient()
        drives(bench, "mpc")
        bench.observer.listen(POLICY_PROPOSAL, DECISION)
        assert len(bench.observer.more(POLICY_PROPOSAL, 10)) >= 10
        said = bench.observer.proposals()
        assert said["mpc"]["drives"] == "True"
        assert (said["policy"]["drives"], said["policy"]["status"]) == ("False", "OK")
        assert float(said["policy"]["novelty"]) >= 0.0
        bench.observer.until(
            "its role", lambda: "legs: in shadow" in bench.observer.said("policy: policy")
        )
        os.kill(bench.runner.running["policy"], signal.SIGKILL)
        bench.observer.until(
            "the word of the runner", lambda: "no longer in shadow" in bench.text()
        )
        assert bench.observer.decision()["source"] == "mpc", bench.text()
    finally:
        bench.close()


def test_a_policy_that_must_not_run_is_refused_before_anything_moves(domain, tmp_path):
    policies = write_policies(tmp_path)
    bench = Bench(domain, controller="policy", policy=policies["narrow"])
    try:
        bench.runner.start()
        bench.observer.until("the refusal", lambda: "46" in bench.text())
        bench.observer.until("its end", lambda: bench.runner.poll() or bench.runner.exits)
        assert {e.process.name: e.code for e in bench.runner.exits} == {"policy": 2}
    finally:
        bench.close()
