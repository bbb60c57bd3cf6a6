"""The table of criteria: complete, said in one sentence each, and measured where possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made_up_records import march
from working_tree import ROOT

from wm_bringup.judging.criteria.criterion import criterion
from wm_bringup.judging.criteria.table import CRITERIA, GROUPS, markdown, measure


def test_every_criterion_says_what_it_is_in_one_sentence():
    for one in CRITERIA.values():
        assert one.definition.endswith("."), one.name
        assert 10 < len(one.definition) < 110, one.name
        assert one.version >= 1
    assert sum(len(group) for group in GROUPS.values()) == len(CRITERIA)


def test_the_documents_hold_the_table_as_it_is():
    assert markdown() in (ROOT / "docs" / "suites.md").read_text(encoding="utf-8")


def test_what_the_record_lacks_is_left_out_and_what_is_too_short_has_no_value():
    found = measure(march(seconds=0.1))
    assert found["seconds"].value == pytest.approx(0.1)
    assert found["seconds"].unit == "s"
    assert found["mean_velocity"].value is None
    assert found["velocity_error_x"].value is None  # shorter than the half second that settles
    assert "update_time" not in found
    assert "deadline_misses" not in found


def test_the_definition_is_the_first_paragraph_of_the_docstring():
    @criterion("kg", "max")
    def weight(record):
        """What it
        weighs.

        And more about that.
        """
        return 1.0

    assert (weight.name, weight.unit, weight.over) == ("weight", "kg", "max")
    assert weight.definition == "What it weighs."


@pytest.mark.parametrize("value", [np.nan, np.inf, (0.0, np.nan)])
def test_a_number_that_is_not_finite_is_none_before_it_is_written_as_after(monkeypatch, value):
    broken = replace(CRITERIA["seconds"], function=lambda record: value)
    monkeypatch.setitem(CRITERIA, "seconds", broken)
    assert measure(march(seconds=0.1), ["seconds"])["seconds"].value is None
