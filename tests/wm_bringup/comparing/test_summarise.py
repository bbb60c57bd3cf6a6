"""From made-up episodes to figures, differences and verdicts."""

from __future__ import annotations

import json

import pytest
from compared import comparison, episode, walked

from wm_bringup.comparing.summarise import summarise, timings
from wm_bringup.comparing.summary import as_text
from wm_bringup.comparing.table import entrants_of

MPC_FALLS = {"mpc": range(8), "policy": [0], "hybrid": []}
RANGES = {"linear_x": [-1.0, 1.0], "linear_y": [-0.3, 0.3], "angular_z": [-1.0, 1.0]}


def told(results, trained=RANGES, **changes):
    asked = comparison(**changes)
    entrants = entrants_of(asked, {"policy": trained, "hybrid": trained})
    return summarise(asked, entrants, results, policies={"policy": {"name": "theirs"}})


def figure(summary, facet, name):
    return next(one for one in summary.facets[facet].figures if one.name == name)


def difference(summary, facet, name, one, other):
    return next(
        found
        for found in summary.facets[facet].differences
        if found.figure == name and {found.one, found.other} == {one, other}
    )


def test_a_share_is_counted_with_its_interval_and_its_worst_case():
    found = figure(told(walked(MPC_FALLS)), "performance", "success").contestants
    assert (found["mpc"].events, found["mpc"].n) == (8, 16)
    assert (found["policy"].events, found["hybrid"].events) == (15, 16)
    assert found["hybrid"].bound == pytest.approx(0.025 ** (1 / 16))  # Clopper-Pearson, 16 of 16
    assert found["mpc"].low < 0.5 < found["mpc"].high


def test_the_headline_is_tested_as_it_is_and_all_else_is_corrected():
    summary = told(walked(MPC_FALLS))
    facet = summary.facets["performance"]
    assert facet.headline is not None
    assert (facet.headline.p, facet.headline.p_holm) == (2 / 2**8, None)
    assert facet.headline.shown
    assert facet.headline.better == "hybrid"
    rest = [one for one in facet.differences if not one.headline]
    assert all(one.p_holm >= one.p for one in rest)
    assert difference(summary, "performance", "success", "policy", "hybrid").shown is False


def test_a_verdict_says_who_is_better_or_that_no_difference_is_shown():
    lines = told(walked(MPC_FALLS)).facets["performance"].verdict
    assert lines[0].startswith("stays up: hybrid is better than mpc, 16 of 16 against 8 of 16")
    assert "16 pairs" in lines[0]
    lines = told(walked({"mpc": [1], "policy": [], "hybrid": [1]})).facets["performance"].verdict
    assert lines[0].startswith("stays up: no difference shown between mpc and hybrid")
    assert lines[1] == "stays up: nobody is shown to be better than another"


@pytest.mark.parametrize(("better", "worse"), [("mpc", "hybrid"), ("hybrid", "mpc")])
def test_a_difference_is_told_of_the_better_one_beside_the_other(better, worse):
    summary = told(walked({"policy": [], better: [], worse: range(8)}))
    said = summary.facets["performance"].verdict[0]
    assert said.startswith(f"stays up: {better} is better than {worse}, 16 of 16 against 8 of 16")
    assert "(difference 0.5, 95 % 0.2" in said
    falls = summary.facets["safety"].verdict[0]
    assert falls.startswith(f"falls per hour: {better} is better than {worse}, 0 1/h against")
    assert "(ratio 0, 95 % 0 to 0." in falls


def test_a_hybrid_that_loses_is_told_as_plainly_and_fails():
    summary = told(walked({"mpc": [], "policy": [], "hybrid": range(8)}))
    assert (
        summary.facets["performance"].verdict[0].startswith("stays up: mpc is better than hybrid")
    )
    assert not summary.held
    assert "hybrid: falls 8 times of 16" in summary.broken[0]


def test_robots_that_fell_are_left_out_of_errors_or_count_as_they_are_said_to():
    results = [
        *(episode("walk", "mpc", k, error=0.1, fell=k < 4) for k in range(8)),
        *(episode("walk", "policy", k, error=0.2) for k in range(8)),
    ]
    found = figure(told(results), "performance", "error")
    assert (found.contestants["mpc"].value, found.contestants["mpc"].n) == (0.1, 4)
    assert found.unit == "m/s"
    assert difference(told(results), "performance", "error", "mpc", "policy").n == 4
    facets = comparison().as_json()["facets"]
    facets[0]["figures"][1]["fallen"] = 0.5
    counted = figure(told(results, facets=facets), "performance", "error").contestants["mpc"]
    assert (counted.value, counted.n) == (pytest.approx((0.1 * 2 + 0.5 * 2) / 4), 8)


