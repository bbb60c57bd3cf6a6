"""Frozen dataclasses that are cheap to make are the same dataclasses."""

from __future__ import annotations

import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field
from inspect import signature

import pytest

from wm_control.fast_init import fast_init, replace


@fast_init
@dataclass(frozen=True, slots=True)
class Step:
    """With a default, and one that is made."""

    foot: str
    length: float = 0.4
    causes: list[str] = field(default_factory=list)


def test_fields_are_taken_by_place_and_by_name_and_else_have_their_defaults() -> None:
    step = Step("left", causes=["push"])
    assert (step.foot, step.length, step.causes) == ("left", 0.4, ["push"])
    assert Step("left", 0.3) == Step(length=0.3, foot="left")
    assert str(signature(Step)).startswith("(foot: 'str', length: 'float' = 0.4, causes:")


def test_a_default_that_is_made_is_made_for_every_object() -> None:
    first, second = Step("left"), Step("left")
    first.causes.append("push")
    assert second.causes == []


def test_the_objects_stay_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Step("left").foot = "right"  # type: ignore[misc]


def test_a_missing_field_is_a_type_error_that_names_it() -> None:
    with pytest.raises(TypeError, match="'foot'"):
        Step()  # type: ignore[call-arg]


def test_a_copy_with_some_fields_changed_keeps_the_others() -> None:
    step = Step("left", 0.3, ["push"])
    for copy in (replace(step, foot="right"), dataclasses.replace(step, foot="right")):
        assert copy == Step("right", 0.3, ["push"])
        assert copy.causes is step.causes
    assert replace(step, causes=[], length=0.0) == Step("left", 0.0, [])
    assert step == Step("left", 0.3, ["push"])


def test_no_field_can_be_changed_that_there_is_not() -> None:
    with pytest.raises(TypeError, match="'side'"):
        replace(Step("left"), side="left")  # type: ignore[call-arg]


def test_objects_can_be_compared_and_sent_to_another_process() -> None:
    step = Step("left", 0.3, ["push"])
    assert pickle.loads(pickle.dumps(step)) == step


def test_a_class_that_does_more_when_made_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Checked:
        foot: str

        def __post_init__(self) -> None:
            """Do something."""

    with pytest.raises(TypeError, match="__post_init__"):
        fast_init(Checked)
