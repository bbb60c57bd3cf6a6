"""Falls on the same episodes, compared by the exact test of McNemar; numbers worked out by hand."""

from __future__ import annotations

import pytest

from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.paired import (
    ALL,
    Pairs,
    broken_comparisons,
    comparison_table,
    comparisons,
)
from wm_bringup.judging.suite import Case, Contestant, Paired, Suite

WHO = ("mpc", "policy", "hybrid")


def falls(*fallen, n=8):
    return {("a", seed): seed in fallen for seed in range(n)}


def results(case, who, fallen, n=8):
    return [
        EpisodeResult(case, who, seed, {"fell": Measured(seed in fallen, "")}) for seed in range(n)
    ]


def suite(of_worse=0.3333, cases=("a",)):
    return Suite(
        "s",
        cases=tuple(Case(name) for name in cases),
        contestants=tuple(Contestant(name) for name in WHO),
        paired=(Paired("hybrid", ("mpc", "policy"), of_worse),),
    )


def test_only_episodes_in_which_one_fell_and_the_other_did_not_tell_them_apart():
    pairs = Pairs.of(falls(0, 1), falls(1, 2, 3, 4, 5, 6), "mpc")
    assert (pairs.n, pairs.falls, pairs.other_falls) == (8, 2, 6)
    assert (pairs.only_one, pairs.only_other) == (1, 5)
    assert pairs.p_different == pytest.approx(2 * (1 + 6) / 64)  # two tails of six tosses
    assert pairs.p_more == pytest.approx(63 / 64)  # at least one of six


def test_who_always_falls_together_cannot_be_told_apart():
    pairs = Pairs.of(falls(1, 2), falls(1, 2), "mpc")
    assert pairs.p_different == pairs.p_more == 1.0


def test_the_parents_are_ranked_by_their_falls_and_a_third_of_the_worse_is_enough():
    found = (
        results("a", "mpc", range(6))
        + results("a", "policy", (7,))
        + results("a", "hybrid", (0, 1))
    )
    (one,) = comparisons(suite(), found)
    assert (one.better.other, one.worse.other) == ("policy", "mpc")
    assert one.better.p_more == pytest.approx(0.5)  # at least two of three: (3 + 1) / 8
    assert not one.less_than_worse  # 2 of 8 is a third of 6, but 0.3333 is less
    assert comparisons(suite(of_worse=0.34), found)[0].held
    assert broken_comparisons([one]) == [
        "a, hybrid: falls 2 times of 8, limit 0.333 of the 6 times of mpc"
    ]


def test_parents_of_which_one_walked_more_are_ranked_by_their_share_of_falls():
    found = (
        results("a", "mpc", range(9), n=40)
        + results("a", "policy", range(8), n=9)
        + results("a", "hybrid", (), n=40)
    )
    (one,) = comparisons(suite(), found)
    assert (one.better.other, one.worse.other) == ("mpc", "policy")


def test_five_falls_more_than_the_better_parent_are_significant_and_four_are_not():
    for count, p in ((5, 1 / 32), (4, 1 / 16)):
        found = (
            results("a", "mpc", range(8)) + results("a", "policy", ())
            + results("a", "hybrid", range(count))
        )  # fmt: skip
        (one,) = comparisons(suite(of_worse=1.0), found)
        assert one.better.p_more == pytest.approx(p)
        assert one.held == (count == 4)


def test_several_cases_are_compared_each_by_itself_and_all_together():
    found = [
        one
        for case in ("a", "b")
        for who, fallen in (("mpc", range(6)), ("policy", ()), ("hybrid", ()))
        for one in results(case, who, fallen)
    ]
    cases = comparisons(suite(cases=("a", "b")), found)
    assert [one.case for one in cases] == ["a", "b", ALL]
    assert (cases[-1].worse.n, cases[-1].worse.only_other) == (16, 12)
    assert "| all cases | hybrid | 0 of 16 (0-21 %) | policy 0 of 16" in comparison_table(cases)
    assert cases[-1].as_json()["worse"]["p_different"] == pytest.approx(2 / 2**12)


def test_a_parent_that_did_not_walk_a_case_is_not_compared_there():
    found = results("a", "mpc", (1,)) + results("a", "hybrid", ())
    (one,) = comparisons(suite(), found)
    assert one.better.other == one.worse.other == "mpc"
    assert comparisons(suite(), results("a", "hybrid", ())) == []


def test_who_is_no_contestant_cannot_be_compared():
    with pytest.raises(ValueError, match="paired 'nobody' is none of"):
        Suite("s", cases=(Case("a"),), paired=(Paired("mpc", ("nobody",)),))
