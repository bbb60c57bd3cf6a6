"""Time to market comes from what training and configuration left on disk."""

from __future__ import annotations

import json
import shutil

import pytest

from wm_bringup.costs.making import (
    NOT_MEASURED,
    configuration,
    log_of_card,
    made,
    read_log,
    walked_bars,
)
from wm_policy.models import shipped_policy
from wm_training.card import card_lines

SUMMARY = {"samples": 3_000_000, "cpu_seconds": 900.0, "met": False}


@pytest.fixture
def foreign(tmp_path):
    """Our network under another name, with nothing beside it that tells how it was made."""
    for suffix in (".yaml", ".onnx"):
        shutil.copy(shipped_policy().with_suffix(suffix), tmp_path / f"wm_g1_legs{suffix}")
    return tmp_path / "wm_g1_legs.yaml"


def test_the_shipped_policys_card_tells_samples_cpu_time_and_that_the_bar_is_met():
    log = read_log(shipped_policy())
    assert (log.samples, log.cpu_seconds, log.met) == (19_660_800, 48 * 60.0, True)


def test_a_runs_summary_is_read_before_its_card(tmp_path):
    (tmp_path / "policy").mkdir()
    (tmp_path / "summary.json").write_text(json.dumps(SUMMARY))
    log = read_log(tmp_path / "policy" / "ours.yaml")
    assert (log.samples, log.cpu_seconds, log.met) == (3_000_000, 900.0, False)


def test_every_card_that_wm_train_writes_can_be_read():
    stage = {"samples": 1_234_567, "cpu_seconds": 100.0}
    said = {
        "parameters": {
            "name": "x",
            "rate": 50.0,
            "observation": {"history": 4},
            "randomisation": {},
            "gait": {"stride": 0.6, "cadence": 0.1},
        },
        "bar": [],
        "command": {"linear_x": (0, 1), "linear_y": (0, 1), "angular_z": (0, 1)},
        "machine": {"processor": "cpu"},
        "stages": {"reinforcement": stage},
        "from_scratch": True,
        "git_dirty": False,
        **dict.fromkeys(("robot", "joints", "seed", "version", "git"), 1),
        **SUMMARY,
    }
    log = log_of_card("\n".join(card_lines(said)), "card")
    assert (log.samples, log.cpu_seconds, log.met) == (3_000_000, 900.0, False)


def test_lines_are_those_that_say_something_and_values_are_what_stands_in_them(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("# why\n\na: 1\nb: [2, 3]\nc:\n  d: true # flag\n")
    found = configuration(path)
    assert (found.lines, found.values) == (4, 4)


def test_the_model_based_controller_takes_no_samples_and_some_lines():
    facts = made("mpc", "g1")
    assert facts["training_samples"].value == 0.0
    assert facts["training_cpu_seconds"].value == 0.0
    assert 50 < facts["configuration_lines"].value < 200
    assert made("mpc", "g1", bars_met={})["bar_met"].value is None  # until somebody walks it
    assert made("mpc", "g1", bars_met={"mpc": True})["bar_met"].value == 1.0


def test_the_bar_was_walked_with_the_model_based_controller_and_what_came_of_it_is_kept():
    assert walked_bars("g1") == {"mpc": False}
    assert made("mpc", "g1")["bar_met"].value == 0.0
    assert walked_bars("another") == {}


def test_a_policy_without_a_log_is_not_measured_rather_than_free(foreign):
    facts = made("policy", "g1", foreign)
    assert facts["training_samples"].value is None
    assert facts["training_samples"].method == NOT_MEASURED
    assert made("hybrid", "g1", foreign)["training_cpu_seconds"].value is None


def test_a_hybrid_takes_what_both_of_its_drivers_take():
    mpc, policy, hybrid = (made(who, "g1") for who in ("mpc", "policy", "hybrid"))
    assert hybrid["training_samples"].value == policy["training_samples"].value
    both = mpc["configuration_lines"].value + policy["configuration_lines"].value
    assert policy["configuration_lines"].value < hybrid["configuration_lines"].value < both
    assert hybrid["bar_met"].value == 1.0


def test_another_robot_costs_its_configuration_and_what_nobody_walked_is_not_measured():
    facts = made("mpc", "talos")
    assert facts["training_samples"].value == 0.0
    assert facts["configuration_values"].value == 189  # one file, which every contestant needs
    assert facts["configuration_values"].method.endswith("0 of its own")
    assert (facts["bar_met"].value, facts["bar_met"].method) == (None, "not measured")
