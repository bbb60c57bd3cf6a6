"""What becomes of messages on a path with faults, told with numbers as messages."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.faults.fault import parse_all
from wm_bringup.faults.path import FaultyPath


def spoil(fault, message, last):
    return last if fault.verb == "stuck" else message + fault.value


def path(*texts, seed=0):
    return FaultyPath(spoil, parse_all(texts), seed)


def sent(faults, count, first=0):
    """Send the numbers ``first`` to ``first + count``, each at its own time."""
    return [faults.send(float(k), float(k)) for k in range(first, first + count)]


def messages(faults, count, first=0):
    return [one.message for one in sent(faults, count, first)]


def test_without_an_active_fault_everything_arrives_at_once_and_unchanged():
    found = sent(path("policy:off@9"), 5)
    assert [(one.message, one.late) for one in found] == [(float(k), 0.0) for k in range(5)]


def test_off_lets_nothing_through_and_delay_lets_it_through_later():
    assert messages(path("policy:off@2+2"), 5) == [0.0, 1.0, None, None, 4.0]
    assert [one.late for one in sent(path("policy:delay=0.04@2+2"), 5)] == [0, 0, 0.04, 0.04, 0]


def test_stuck_is_the_last_message_from_before_it_began():
    assert messages(path("policy:stuck@2+2"), 6) == [0.0, 1.0, 1.0, 1.0, 4.0, 5.0]
    assert messages(path("policy:stuck@0"), 3) == [0.0, 0.0, 0.0]  # the first is all there is


def test_several_faults_act_in_the_order_in_which_they_are_written():
    assert messages(path("policy:bias=10@2", "policy:stuck@2"), 4) == [0.0, 1.0, 1.0, 1.0]
    assert messages(path("policy:stuck@2", "policy:bias=10@2"), 4) == [0.0, 1.0, 11.0, 11.0]


def test_what_is_lost_is_drawn_from_the_seed_with_the_probability_asked():
    lost = np.array([m is None for m in messages(path("policy:drop=0.3@0"), 2000)])
    again = np.array([m is None for m in messages(path("policy:drop=0.3@0"), 2000)])
    other = np.array([m is None for m in messages(path("policy:drop=0.3@0", seed=1), 2000)])
    assert (lost == again).all()
    assert (lost != other).any()
    assert lost.sum() == pytest.approx(600, abs=100)  # one sigma is 20


def test_a_path_says_when_each_fault_began_to_act_and_how_often_it_did():
    faults = path("policy:bias=1@2+3", "policy:off@90", "policy:drop=1@4+1")
    sent(faults, 10)
    assert [(one.first, one.count) for one in faults.acted] == [(2.0, 3), (None, 0), (4.0, 1)]


def test_times_of_a_scenario_count_from_the_start_of_every_run():
    faults = path("policy:bias=1@2+1")
    faults.begin(100.0)
    assert messages(faults, 5, 100) == [100.0, 101.0, 103.0, 103.0, 104.0]
    assert [(one.first, one.count) for one in faults.acted] == [(2.0, 1)]
    faults.begin(200.0)
    assert [(one.first, one.count) for one in faults.acted] == [(None, 0)]
    assert messages(faults, 4, 200)[2] == 203.0


def test_a_fault_that_is_asked_for_meanwhile_counts_from_then_on_also_over_a_restart():
    faults = path()
    faults.ask(parse_all(["policy:bias=1@1+2"])[0], time=10.0)
    assert messages(faults, 3, 10) == [10.0, 12.0, 13.0]
    faults.begin(12.0)
    assert messages(faults, 3, 12) == [13.0, 13.0, 14.0]
