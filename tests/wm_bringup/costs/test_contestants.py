"""Facts of a comparison's contestants: counted, logged and timed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from wm_bringup.costs import contestants, efficiency
from wm_bringup.costs.contestants import facts_of, timed
from wm_bringup.costs.model_based_work import Usage
from wm_bringup.costs.network_work import UncountedOperatorError
from wm_bringup.costs.path_latency import SHARES, TimedWalk, latency_told
from wm_bringup.costs.qp_work import SolvedQp
from wm_bringup.judging.episodes import WalkSetup
from wm_bringup.scenarios.scenario import Scenario
from wm_policy.models import shipped_policy

SETUPS = {
    "mpc": WalkSetup(Scenario()),
    "policy": WalkSetup(Scenario(), "policy", policy=shipped_policy()),
}


@pytest.fixture
def usage(monkeypatch):
    solved = {SolvedQp(14, 14, 1): 190, SolvedQp(35, 46, 2): 400}
    monkeypatch.setattr(efficiency, "walked", lambda robot: Usage(100, solved))
    efficiency._usage.cache_clear()
    yield
    efficiency._usage.cache_clear()


@pytest.mark.usefixtures("usage")
def test_every_contestant_has_the_same_facts_with_unit_definition_and_method():
    facts = facts_of(SETUPS, {"mpc": False})
    for facet in facts.values():
        names = [list(own) for own in facet.values()]
        assert names[0] == names[1]
        for own in facet.values():
            assert all(fact.definition.endswith(".") and fact.method for fact in own.values())
    assert facts["scalability"]["mpc"]["bar_met"].value == 0.0


@pytest.mark.usefixtures("usage")
def test_a_network_that_cannot_be_counted_says_why_and_stops_nobody(monkeypatch):
    def refused(*_):
        raise UncountedOperatorError("net.onnx: operator 'Det' is none of Abs")

    monkeypatch.setattr(contestants, "counted", refused)
    fact = facts_of(SETUPS)["compute"]["policy"]["flop_per_control_step"]
    assert fact.value is None
    assert "'Det'" in fact.method


def test_a_distribution_ends_with_its_longest_cycle():
    told = latency_told(np.linspace(0.0, 1e-3, 1001))
    assert told["quantiles"][SHARES.index(0.5)] == [0.5, pytest.approx(0.5)]
    assert told["quantiles"][-1] == [1.0, pytest.approx(1.0)]
    assert (told["n"], told["period_ms"]) == (1001, 2.0)


def test_a_walk_is_timed_cycle_by_cycle(monkeypatch):
    short = replace(contestants.TIMED_WALK, duration=0.2, velocity=())
    monkeypatch.setattr(contestants, "TIMED_WALK", short)
    facts, distributions = timed({"mpc": SETUPS["mpc"]})
    assert facts["mpc"]["deadline_miss_rate"].n == distributions["mpc"]["n"] >= 300
    assert facts["mpc"]["driver_cpu_seconds_per_simulated_second"].n == 3
    assert facts["mpc"]["path_latency_p99_9"].value is None  # too few for that


def test_whoever_was_walked_last_without_the_safety_layer_is_timed_with_it(monkeypatch):
    seen = []

    def walk(setup, seed):
        seen.append(setup.safety_layer)
        return TimedWalk([1e-3] * 10, {"controller": 0.1, "planner": 0.0})

    monkeypatch.setattr(contestants, "timed_walk", walk)
    timed({"mpc": replace(SETUPS["mpc"], safety_layer=False)})
    assert seen == [True] * 3
