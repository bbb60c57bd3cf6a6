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


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("rate: 60.0", r"rate.*60.*whole number of times physics\.step, 0\.005 s"),
        ("{rate: 62.5, physics: {step: 0.004}, randomisation: {delay: [0.0, 0.017]}}", "delay"),
        ("{rate: 40.0}", r"rate.*40.*the loop's tick, 0\.002 s"),
        ("{rate: 100.0}", r"randomisation\.delay.*0\.02.*at most one period of the rate, 0\.01 s"),
    ],
)
def test_a_rate_that_physics_loop_or_delay_do_not_fit_is_refused(
    tmp_path: Path, said: str, reason: str
) -> None:
    changes = tmp_path / "changes.yaml"
    changes.write_text(said + "\n")
    with pytest.raises(ParameterError, match=reason):
        training_parameters("g1", changes)


def test_a_rate_that_fits_is_accepted(tmp_path: Path) -> None:
    changes = tmp_path / "changes.yaml"
    changes.write_text("{rate: 100.0, randomisation: {delay: [0.004, 0.01]}}\n")
    assert training_parameters("g1", changes).rate == 100.0
