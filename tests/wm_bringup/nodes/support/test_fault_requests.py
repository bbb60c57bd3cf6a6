"""Which faults a process is started with, and whether it may have any."""

from __future__ import annotations

import argparse

import pytest

from wm_bringup.faults.fault import FaultRefusedError
from wm_bringup.nodes.support.fault_requests import add_fault_arguments, scripted_faults


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_fault_arguments(parser)
    return parser.parse_args(words)


def test_a_process_is_started_with_the_faults_it_is_told_of():
    faults = scripted_faults(parsed("--fault=plan:off@4+1", "--fault", "plan:nan@6", "--faults"))
    assert [fault.text for fault in faults] == ["plan:off@4+1", "plan:nan@6"]
    assert scripted_faults(parsed()) == ()


def test_without_the_word_that_allows_them_it_does_not_start_with_any():
    with pytest.raises(FaultRefusedError, match=r"plan:off@4.*without --faults"):
        scripted_faults(parsed("--fault=plan:off@4"))