def test_a_fall_counts_for_nothing_where_nobody_who_stayed_up_tells_what_it_is_measured_beside():
    results = [
        *(episode("walk", who, k, error=None, fell=who == "mpc") for who in MPC_FALLS
          for k in range(8)),
        *(episode("loaded", who, k, error=0.1, fell=who == "mpc" and k < 4) for who in MPC_FALLS
          for k in range(8)),
    ]  # fmt: skip
    facets = comparison().as_json()["facets"]
    facets[0]["figures"][1]["fallen"] = 0.5
    counted = figure(told(results, facets=facets), "performance", "error").contestants
    assert {name: one.n for name, one in counted.items()} == dict.fromkeys(MPC_FALLS, 8)
    assert counted["mpc"].value == pytest.approx((0.1 * 2 + 0.5 * 2) / 4)


def test_beside_a_difference_stand_both_numbers_of_the_episodes_that_both_walked():
    falls = {"mpc": [], "policy": [], "hybrid": []}
    chance = [episode("walk", "hybrid random", k, fell=k < 7) for k in range(8)]
    facets = comparison().as_json()["facets"]
    summary = told([*walked(falls), *chance], facets=facets)
    said = difference(summary, "performance", "success", "hybrid", "hybrid random").words
    assert "8 of 8 and 1 of 8" in said or "8 of 8 against 1 of 8" in said


def test_a_figure_says_which_of_its_episodes_chance_walked():
    falls = figure(told(walked(MPC_FALLS)), "safety", "falls")
    assert falls.selection == "all axes in home (hybrid random: course alone)"
    elsewhere = [episode("walk", "mpc", k, world="other") for k in range(8)]
    change = figure(told([*walked(MPC_FALLS), *elsewhere]), "performance", "change")
    assert change.selection == "course in other, beside course in home"


def test_the_oracle_falls_only_where_all_its_parents_do():
    falls = {"mpc": [0, 1, 2], "policy": [2, 3], "hybrid": [0]}
    found = figure(told(walked(falls)), "performance", "success").contestants["oracle"]
    assert (found.n - found.events, found.n) == (1, 16)
    errors = figure(told(walked(falls)), "performance", "error").contestants
    assert "oracle" not in errors


def test_falls_per_hour_are_of_the_time_that_was_walked():
    found = figure(told(walked(MPC_FALLS)), "safety", "falls").contestants
    # eight falls after 2 s, eight episodes of 4 s: 48 s
    assert found["mpc"].value == pytest.approx(8 / (48.0 / 3600.0))
    assert (found["mpc"].events, found["hybrid"].value) == (8, 0.0)
    assert found["hybrid"].high == pytest.approx(3.689 / (64.0 / 3600.0), rel=1e-3)


def test_what_changes_in_another_world_is_read_off_the_same_seeds():
    here = [episode("walk", "policy", k) for k in range(8)]
    there = [episode("walk", "policy", k, world="other", fell=k < 6) for k in range(6)]
    summary = told([*here, *there])
    found = figure(summary, "performance", "change").contestants
    assert (found["policy"].value, found["policy"].n) == (-1.0, 6)
    assert "mpc" not in found
    change = difference(summary, "performance", "change", "policy", "policy")
    assert change.p == 2 / 2**6


def test_outside_is_what_the_axis_says_for_one_of_a_contestants_drivers():
    cases = {case.name: case.outside for case in told(walked(MPC_FALLS)).cases}
    assert cases["walk"] == []  # where the MPC never stayed up, so that nothing of that was kept
    assert cases["loaded"] == ["mpc", "hybrid", "hybrid random", "oracle"]
    kept = figure(told(walked(MPC_FALLS)), "performance", "kept").contestants
    assert set(kept) == {"hybrid", "oracle"}  # nothing is outside for the policy
    assert kept["hybrid"].value == 1.0
    lines = told(walked(MPC_FALLS)).facets["performance"].verdict
    assert "kept: hybrid 1 (- to -), oracle" in "\n".join(lines)


def test_a_velocity_beyond_a_policys_training_is_outside_whatever_the_axis_says():
    narrow = {**RANGES, "linear_x": [-0.2, 0.2]}
    cases = {case.name: case.outside for case in told(walked(MPC_FALLS), narrow).cases}
    assert "policy" in cases["walk"]
    assert "mpc" not in cases["walk"]


def test_what_is_measured_on_a_clock_is_in_the_timings_only():
    results = [
        episode("walk", who, k, cpu=cpu)
        for who, cpu in (("mpc", 0.2), ("policy", 0.1))
        for k in range(8)
    ]
    summary = told(results)
    assert summary.facets["compute"].figures == []
    assert summary.facets["compute"].elsewhere == "the headline, CPU, is told in timings.json"
    assert summary.facets["compute"].verdict == []
    timed = timings(comparison(), entrants_of(comparison(), {}), results)
    assert list(timed.facets) == ["compute"]
    # four stages of 0.2 ms in every 2 ms
    assert timed.facets["compute"].figures[0].contestants["mpc"].value == pytest.approx(0.4)
    assert timed.facets["compute"].headline.better == "policy"


