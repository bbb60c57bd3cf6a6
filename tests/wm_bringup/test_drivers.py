"""One registry of drivers: every table that has a row for each of them has one for all."""

from __future__ import annotations

import pytest
import typer

from wm_bringup.commands import known_driver, known_drivers, known_preference
from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.graph.preflight import preflight
from wm_bringup.graph.processes import CONTROL_NODES, describe, graph_arguments
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, check_setup
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.wire.topics import PROPOSALS
from wm_control.drivers import ARBITER, DRIVERS, SOURCES, number_of
from wm_control.errors import ParameterError


@pytest.mark.parametrize(
    "table", [safety_parameters("g1").envelopes, CONTESTANTS, CONTROL_NODES, PROPOSALS]
)
def test_every_table_by_driver_has_a_row_for_each_and_no_other(table):
    assert set(table) == set(DRIVERS)


def test_numbers_of_sources_are_those_that_bags_and_traces_hold():
    assert [number_of(name) for name in ("arbiter", "mpc", "policy")] == [0, 1, 2]
    assert number_of("somebody") == -1
    assert SOURCES[0] == ARBITER


def test_an_unknown_driver_is_refused_wherever_one_is_named():
    with pytest.raises(typer.BadParameter, match="mpc, policy"):
        known_driver("pid")
    with pytest.raises(typer.BadParameter, match="pid"):
        known_drivers(["mpc", "pid"])
    with pytest.raises(ParameterError, match="mpc, policy"):
        graph_arguments({"controller": "pid"})
    with pytest.raises(ParameterError, match="names a driver twice"):
        graph_arguments({"controller": "mpc+mpc"})
    with pytest.raises(typer.BadParameter, match="names a driver twice"):
        known_preference("policy+mpc+policy")
    with pytest.raises(ParameterError, match="mpc, policy"):
        check_setup(WalkSetup(Scenario(), controller="pid"))


def test_the_graph_knows_who_is_in_shadow():
    def shadows(**given):
        return graph_arguments(given).shadows

    assert shadows() == ()
    assert shadows(policy="p.onnx") == ("policy",)
    assert shadows(policy="p.onnx", controller="policy") == ()
    assert shadows(shadow="mpc", controller="policy") == ("mpc",)
    assert shadows(shadow="policy, policy") == ("policy",)


def test_a_driver_in_its_own_shadow_is_refused_before_anything_starts():
    with pytest.raises(ParameterError, match="drives already"):
        preflight(graph_arguments({"shadow": "mpc"}))


def test_the_planner_runs_beside_a_policy_when_it_is_in_its_shadow():
    graph = describe(graph_arguments({"controller": "policy", "shadow": "mpc"}))
    assert [process.name for process in graph.processes] == ["control", "mpc", "policy"]
    assert "--shadow=mpc" in graph.processes[0].arguments
    assert "whole_body_controller" in graph.nodes
    assert "in shadow" in graph.processes[1].loss


def test_nobody_runs_in_a_shadow_of_its_own():
    with pytest.raises(ParameterError, match="shadows"):
        check_setup(WalkSetup(Scenario(), shadows=("mpc",)))
