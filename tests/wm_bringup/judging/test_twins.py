"""Twins of an episode: replayed for a moment of physics, and scored by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from made_up_records import DECISION, march

from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episodes import WalkSetup, check_setup
from wm_bringup.judging.runner import SuiteRun
from wm_bringup.judging.twin_scores import Count, score, scores_table, twins_of
from wm_bringup.judging.twins import (
    Rate,
    TwinError,
    branching_instant,
    check_same,
    do_twins,
    random_turns,
    without_interventions,
)
from wm_bringup.scenarios.scenario import Push, Scenario, VelocitySegment, Wish
from wm_policy.models import shipped_policy

PUSHED = Scenario(
    duration=2.4,
    noise="nominal",
    delay=0.008,
    initial_joint_noise=0.005,
    velocity=(VelocitySegment(at=0.2, x=0.5),),
    pushes=(Push((45.0, 0.0, 0.0), at=1.5),),
)


def result(seed, contestant, fell_at=None, rescued_at=None):
    """One episode of 6 s, or until it fell [s]."""
    numbers = {
        "fell": fell_at is not None,
        "seconds": 6.0 if fell_at is None else fell_at,
        "first_rescue": rescued_at,
        "rescues": 0 if rescued_at is None else 1,
        "preferred_share": 1.0 if rescued_at is None else 0.75,
        "switches_per_minute": 10.0,
    }
    metrics = {name: Measured(value, "") for name, value in numbers.items()}
    return EpisodeResult("push", contestant, seed, metrics)


EPISODES = [
    # saved: the MPC alone would have fallen 1.0 s after the policy took the robot
    result(0, "hybrid", rescued_at=3.0),
    result(0, "hybrid off", fell_at=4.0),
    result(0, "hybrid then policy"),
    # taken 0.1 s before the fall, and lost; the policy alone would have stood
    result(1, "hybrid", fell_at=4.1, rescued_at=3.9),
    result(1, "hybrid off", fell_at=4.0),
    result(1, "hybrid then policy"),
    # taken in vain: nobody could have saved it
    result(2, "hybrid", fell_at=4.5, rescued_at=3.0),
    result(2, "hybrid off", fell_at=3.6),
    result(2, "hybrid then policy", fell_at=4.5),
    # harmed: the MPC alone would have stood
    result(3, "hybrid", fell_at=4.5, rescued_at=3.0),
    result(3, "hybrid off"),
    result(3, "hybrid then policy", fell_at=4.5),
    # nobody stepped in, and nobody had to
    result(4, "hybrid"),
    result(4, "hybrid random", fell_at=2.0),
]


def test_interventions_are_scored_by_what_becomes_of_the_twins():
    scores = score(twins_of("hybrid", EPISODES))
    assert scores.precision == Count(3, 4)  # episodes 0, 1, 2 of those that were taken
    assert scores.recall == Count(2, 3)  # 0 and 2 in time; 1 was too late
    assert scores.harm == Count(1, 4)  # episode 3
    assert scores.saved == Count(1, 2)  # of 0 and 1, which somebody saves, 0
    assert scores.regret == Count(2, 5)  # 1 and 3
    assert sorted(scores.lead) == pytest.approx([0.1, 0.6, 1.0])
    assert scores.falls == {
        "as it is": Count(3, 5),
        "preferred alone": Count(3, 5),
        "random": Count(1, 1),
        "oracle": Count(1, 5),  # episode 2
    }


def test_scores_are_told_with_their_intervals():
    scores = score(twins_of("hybrid", EPISODES))
    table = scores_table([("push", "hybrid", scores)])
    assert "| push | hybrid | 3 of 5 (15-95 %) | 3 of 5 (15-95 %) |" in table
    assert "| 3 of 4 (19-99 %) | 2 of 3 (9-99 %) | 0.20 0.60 | 1 of 4 (0.6-81 %) |" in table
    assert scores.as_json()["lead"]["p50"] == pytest.approx(0.6)


def test_where_nobody_stepped_in_the_episode_is_its_own_twin():
    scores = score(twins_of("hybrid", [result(0, "hybrid", fell_at=4.0)]))
    assert scores.recall == Count(0, 1)
    assert scores.precision == Count(0, 0)
    assert str(scores.precision) == "-"


def test_others_are_tried_from_the_first_rescue_or_from_half_a_second_before_the_fall():
    policy = {k: {"decision": replace(DECISION, source="policy")} for k in range(100, 200)}
    taken = march(seconds=2.0, cycles=policy).with_facts(preference=("mpc", "policy"))
    alone = march(seconds=2.0).with_facts(preference=("mpc", "policy"))
    assert branching_instant(taken) == pytest.approx(0.2)
    assert branching_instant(alone) is None
    assert branching_instant(alone.with_facts(fell_at=1.8)) == pytest.approx(1.3)


def test_a_twin_that_differs_in_one_bit_before_they_part_is_none():
    record = march(seconds=1.0)
    late, early = (record["base_position"].copy() for _ in range(2))
    late[300:] += 1.0  # 0.6 s
    early[100, 2] = np.nextafter(early[100, 2], 1.0)
    check_same(record, record.with_columns(base_position=late), 0.5, "it")
    with pytest.raises(TwinError, match=r"it: the twin has another 'base_position' before 0\.5 s"):
        check_same(record, record.with_columns(base_position=early), 0.5, "it")


def test_chance_takes_the_robot_as_often_and_for_as_long_as_it_was_taken():
    rate = Rate.of([result(0, "h", rescued_at=3.0), result(1, "h")])
    assert rate.often == pytest.approx(1 / 10.5)  # the MPC drives 4.5 s and 6 s of 12 s
    assert rate.long == pytest.approx(1.5)
    setup = WalkSetup(replace(PUSHED, duration=2000.0), "mpc+policy")
    turns = random_turns(rate, setup, 3)
    assert turns == random_turns(rate, setup, 3) != random_turns(rate, setup, 4)
    assert [turn.driver for turn in turns[:4]] == ["mpc", "policy", "mpc", "policy"]
    lengths = {"mpc": [], "policy": []}
    for turn, after in pairwise(turns):
        lengths[turn.driver].append(after.at - turn.at)
    assert np.mean(lengths["mpc"]) == pytest.approx(10.5, rel=0.2)
    assert np.mean(lengths["policy"]) == pytest.approx(1.5, rel=0.2)


def test_a_wish_for_another_driver_means_nothing_to_the_preferred_one_alone():
    wishes = (Wish("policy", at=0.5), Wish("mpc", at=1.0))
    setup = WalkSetup(Scenario(wishes=wishes), "hybrid", policy=shipped_policy())
    alone = without_interventions(setup)
    assert alone.scenario.wishes == wishes[1:]
    check_setup(alone)


def test_who_never_took_the_robot_does_not_by_chance_either():
    rate = Rate.of([result(0, "h")])
    assert rate == Rate(0.0, 0.0)
    assert len(random_turns(rate, WalkSetup(PUSHED, "mpc+policy"), 0)) == 1


def test_a_push_that_the_policy_saves_is_replayed_without_it_and_with_it_alone():
    setup = WalkSetup(PUSHED, "mpc+policy", policy=shipped_policy())
    whole, off, then = do_twins(SuiteRun("push", "hybrid", 0, setup))
    names = [one.contestant for one in (whole, off, then)]
    assert names == ["hybrid", "hybrid off", "hybrid then policy"]
    rescued = whole.number("first_rescue")
    assert 1.5 < rescued < 1.56
    assert then.number("first_rescue") == pytest.approx(rescued)
    assert off.number("rescues") == 0
    assert off.fell
    assert not then.fell