def test_pushes_are_told_by_direction_and_those_that_never_happened_are_not():
    results = walked(MPC_FALLS)
    summary = told(results)
    (forward, *_) = summary.pushes.contestants["mpc"]
    assert (forward.direction, forward.n, forward.below) == (0.0, 1, 30.0)
    assert [one.direction for one in summary.pushes.contestants["mpc"]] == [
        0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0,
    ]  # fmt: skip
    none = [episode("walk", "mpc", k, fell=True, missed=("push",)) for k in range(8)]
    assert told(none).pushes.contestants == {}


def test_the_preferred_driver_alone_tells_what_a_hybrids_rescues_are_worth():
    alone = [episode("walk", "mpc", k, fell=k < 4) for k in range(8)]  # falls at 2 s
    rescued = {0: 1.0, 1: 1.2, 2: 1.95, 5: 1.0}
    hybrid = [
        episode("walk", "hybrid", k, rescued=rescued.get(k), fell=k in (3, 5)) for k in range(8)
    ]
    (found,) = told([*alone, *hybrid]).arbiters.values()
    assert (found.beside, found.n) == ("mpc", 8)
    assert (found.precision.events, found.precision.n) == (3, 4)
    assert (found.recall.events, found.recall.n) == (2, 4)  # 1.95 s is too late, 3 never
    assert (found.harm.events, found.harm.n) == (1, 4)
    assert found.lead_p50 == pytest.approx(0.8)
    assert found.preferred_share == pytest.approx((4 * 1.0 + 4 * 0.5) / 8)


def test_the_worst_are_early_falls_inside_of_what_a_contestant_was_made_for():
    summary = told(walked({"mpc": [3], "policy": [2, 5], "hybrid": []}))
    assert [(one.contestant, one.seed) for one in summary.worst] == [("mpc", 3), ("policy", 2)]
    assert summary.worst[0].key == "walk in home, mpc, seed 3"


def test_what_was_asked_for_and_did_not_happen_to_a_robot_that_was_up_fails():
    results = [*walked({"hybrid": []}), episode("walk", "mpc", 0, missed=("push 1",))]
    assert told(results).missed == ["walk in home, mpc, seed 0: push 1"]
    assert not told(results).held


PEEK = {"contestant": "policy", "kind": "read the true state", "at": 1.0,
        "what": "read the true state"}  # fmt: skip


def test_who_looked_at_the_truth_is_disqualified_and_its_episodes_count_for_nothing():
    results = [
        *walked({"mpc": [1], "hybrid": []}),
        *(episode("walk", "policy", k, offences=(PEEK,) if k == 0 else ()) for k in range(8)),
    ]
    summary = told(results)
    policy = next(one for one in summary.contestants if one.name == "policy")
    assert policy.disqualified == "policy read the true state, in 1 episodes"
    assert "policy" not in figure(summary, "performance", "success").contestants
    assert summary.broken == ["policy is disqualified: policy read the true state, in 1 episodes"]
    assert not summary.held


def test_who_breaks_is_named_and_scored_by_what_became_of_the_robot():
    broke = {"contestant": "policy", "kind": "raised", "at": 1.0, "what": "raised ValueError: no"}
    results = walked({"policy": [0], "hybrid": []}, offences=(broke,))
    summary = told(results)
    named = {one.name: one.offences for one in summary.contestants}
    assert named["policy"] == {"policy raised ValueError: no": 16}
    assert figure(summary, "performance", "success").contestants["policy"].events == 15
    assert summary.held


def test_who_merely_says_that_the_truth_was_read_is_not_disqualified():
    said = {"contestant": "policy", "kind": "raised", "at": 1.0,
            "what": "raised RuntimeError: who read the true state"}  # fmt: skip
    assert told(walked({"policy": [0], "hybrid": []}, offences=(said,))).held


def test_who_takes_twice_the_time_that_it_is_charged_is_late():
    thought = {"policy": {"beside": 0.5, "charged": 0.2, "in_loop": 0.1},
               "mpc": {"beside": 0.3, "charged": 0.2, "in_loop": 0.1}}  # fmt: skip
    results = walked({"hybrid": []}, thought=thought)
    timed = timings(comparison(), entrants_of(comparison(), {}), results)
    assert timed.late == {"hybrid": "policy takes 2.5 times the compute time that it is charged"}
    thought["mpc"]["beside"] = 0.6
    timed = timings(
        comparison(), entrants_of(comparison(), {}), walked({"hybrid": []}, thought=thought)
    )
    assert timed.late["hybrid"].startswith("policy takes 2.5 times")
    assert timed.late["hybrid"].endswith(
        "; mpc takes 3.0 times the compute time that it is charged"
    )


def test_equal_episodes_give_equal_bytes_in_whatever_order_they_came():
    results = walked(MPC_FALLS)
    assert as_text(told(results)) == as_text(told(results[::-1]))


def test_every_number_has_n_interval_method_unit_and_version():
    content = json.loads(as_text(told(walked(MPC_FALLS))))
    for facet in content["facets"].values():
        for one in facet["figures"]:
            assert one["method"]
            assert one["version"] >= 1
            assert one["definition"].endswith(".")
            assert {"n", "low", "high"} <= set(next(iter(one["contestants"].values())))
        assert all(one["n"] and one["method"] for one in facet["differences"])
