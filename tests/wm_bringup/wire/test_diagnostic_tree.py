"""Diagnostics as a tree of processes, nodes and parts."""

from __future__ import annotations

import pytest

from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.diagnostic_tree import STALE_AFTER, DiagnosticTree, decode_diagnostics
from wm_bringup.wire.messages import HealthStatus, Level, encode_diagnostics


def status(name, level=Level.OK, hardware="/", **values):
    return HealthStatus(name, level, f"{name} says", values, hardware)


def tree(*seen, now=10.0, **processes):
    made = DiagnosticTree("/", processes or {"robot": "control", "arbiter": "control"})
    for at, one in seen:
        made.see([one], at)
    return {s.name: s for s in made.statuses(now)}


def test_what_was_heard_once_long_ago_does_not_hide_an_error_of_now():
    found = tree(
        (1.0, status("robot: control loop", Level.ERROR)),
        (10.0, status("arbiter: drivers", Level.ERROR)),
    )
    assert found["/control"].level == Level.ERROR
    assert "arbiter" in found["/control"].message
    quiet = tree((1.0, status("robot: control loop")), (10.0, status("arbiter: drivers")))
    assert quiet["/control"].level == Level.STALE


def test_what_is_encoded_is_decoded_again():
    sent = [status("robot: timing", Level.WARN, cycles="7"), status("mpc: planner")]
    assert decode_diagnostics(encode_diagnostics(1.0, sent)) == sent
    with pytest.raises(MessageError):
        decode_diagnostics(encode_diagnostics(1.0, sent)[:-6])


def test_parts_hang_on_nodes_and_nodes_on_processes():
    found = tree(
        (10.0, status("robot: timing", cycles="7")),
        (10.0, status("arbiter: drivers")),
        (10.0, status("mpc: planner")),
    )
    assert list(found) == [
        "/control",
        "/control/arbiter",
        "/control/arbiter/drivers",
        "/control/robot",
        "/control/robot/timing",
        "/mpc",
        "/mpc/planner",
    ]
    assert found["/control/robot/timing"].values == {"cycles": "7"}
    assert found["/control/robot/timing"].message == "robot: timing says"


def test_a_branch_is_as_bad_as_the_worst_that_hangs_on_it_and_names_it():
    found = tree(
        (10.0, status("robot: timing", Level.WARN)), (10.0, status("arbiter: drivers", Level.ERROR))
    )
    assert found["/control"].level == Level.ERROR
    assert found["/control"].message == "ERROR: arbiter: drivers"
    assert found["/control/robot"].level == Level.WARN


def test_news_take_the_place_of_what_was_said_before():
    found = tree((9.0, status("mpc: planner", Level.ERROR)), (10.0, status("mpc: planner")))
    assert found["/mpc"].level == found["/mpc/planner"].level == Level.OK


def test_who_has_died_is_stale_and_so_is_the_process():
    heard = 10.0 - STALE_AFTER - 0.1
    found = tree((heard, status("mpc: planner")), (9.0, status("robot: timing")))
    assert found["/mpc/planner"].level == found["/mpc"].level == Level.STALE
    assert found["/mpc/planner"].message == "nothing heard for 5 s"
    assert found["/control"].level == Level.OK


def test_of_another_robot_nothing_is_told():
    assert tree((10.0, status("robot: timing", hardware="/r2"))) == {}


def test_a_slash_in_a_name_makes_no_branch():
    assert "/mpc/plans|s" in tree((10.0, status("mpc: plans/s")))
