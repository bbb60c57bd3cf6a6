"""Who drives: down at once, up after a dwell, the least bad when nobody is available."""

from __future__ import annotations

import pytest

from wm_control.arbiter.availability import Standing
from wm_control.arbiter.selection import Selection, select
from wm_control.types import Action

ORDER = ("mpc", "policy")
DWELL = 0.5


def chosen(last, now, mpc="NOMINAL", policy="NOMINAL", order=ORDER, dwell=DWELL):
    standings = {"mpc": Standing(Action[mpc]), "policy": Standing(Action[policy])}
    return select(last, now, order, standings, dwell)


def test_who_drives_well_and_is_preferred_goes_on():
    assert chosen(Selection("mpc"), 1.0) == Selection("mpc")


def test_who_is_preferred_less_does_not_matter_while_the_driver_is_available():
    assert chosen(Selection("mpc"), 1.0, policy="DAMPING") == Selection("mpc")


@pytest.mark.parametrize("worst", ["FALLBACK", "SAFE_POSTURE", "DAMPING"])
def test_a_driver_that_cannot_go_on_is_replaced_at_once(worst):
    assert chosen(Selection("mpc"), 1.0, mpc=worst).driving == "policy"


def test_the_preferred_one_takes_over_again_after_its_dwell():
    selection = chosen(Selection("policy"), 2.0)
    assert selection == Selection("policy", "mpc", 2.0)
    assert chosen(selection, 2.49) == selection
    assert chosen(selection, 2.5) == Selection("mpc")


def test_a_candidate_that_falters_begins_its_dwell_anew():
    selection = chosen(Selection("policy"), 2.0)
    selection = chosen(selection, 2.4, mpc="FALLBACK")
    assert selection == Selection("policy")
    selection = chosen(selection, 2.45)
    assert chosen(selection, 2.9).driving == "policy"
    assert chosen(selection, 2.95).driving == "mpc"


def test_a_dwell_does_not_keep_the_robot_with_a_driver_that_has_failed():
    selection = chosen(Selection("policy"), 2.0)
    assert chosen(selection, 2.002, policy="SAFE_POSTURE").driving == "mpc"


def test_without_a_dwell_the_preferred_one_is_taken_at_once():
    assert chosen(Selection("policy"), 2.0, dwell=0.0).driving == "mpc"


@pytest.mark.parametrize(
    ("mpc", "policy", "driving"),
    [
        ("FALLBACK", "DAMPING", "mpc"),
        ("SAFE_POSTURE", "FALLBACK", "policy"),
        ("DAMPING", "DAMPING", "policy"),
    ],
)
def test_with_nobody_available_the_least_bad_has_the_robot_and_a_tie_changes_nothing(
    mpc, policy, driving
):
    assert chosen(Selection("policy"), 1.0, mpc=mpc, policy=policy).driving == driving


def test_the_preference_decides_and_not_the_order_in_the_registry():
    assert chosen(Selection("mpc"), 1.0, mpc="FALLBACK", order=("policy", "mpc")).driving == (
        "policy"
    )
    assert chosen(Selection("policy"), 1.0, order=("policy", "mpc")) == Selection("policy")


def test_nobody_is_handed_the_robot_with_a_flaw_in_its_newest_proposal():
    flawed = {
        "mpc": Standing(Action.FALLBACK),
        "policy": Standing(Action.NOMINAL, sound=False),
    }
    assert select(Selection("mpc"), 1.0, ORDER, flawed, DWELL).driving == "mpc"
    sound = flawed | {"rl": Standing(Action.NOMINAL)}
    assert select(Selection("mpc"), 1.0, (*ORDER, "rl"), sound, DWELL).driving == "rl"


def test_a_driver_is_forgiven_one_flaw():
    standings = {"mpc": Standing(Action.NOMINAL, sound=False), "policy": Standing(Action.NOMINAL)}
    assert select(Selection("mpc"), 1.0, ORDER, standings, DWELL) == Selection("mpc")


def test_a_controller_that_may_not_drive_is_never_chosen():
    assert chosen(Selection("mpc"), 1.0, mpc="DAMPING", order=("mpc",)) == Selection("mpc")
