"""One table says which verb means what on which target; everything else is refused."""

from __future__ import annotations

import math

import pytest
from working_tree import ROOT

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import MEANINGS, SENSOR, VERBS, target_table, verb_table

DOCUMENT = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
WRITTEN = [target if target != SENSOR else "gyro" for target in MEANINGS]


@pytest.mark.parametrize("make", [target_table, verb_table])
def test_every_table_of_the_document_is_the_one_printed_from_the_code(make):
    assert make() in DOCUMENT, "print the tables with: python -m wm_bringup.faults.meanings"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("target", WRITTEN)
def test_a_verb_means_something_or_is_refused_with_those_that_do(target, verb):
    meanings = MEANINGS.get(target, MEANINGS[SENSOR])
    text = f"{target}:{verb}@4"
    if verb in meanings:
        fault = Fault.parse(text)
        assert (fault.target, fault.verb, fault.text) == (target, verb, text)
        assert fault.value == meanings[verb].default
    else:
        with pytest.raises(ValueError, match=f"means nothing of {target}") as refused:
            Fault.parse(text)
        assert ", ".join(meanings) in str(refused.value)


def test_every_verb_means_something_on_the_paths_of_both_drivers():
    assert set(MEANINGS["policy"]) == set(MEANINGS["mpc"]) == set(MEANINGS["plan"]) == set(VERBS)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("policy:nan=1@4", "takes no value"),
        ("policy:delay=0@4", "in \\(0, 10\\] s"),
        ("policy:delay=11@4", "in \\(0, 10\\] s"),
        ("plan:scale=1@4", "changes nothing"),
        ("clock:bias=0@4", "changes nothing"),
        ("command:drop=2@4", "probability"),
    ],
)
def test_a_value_that_cannot_be_is_refused(text, why):
    with pytest.raises(ValueError, match=why):
        Fault.parse(text)


def test_only_faults_of_sensors_are_of_sensors():
    own = [target for target in WRITTEN if Fault.parse(f"{target}:nan@0").of_sensors]
    assert own == ["observation", "imu", "joints", "gyro"]
    assert Fault.parse("left_knee_joint:stuck@1").of_sensors


def test_a_fault_without_a_duration_lasts_to_the_end():
    fault = Fault.parse("plan.timing:bias=0.05@4")
    assert (fault.value, fault.start, fault.duration) == (0.05, 4.0, math.inf)
    assert not fault.active(3.998)
    assert fault.active(4.0)
    assert fault.active(1e6)
