"""Contacts and slips as they are told beside true ones, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from wm_bringup.judging.criteria.contacts import f1_score, slip_alarms, slip_delays
from wm_bringup.judging.criteria.table import measure
from wm_bringup.record.run_record import RunRecord


def test_f1_counts_misses_and_false_alarms_alike():
    true = np.array([[True, False]] * 8 + [[True, True]] * 2)
    told = true.copy()
    told[0, 0], told[1, 1] = False, True  # 12 true contacts: one missed, one invented
    assert f1_score(told, true) == pytest.approx(2 * 11 / (2 * 11 + 2))


def test_slips_are_timed_from_their_onset(record):
    velocity, force = record["sole_velocity"].copy(), record["normal_force"]
    velocity[100:140, 0, 0] = 0.2  # found 5 samples late
    velocity[600:640, 0, 1] = 0.2  # missed
    velocity[900:905, 0, 1] = 0.2  # too short to count
    velocity[1000:1200, 1, 0] = 1.0  # in the air
    slipping = np.zeros((len(record), 2), dtype=bool)
    slipping[105:150, 0] = True
    # alarms within 50 samples of a slip are no false ones: 100 to 140 excuses 50 to 190, and so on
    assert slip_alarms(velocity, force, slipping) == 0.0
    slipping[300:320] = True
    quiet = len(record) - 140 - 140 - 105
    assert slip_alarms(velocity, force, slipping) == pytest.approx(20 / quiet)
    slipping[300:320] = False
    assert slip_delays(velocity, force, slipping) == [5.0, np.inf]


def test_without_soles_in_the_truth_there_are_no_figures_of_contact(record):
    columns = {
        n: c for n, c in record.columns.items() if n not in ("normal_force", "sole_velocity")
    }
    figures = measure(RunRecord(columns))
    assert "contact_f1" not in figures
    assert figures["velocity_error_x"].value == 0.0
