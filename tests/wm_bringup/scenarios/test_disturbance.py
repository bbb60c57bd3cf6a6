"""Disturbances as text: what is asked for, and what is refused with the reason."""

from __future__ import annotations

import pytest

from wm_bringup.scenarios.disturbance import Disturbance, push_text


def test_a_push_has_two_or_three_numbers_and_may_wait_for_a_phase():
    assert Disturbance.parse("push=20,-5").impulse == (20.0, -5.0, 0.0)
    waits = Disturbance.parse("push=20, 0, 3 @ 0.25")
    assert (waits.impulse, waits.phase) == ((20.0, 0.0, 3.0), 0.25)
    assert Disturbance.parse(push_text(20.0, -5.0, 0.5)).phase == 0.5


def test_payload_and_friction_are_one_number_each():
    assert Disturbance.parse("payload=5").payload == 5.0
    assert Disturbance.parse("friction=0.3").friction == 0.3
    assert Disturbance.parse("friction=0.3").payload is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("push=20", "two or three numbers"),
        ("push=0,0", "not all zero"),
        ("push=1,2@1", "less than 1"),
        ("push=nan,2", "'nan' must be a number"),
        ("push=500,0", "from -200 to 200"),
        ("payload=-1", "from 0 to 50"),
        ("friction=0", "from 0.01 to 2"),
        ("gravity=3", "expected push="),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(text, said):
    with pytest.raises(ValueError, match=said):
        Disturbance.parse(text)
