"""A folder belongs to one run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wm_control.configuration.parameters import merged
from wm_control.errors import ParameterError
from wm_training.run_folder import (
    RunFolderError,
    TrainingRun,
    training_parameters,
)


def run(folder: Path, **changes: object) -> TrainingRun:
    whole = TrainingRun(folder / "run", "g1", training_parameters("g1", None), 0, False, 60.0, 1)
    return replace(whole, **changes)


def test_the_same_request_goes_on_and_a_larger_budget_too(tmp_path: Path) -> None:
    assert not run(tmp_path).open()
    assert run(tmp_path).open()
    assert run(tmp_path, budget=120.0, jobs=2).open()


def test_another_seed_or_parameter_is_refused_by_name(tmp_path: Path) -> None:
    run(tmp_path).open()
    with pytest.raises(RunFolderError, match="seed is 0, but 1"):
        run(tmp_path, seed=1).open()
    other = training_parameters("g1", None)
    other = replace(other, gait=replace(other.gait, stride=0.9))
    with pytest.raises(RunFolderError, match=r"parameters.gait.stride is .*0.9 was asked for"):
        run(tmp_path, parameters=other).open()


def test_changes_are_put_into_the_shipped_configuration(tmp_path: Path) -> None:
    changes = tmp_path / "changes.yaml"
    changes.write_text("gait: {apex: 0.08}\n")
    assert training_parameters("g1", changes).gait.apex == 0.08
    assert training_parameters("g1", changes).name == training_parameters("g1", None).name
    assert merged({"a": {"b": 1, "c": 2}}, {"a": {"b": 3}}) == {"a": {"b": 3, "c": 2}}


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    changes = tmp_path / "changes.yaml"
    changes.write_text("gait: {appex: 0.08}\n")
    with pytest.raises(ParameterError, match="appex"):
        training_parameters("g1", changes)
