"""Arithmetic, memory, energy and time of contestants, by hand-worked numbers."""

from __future__ import annotations

import json
from dataclasses import asdict

import casadi as ca
import numpy as np
import pytest

from wm_bringup.comparing.summary import as_text
from wm_bringup.costs import efficiency
from wm_bringup.costs.efficiency import Driver, facts_of, measured_path, measured_time
from wm_bringup.costs.energy import from_time, from_work
from wm_bringup.costs.expression_work import expression_work
from wm_bringup.costs.fact import Fact
from wm_bringup.costs.model_based_work import Usage, plan_work, tick_work
from wm_bringup.costs.qp_work import SolvedQp, qp_work
from wm_bringup.costs.work import Work, product
from wm_bringup.cycle import stack
from wm_control.robot.description import load_robot


def test_an_expression_is_counted_by_its_operations():
    x = ca.SX.sym("x", 3)
    # three squares, two sums, a root
    found = expression_work(ca.Function("f", [x], [ca.sqrt(x[0] ** 2 + x[1] ** 2 + x[2] ** 2)]))
    assert found.flop == 6
    assert found.touched >= 8 * (3 + 1)


def test_a_product_of_2_by_3_and_3_by_4_takes_48_operations_on_26_numbers():
    assert product(2, 3, 4) == Work(48.0, 8 * (6 + 12 + 8))


def test_a_qp_of_3_unknowns_and_2_rows_by_hand():
    # factor and inverse 18, right-hand sides 18, M 18, normalising and offsets 75
    setup = 18 + 18 + 18 + 75
    assert qp_work(SolvedQp(3, 2, 0)).flop == pytest.approx(setup)
    # one iteration, one active: violations 30, products 12, triangular solves 4
    assert qp_work(SolvedQp(3, 2, 1)).flop == pytest.approx(setup + 30 + 12 + 4)


def test_no_more_constraints_are_active_than_there_are_unknowns():
    step = qp_work(SolvedQp(3, 9, 5)).flop - qp_work(SolvedQp(3, 9, 4)).flop
    assert step == 2 * 3 * (3 + 9) + 4 * 3 * 3 + 4 * 3**2


def test_energy_of_a_thousand_operations_and_bytes():
    assert from_work(Work(1000.0, 1000.0)) == pytest.approx(1000 * 2.3e-12 + 1000 * 1.25e-12)
    assert from_time(0.25) == pytest.approx(2.5)


def test_a_network_at_50_hz_costs_a_tenth_per_control_step_and_drivers_add_up():
    network = Driver({"network": (Work(1000.0, 400.0), 0.1)}, Work(1000.0, 400.0), 50.0, 70)
    body = Driver({"body": (Work(300.0, 80.0), 1.0)}, Work(50.0, 8.0), 125.0, 0)
    facts = facts_of([network, body])
    assert facts["flop_per_control_step"].value == pytest.approx(100.0 + 300.0)
    assert facts["flop_per_planner_step"].value == pytest.approx(1050.0)
    assert facts["bytes_per_control_step"].value == pytest.approx(40.0 + 80.0)
    assert facts["parameters"].value == 70


def test_planning_takes_the_problem_once_more_than_there_are_qps():
    description, parameters = load_robot("g1"), stack.model_based_parameters("g1")
    one, two = (
        plan_work(description, parameters, Usage(10, {SolvedQp(14, 14, 1): 10 * solved}))
        for solved in (1, 2)
    )
    ratio = two["footstep problem"].flop / one["footstep problem"].flop
    assert ratio == pytest.approx(3 / 2)
    assert two["footstep QPs"].flop == pytest.approx(2 * one["footstep QPs"].flop)


def test_two_feet_on_the_ground_cost_more_than_one():
    description, parameters = load_robot("g1"), stack.model_based_parameters("g1")
    single, double = (
        tick_work(description, parameters, Usage(1, {qp: 100}))
        for qp in (SolvedQp(35, 46, 1), SolvedQp(41, 62, 1))
    )
    assert single["whole-body dynamics"] == double["whole-body dynamics"]
    for stage in ("posing the QP", "whole-body QP"):
        assert single[stage].flop < double[stage].flop


def test_both_kinds_of_driver_are_counted_and_a_hybrid_is_their_sum(monkeypatch):
    usage = Usage(100, {SolvedQp(14, 14, 1): 190, SolvedQp(35, 46, 2): 400})
    monkeypatch.setattr(efficiency, "walked", lambda robot: usage)
    efficiency._usage.cache_clear()
    mpc, policy, hybrid = (efficiency.counted(who, "g1") for who in ("mpc", "policy", "hybrid"))
    for name in ("flop_per_control_step", "bytes_per_control_step", "joules_per_control_step"):
        assert 0.0 < policy[name].value < mpc[name].value
        assert hybrid[name].value == pytest.approx(mpc[name].value + policy[name].value)
    twice = efficiency.stages_of("policy", "g1")
    assert (
        twice["network"]
        == twice["lane"]
        == pytest.approx(0.5 * policy["flop_per_control_step"].value)
    )
    stages = efficiency.stages_of("mpc", "g1")
    assert sum(stages.values()) == pytest.approx(mpc["flop_per_control_step"].value)
    efficiency._usage.cache_clear()


def test_cpu_time_of_a_driver_is_what_it_takes_in_the_loop_and_beside_it():
    notes = [
        {"controller": 0.3, "planner": 0.1, "physics": 9.0},
        {"controller": 0.5, "planner": 0.1, "physics": 9.0},
    ]
    facts = measured_time(notes)
    # (0.4 + 0.6) / 2 ms in every 2 ms
    assert facts["driver_cpu_seconds_per_simulated_second"].value == pytest.approx(0.25)
    assert facts["joules_per_control_step_by_time"].value == pytest.approx(0.5e-3 * 10.0)
    found = facts["driver_cpu_seconds_per_simulated_second"]
    assert found.n == 2
    # of two the mean is sure to within 12.7 standard errors
    apart = measured_time(
        [{"controller": 0.4, "planner": 0.0}, {"controller": 0.6, "planner": 0.0}]
    )
    wide = apart["driver_cpu_seconds_per_simulated_second"]
    assert wide.high - wide.value == pytest.approx(12.706 * 0.05, rel=1e-3)


def test_the_tail_needs_enough_cycles_and_misses_have_an_interval():
    latencies = np.full(4000, 1e-3)
    latencies[:8] = 3e-3
    facts = measured_path(latencies)
    assert facts["deadline_miss_rate"].value == pytest.approx(0.002)
    assert 0.0 < facts["deadline_miss_rate"].low < 0.002 < facts["deadline_miss_rate"].high
    tail = facts["path_latency_p99_9"]
    assert (tail.low, tail.value) == pytest.approx((1.0, 3.0))  # 8 slow ones, and 4 expected
    assert measured_path(latencies[:100])["path_latency_p99_9"].value is None


def test_a_number_that_is_not_there_is_null_and_a_counted_one_has_no_interval():
    one = measured_time([{"controller": 0.1, "planner": 0.0}])
    told = json.loads(as_text(asdict(one["driver_cpu_seconds_per_simulated_second"])))
    assert (told["low"], told["high"]) == (None, None)
    counted = json.loads(as_text(asdict(Fact(3.0, "", "", "counted"))))
    assert (counted["low"], counted["high"]) == (None, None)
