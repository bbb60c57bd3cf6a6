"""One registry of drivers: every table that has a row for each of them has one for all."""

from __future__ import annotations

import pytest
import typer

from wm_bringup.commands import known_driver, known_drivers
from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.graph.processes import CONTROL_NODES, graph_arguments
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, check_setup
from wm_bringup.scenarios.scenario import Scenario
from wm_control.drivers import ARBITER, DRIVERS, SOURCES, number_of
from wm_control.errors import ParameterError


@pytest.mark.parametrize("table", [safety_parameters("g1").envelopes, CONTESTANTS, CONTROL_NODES])
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
    with pytest.raises(ParameterError, match="mpc, policy"):
        check_setup(WalkSetup(Scenario(), controller="pid"))


def test_nobody_runs_in_a_shadow_of_its_own():
    with pytest.raises(ParameterError, match="shadows"):
        check_setup(WalkSetup(Scenario(), shadows=("mpc",)))
