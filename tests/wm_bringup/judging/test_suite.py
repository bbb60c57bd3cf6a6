"""A suite as its file says it: scenarios, seeds, limits, and what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from working_tree import ROOT

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import MEANINGS
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.runner import (
    check_runs,
    identities_of,
    runs_of,
    told_of_bodies,
)
from wm_bringup.judging.suite import (
    Case,
    Contestant,
    Grid,
    Limit,
    Seeds,
    Suite,
    load_suite,
    merged,
)
from wm_bringup.judging.table import broken_limits, suite_table
from wm_bringup.judging.verdict import check, rows_of
from wm_bringup.rehearsal.plan import load_plan
from wm_control.configuration.share import config_file
from wm_control.errors import ParameterError

SUITES = sorted(path.stem for path in (ROOT / "config" / "suites").glob("*.yaml"))


@pytest.mark.parametrize("name", SUITES)
def test_every_shipped_suite_is_valid_and_named_as_its_file(name):
    assert load_suite(name).name == name


def test_the_walking_tables_figure_for_one_metre_per_second_is_found_in_its_case():
    suite = load_suite("walking")
    case = next(case for case in suite.cases if case.title == "1.0 m/s")
    scenario = suite.scenario_of(case, 7)
    assert (scenario.velocity[0].at, scenario.velocity[0].x) == (1.0, 1.0)
    assert (scenario.noise, scenario.delay, scenario.duration) == ("nominal", 0.008, 20.0)
    assert (scenario.ground.friction, scenario.initial_joint_noise) == (0.6, 0.005)
    limits = {limit.criterion: limit for limit in suite.limits_of(case)}
    assert limits["fell"].at_most == 1
    assert limits["stride_rms_error"].at_most == (0.06, 0.06, 0.06)
    assert list(suite.seeds_of(case).range()) == list(range(20))


def test_the_course_is_that_of_the_rehearsals():
    suite = load_suite("course")
    scenario, time = suite.scenario_of(suite.cases[0], 0), 0.0
    for segment in load_plan(config_file("rehearsal.yaml")).course:
        asked = scenario.velocity_at(time + 0.5 * segment.seconds)
        assert asked == segment.velocity, segment.name
        time += segment.seconds
    assert scenario.duration == time


def test_what_a_case_says_is_laid_over_what_the_suite_says():
    base = {"ground": {"friction": 0.6, "bumps": 0.01}, "pushes": [1]}
    assert merged(base, {"ground": {"friction": 0.3}, "pushes": [2]}) == {
        "ground": {"friction": 0.3, "bumps": 0.01},
        "pushes": [2],
    }


def test_the_rough_course_pushes_another_way_at_another_phase_with_every_seed():
    suite = load_suite("estimator")
    case = next(case for case in suite.cases if case.name == "rough")
    assert case.seeds == Seeds(0, 100)
    first, second, again = (suite.scenario_of(case, seed) for seed in (0, 1, 16))
    assert (first.ground.friction, first.ground.bumps, first.payload.mass) == (0.3, 0.02, 5.0)
    assert [push.at for push in first.pushes] == [4.0, 8.0]
    assert [push.at for push in second.pushes] == [4.05, 8.05]
    assert first.pushes[0].impulse == (15.0, 0.0, 0.0)
    assert second.pushes[0].impulse == (0.0, 15.0, 0.0)
    assert again.pushes == first.pushes


def test_the_ramp_goes_up_with_even_seeds_and_down_with_odd_ones():
    suite = load_suite("estimator")
    case = next(case for case in suite.cases if case.name == "ramp")
    assert [suite.scenario_of(case, seed).ground.slope for seed in range(3)] == [
        0.087, -0.087, 0.087,
    ]  # fmt: skip


def test_drawn_velocities_and_floors_are_those_of_the_seed_within_their_bounds():
    draws = {
        "velocity": {"low": (-0.3, -0.3, -0.5), "high": (1.0, 0.3, 0.5)},
        "friction": (0.4, 1.0),
    }
    suite = Suite("s", cases=(Case("kicks", scenario={"duration": 15.0}, draws=draws),))
    one, same, other = (suite.scenario_of(suite.cases[0], seed) for seed in (5, 5, 6))
    assert one == same != other
    assert [segment.at for segment in one.velocity] == [1.0, 5.0, 9.0, 13.0]
    assert all(-0.3 <= segment.x <= 1.0 for segment in one.velocity)
    assert 0.4 <= one.ground.friction <= 1.0


def test_faults_come_in_their_times_and_every_size_is_tried_on_every_target_in_turn():
    faults = {"verb": "bias", "targets": ("gyro.x", "gyro.y"), "sizes": (1.0, 2.0), "count": 3}
    cases = (Case("bad", scenario={"duration": 12.0}, draws={"faults": faults}),)
    suite = Suite("s", cases=cases)
    drawn = [Fault.parse(text) for k in range(3) for text in suite.scenario_of(cases[0], k).faults]
    assert [(fault.target, abs(fault.value)) for fault in drawn[:5]] == [
        ("gyro.x", 1.0), ("gyro.x", 2.0), ("gyro.y", 1.0), ("gyro.y", 2.0), ("gyro.x", 1.0),
    ]  # fmt: skip
    for k, fault in enumerate(drawn[:3]):
        assert 3.0 + 2.5 * k - 0.002 <= fault.start <= 4.0 + 2.5 * k
        assert round(fault.start / 0.001) % 2 == 1  # between two samples
        assert fault.duration == 0.002


def test_another_stream_draws_something_else_of_the_same_seed():
    draws = {"friction": (0.4, 1.0)}
    one, other = (
        Suite("s", cases=(Case("a", draws={**draws, "stream": stream}),)) for stream in (4, 5)
    )
    assert one.scenario_of(one.cases[0], 0) != other.scenario_of(other.cases[0], 0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{name: s, cases: [{name: a, speed: 1}]}", ["cases.0", "speed"]),
        ("{name: s}", ["either cases or a grid"]),
        ("{name: s, cases: [{name: a}, {name: a}]}", ["two cases of one name"]),
        (
            "{name: s, cases: [{name: a, limits: [{criterion: speed, at_most: 1}]}]}",
            ["no such criterion"],
        ),
        ("{name: s, cases: [{name: a, limits: [{criterion: fell}]}]}", ["at_most or at_least"]),
        ("{name: s, cases: [{name: a}], judged: [mcp]}", ["judged 'mcp' is none of mpc"]),
        (
            "{name: s, cases: [{name: a}], contestants: [{name: x}, {name: x}]}",
            ["two contestants of one name"],
        ),
        ("{name: s, cases: [{name: a}], seeds: {count: 0}}", ["seeds.count"]),
        ("{name: s, cases: [{name: a, scenario: {seed: 7}}]}", ["scenario.seed", "under 'seeds'"]),
        ("{name: s, grid: {}, seeds: {count: 2}}", ["one contestant, with one seed"]),
        ("{name: s, grid: {}, contestants: [{name: x}, {name: y}]}", ["one contestant"]),
        (
            "{name: s, cases: [{name: a, scenario: {ground: {friction: 0}}}]}",
            ["suite 's', case 'a'", "ground.friction", "greater than 0"],
        ),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_name(tmp_path, text, words):
    path = tmp_path / "s.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ParameterError) as error:
        load_suite(path)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_the_hash_is_of_what_is_run_and_not_of_seeds_limits_and_titles():
    suite = load_suite("walking")
    assert suite.with_seeds(3).sha256() == suite.sha256()
    assert suite.only(["stand"]).sha256() != suite.sha256()
    with pytest.raises(ParameterError, match="must be one of stand"):
        suite.only(["stood"])


def test_runs_are_cases_by_contestants_by_seeds():
    suite = Suite(
        "s",
        cases=(Case("a"), Case("b", seeds=Seeds(1000, 1))),
        contestants=(Contestant("mpc"), Contestant("ours", "policy")),
        seeds=Seeds(5, 2),
    )
    keys = [run.key for run in runs_of(suite)]
    assert keys == [
        "a, mpc, seed 5", "a, mpc, seed 6", "a, ours, seed 5", "a, ours, seed 6",
        "b, mpc, seed 1000", "b, ours, seed 1000",
    ]  # fmt: skip
    assert runs_of(suite)[2].setup.policy.name == "wm_g1_legs.yaml"


def test_a_case_may_have_a_robot_of_its_own_and_then_no_other_is_asked_for():
    suite = Suite("s", cases=(Case("a"), Case("b", robot="g1/mode_4.yaml")), robot="talos")
    assert [run.setup.robot for run in runs_of(suite)] == ["talos", "g1/mode_4.yaml"]
    assert runs_of(suite.only(["a"]).on("g1"))[0].setup.robot == "g1"
    with pytest.raises(ParameterError, match=r"cases\.1\.robot.*case 'b' has a robot of its own"):
        suite.on("g1")


def test_every_body_of_the_g1_walks_in_the_suite_of_bodies():
    walked = {run.setup.robot for run in runs_of(load_suite("bodies"))}
    files = {path.name for path in (ROOT / "config" / "robots" / "g1").glob("mode_*.yaml")}
    assert walked == {"g1", *(f"g1/{name}" for name in files)}


def test_another_body_than_the_controlled_one_is_told_once_with_what_differs():
    other = {"body": {"robot": "g1/mode_11.yaml"}}
    suite = Suite("s", cases=(Case("a"), Case("b", scenario=other)), seeds=Seeds(0, 3))
    first, *lines = told_of_bodies(suite)
    assert first == "simulated is 'g1_mode_11' (g1/mode_11.yaml), controlled as 'g1' (g1):"
    assert [line.split(" [")[0].strip() for line in lines] == [
        "torque limit", "speed limit", "rotor inertia seen at the joint",
    ]  # fmt: skip
    assert "left_hip_pitch_joint 139 (believed 88)" in lines[0]
    assert told_of_bodies(Suite("s", grid=Grid(), scenario=other))[0] == first
    assert told_of_bodies(suite.only(["a"])) == []


def test_a_case_that_means_nothing_for_a_contestant_is_walked_without_it():
    cases = (Case("a"), Case("b", without=("ours",)))
    who = (Contestant("mpc"), Contestant("ours", "policy"))
    suite = Suite("s", cases=cases, contestants=who)
    assert [run.key for run in runs_of(suite)] == [
        "a, mpc, seed 0", "a, ours, seed 0", "b, mpc, seed 0",
    ]  # fmt: skip
    for without in (("theirs",), ("mpc", "ours")):
        with pytest.raises(ValueError, match="must be some, but not all, of mpc, ours"):
            Suite("s", cases=(Case("b", without=without),), contestants=who)


def test_the_suite_of_drivers_faults_has_a_case_for_every_verb_of_each_path():
    suite = load_suite("driver_faults")
    faults = [Fault.parse(suite.scenario_of(case, 0).faults[0]) for case in suite.cases]
    asked = {(fault.target, fault.verb) for fault in faults}
    assert asked == {(path, verb) for path in ("policy", "plan") for verb in MEANINGS[path]}
    assert {(fault.start, fault.duration) for fault in faults} == {(4.0, 1.0), (4.0, np.inf)}


def result(seed, error, fell=False, contestant="mpc"):
    metrics = {
        "fell": Measured(fell, ""),
        "stride_rms_error": Measured(error, ""),
        "contact_f1": Measured(0.9 + 0.05 * seed, ""),
    }
    return EpisodeResult("a", contestant, seed, metrics)


WORST = Limit("stride_rms_error", at_most=(0.03, 0.03, 0.03), over="worst")


def test_the_worst_episode_keeps_a_limit_or_breaks_it_by_axis():
    good = [result(0, (0.01, 0.03, 0.0)), result(1, (0.02, 0.0, 0.0))]
    assert check(WORST, good).held
    assert check(WORST, good).found.tolist() == [0.02, 0.03, 0.0]
    assert not check(WORST, [*good, result(2, (0.0, 0.0, 0.031))]).held


def test_a_missing_number_is_never_good_enough_but_of_a_robot_that_fell():
    good = result(0, (0.01, 0.0, 0.0))
    assert not check(WORST, []).held
    assert not check(WORST, [good, result(1, None)]).held
    assert not check(WORST, [good, result(1, (float("nan"), 0.0, 0.0))]).held
    assert check(WORST, [good, result(1, None, fell=True)]).held


def test_a_limit_of_more_or_fewer_numbers_than_there_are_does_not_hold():
    two = Limit("stride_rms_error", at_most=(0.03, 0.03), over="worst")
    assert not check(two, [result(0, (0.01, 0.01, 0.01))]).held


def test_an_estimator_that_there_is_not_is_refused_before_anything_is_walked():
    runs = runs_of(Suite("s", cases=(Case("a"),), estimators=("invariant_efk",)))
    with pytest.raises(ParameterError, match=r"estimators.*invariant_efk.*leg_odometry"):
        check_runs(runs)


def test_a_grid_has_one_seed():
    with pytest.raises(ParameterError, match="one seed"):
        Suite("s", grid=Grid()).with_seeds(3)


def test_robots_are_known_by_their_description_and_the_files_beside_it(tmp_path):
    shutil.copytree(ROOT / "config" / "robots" / "g1", tmp_path / "mine")
    mine = str(tmp_path / "mine")
    suite = Suite("s", cases=(Case("a"),), robot=mine)
    before = identities_of(suite)["robots_sha256"]
    assert list(before) == [mine]
    arbiter = tmp_path / "mine" / "arbiter.yaml"
    arbiter.write_text(arbiter.read_text() + "# another one\n")
    assert identities_of(suite)["robots_sha256"] != before


def test_a_share_and_a_least_value_can_be_asked_for():
    fallen = [result(k, None, fell=k == 0) for k in range(100)]
    assert check(Limit("fell", over="mean", at_most=0.01), fallen).held
    assert not check(Limit("fell", over="mean", at_most=0.01), fallen[:99]).held
    assert check(Limit("contact_f1", at_least=0.92), fallen[:2]).held
    assert not check(Limit("contact_f1", at_least=0.92, over="worst"), fallen[:2]).held


def test_the_table_has_a_row_per_case_and_contestant_and_says_what_does_not_hold():
    suite = Suite(
        "s",
        cases=(Case("a", title="0.5 m/s", limits=(WORST,)),),
        contestants=(Contestant("mpc"), Contestant("ours", "policy")),
        columns=({"title": "worst", "criterion": "stride_rms_error", "over": "worst"},),
        judged=("mpc",),
    )
    results = [result(0, (0.04, 0.0, 0.0)), result(0, (0.9, 0.0, 0.0), True, "ours")]
    rows = rows_of(suite, results)
    table = suite_table(suite, rows)
    assert "| 0.5 m/s | mpc | 0 of 1 (0-98 %) | 0.040 0.000 0.000 | NO |" in table
    assert "| 0.5 m/s | ours | 1 of 1 (3-100 %) | 0.900 0.000 0.000 | - |" in table
    assert list(broken_limits(rows)) == [
        "a, mpc: stride_rms_error (max) is 0.04 0 0, limit at most 0.03 0.03 0.03"
    ]
    assert rows[0].trials == 1
    told = rows[0].as_json()
    assert told["figures"]["contact_f1"]["value"] == 0.9
    assert told["limits"][0]["held"] is False


def test_falls_can_be_counted_per_trial_of_which_an_episode_has_many():
    suite = Suite("s", cases=(Case("a"),), falls_per="faults_met")
    met = [
        EpisodeResult("a", "mpc", k, {"fell": Measured(k == 0, ""), "faults_met": Measured(n, "")})
        for k, n in enumerate((3, 7))
    ]
    (row,) = rows_of(suite, met)
    assert row.trials == 3 + 7 + 1  # the fault that it fell after was met as well
    assert "1 of 11" in suite_table(suite, [row])
