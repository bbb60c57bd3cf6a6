"""A learned policy beside the planner, and one that must not run; on a mock robot."""

from __future__ import annotations

import os
import signal

from small_policies import drives, write_policies

from wm_bringup.wire.topics import POLICY_PROPOSAL

from .conftest import Bench


def test_beside_the_planner_a_policy_runs_in_shadow_and_may_die_without_harm(domain, tmp_path):
    policies = write_policies(tmp_path)
    bench = Bench(domain, controller="mpc", policy=policies["legs"])
    bench.runner.start()
    try:
        bench.be_patient()
        drives(bench, "mpc")
        bench.observer.listen(POLICY_PROPOSAL)
        assert len(bench.observer.more(POLICY_PROPOSAL, 10)) >= 10
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
    bench.runner.start()
    try:
        bench.observer.until("the refusal", lambda: "46" in bench.text())
        bench.observer.until("its end", lambda: bench.runner.poll() or bench.runner.exits)
        assert {e.process.name: e.code for e in bench.runner.exits} == {"policy": 2}
    finally:
        bench.close()
