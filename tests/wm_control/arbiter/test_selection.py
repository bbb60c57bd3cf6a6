"""Who drives: down at once, up after a dwell, the least bad when nobody is available."""

from __future__ import annotations

from dataclasses import replace

import pytest
from robot_parameters import SAFETY

from wm_control.arbiter.availability import Standing
from wm_control.arbiter.selection import Selection, select
from wm_control.types import Action, Cause

ORDER = ("mpc", "policy")
ARBITER = replace(SAFETY.arbiter, switch_dwell=0.5, switch_budget=4, switch_window=10.0)
FIT = Standing(Action.NOMINAL)
YIELDS = Standing(Action.NOMINAL, (Cause("pushed", 5.0, 2.2, "robot pushed by 5 N·s"),))


def chosen(last, now, mpc="NOMINAL", policy="NOMINAL", order=ORDER, moving=True):
    standings = {"mpc": Standing(Action[mpc]), "policy": Standing(Action[policy])}
    return select(last, now, order, standings, ARBITER, moving=moving)


def following(last, now, mpc=FIT, policy=FIT):
    return select(last, now, ORDER, {"mpc": mpc, "policy": policy}, ARBITER)


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
    assert chosen(selection, 2.5) == Selection("mpc", switches=(2.5,))


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


def test_of_a_robot_that_is_not_armed_the_preferred_one_is_in_charge_at_once_and_nothing_counts():
    assert chosen(Selection("policy"), 2.0, moving=False) == Selection("mpc")


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
    assert select(Selection("mpc"), 1.0, ORDER, flawed, ARBITER).driving == "mpc"
    sound = flawed | {"rl": Standing(Action.NOMINAL)}
    assert select(Selection("mpc"), 1.0, (*ORDER, "rl"), sound, ARBITER).driving == "rl"


def test_a_driver_is_forgiven_one_flaw():
    standings = {"mpc": Standing(Action.NOMINAL, sound=False), "policy": Standing(Action.NOMINAL)}
    assert select(Selection("mpc"), 1.0, ORDER, standings, ARBITER) == Selection("mpc")


def test_a_controller_that_may_not_drive_is_never_chosen():
    assert chosen(Selection("mpc"), 1.0, mpc="DAMPING", order=("mpc",)) == Selection("mpc")


def test_a_driver_yields_at_once_to_one_that_does_not():
    assert following(Selection("mpc"), 3.0, mpc=YIELDS) == Selection("policy", switches=(3.0,))


def test_a_driver_that_yields_goes_on_while_there_is_nobody_better():
    broken = Standing(Action.FALLBACK)
    assert following(Selection("mpc"), 3.0, mpc=YIELDS, policy=broken) == Selection("mpc")
    assert following(Selection("mpc"), 3.0, mpc=YIELDS, policy=YIELDS) == Selection("mpc")


def test_who_yields_is_better_than_nobody():
    broken = Standing(Action.SAFE_POSTURE)
    assert following(Selection("policy"), 3.0, mpc=YIELDS, policy=broken).driving == "mpc"


def test_the_robot_is_taken_back_at_a_moment_that_suits_the_one_who_takes_it():
    waiting = following(Selection("policy"), 2.0)
    busy = replace(FIT, ready=False)
    assert following(waiting, 2.6, mpc=busy) == waiting
    assert following(waiting, 2.7).driving == "mpc"


def test_nobody_takes_the_robot_back_who_has_lost_his_credit():
    tired = replace(FIT, trusted=False)
    selection = following(Selection("policy"), 2.0, mpc=tired)
    assert following(selection, 9.0, mpc=tired) == Selection("policy")


def test_after_four_changes_in_ten_seconds_who_drives_well_keeps_the_robot():
    selection, now = Selection("mpc"), 0.0
    for _ in range(2):
        selection = following(selection, now, mpc=YIELDS)
        for step in range(1, 301):
            selection = following(selection, now + 0.002 * step)
        assert selection.driving == "mpc"
        now += 2.0
    assert selection.settled
    selection = following(selection, now, mpc=YIELDS)
    for step in range(1, 10000):
        selection = following(selection, now + 0.002 * step)
    assert selection.driving == "policy"
    failing = Standing(Action.DAMPING)
    assert following(selection, 30.0, policy=failing).driving == "mpc"


def test_changes_that_are_long_past_do_not_count():
    early = Selection("mpc", switches=(1.0, 2.0, 3.0))
    later = following(early, 20.0, mpc=YIELDS)
    assert (later.switches, later.settled) == ((20.0,), False)
