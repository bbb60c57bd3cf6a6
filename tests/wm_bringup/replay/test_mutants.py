"""A replay notices changed code; `python tools/replay_mutants.py` tries twenty changes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from short_bags import walked

from wm_bringup.replay.against import against
from wm_bringup.replay.audit import audit
from wm_bringup.replay.differences import Tolerances

FILE = Path(__file__).parents[3] / "tools" / "replay_mutants.py"


@pytest.fixture(scope="module")
def mutants():
    spec = importlib.util.spec_from_file_location("replay_mutants", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return {mutant.name: mutant for mutant in module.MUTANTS}


def test_there_are_twenty_in_estimator_arbiter_and_controllers(mutants):
    assert len(mutants) == 20
    assert {mutant.part for mutant in mutants.values()} == {"estimator", "arbiter", "mpc", "policy"}


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("scale of the published velocity", "estimate.base_velocity_in_base[0]"),
        ("stiffness passed on by the filter", "decision.command.stiffness[left_hip_pitch_joint]"),
        ("sign of the capture margin", "background.balance.capture_margin"),
    ],
)
def test_an_audit_names_the_first_field_of_a_changed_estimator_or_arbiter(
    bag, mutants, name, field
):
    with mutants[name].change(0.01):
        audited = audit(bag, jobs=1)
    parted = audited.parted
    assert parted is not None
    assert parted.difference.field == field
    assert audited.reproduced, "criteria are given what was recorded, whatever has changed"
    assert parted.stage == mutants[name].part
    assert audit(bag, jobs=1).parted is None  # nothing of the change is left


def test_a_changed_controller_is_named_by_the_bag_of_another_walk(bag, mutants, tmp_path):
    with mutants["torques of the whole body a little larger"].change(0.01):
        walked(tmp_path / "changed", seconds=0.2)
    parted = against(bag, tmp_path / "changed", Tolerances()).parted
    assert parted is not None
    assert parted.difference.field.startswith("results.mpc.command.torque[")
