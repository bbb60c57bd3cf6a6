"""What a comparison asks, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from compared import comparison
from working_tree import ROOT

from wm_bringup.comparing.changed import in_engine, with_policies
from wm_bringup.comparing.files import keep_comparison
from wm_bringup.comparing.plan import load_comparison
from wm_bringup.comparing.walking import count_runs, random_runs
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.runner import check_runs
from wm_control.errors import ParameterError
from wm_policy.models import shipped_policy

SHIPPED = ("quick", "standard", "full")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_loads_and_has_a_headline_on_every_facet_of_episodes(name):
    found = load_comparison(name)
    assert {facet.name for facet in found.facets} == {
        "performance", "scalability", "compute", "generalization", "safety",
    }  # fmt: skip
    assert all(facet.headline for facet in found.facets if facet.figures)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config" / "comparisons").glob("*.yaml")), ids=lambda path: path.stem
)
def test_every_comparison_that_is_shipped_can_be_walked(path):
    check_runs(load_comparison(path).runs())


def test_standard_has_two_hundred_pairs_behind_every_headline():
    found = load_comparison("standard")
    for facet in found.facets:
        if facet.headline is None:
            continue
        figure = next(one for one in facet.figures if one.name == facet.headline.figure)
        pairs = sum(
            found.suite_in(found.home).seeds_of(case).count
            for case in found.cases
            if not figure.of.axes or case.axis in figure.of.axes
        )
        assert pairs >= 200, facet.name


def test_every_world_is_a_suite_of_the_cases_that_are_walked_there():
    suites = {world.name: suite for world, suite in comparison().suites()}
    assert [case.name for case in suites["home"].cases] == ["walk in home", "loaded in home"]
    assert [case.name for case in suites["other"].cases] == ["walk in other"]
    assert (suites["other"].engine, suites["bare"].engine) == ("mujoco", "pybullet")
    assert (suites["other"].safety_layer, suites["bare"].safety_layer) == (True, False)


def test_all_meet_the_same_scenarios_and_seeds():
    runs = comparison().runs()
    asked = {}
    for run in runs:
        asked.setdefault((run.case, run.seed), set()).add(run.setup.scenario)
    assert all(len(scenarios) == 1 for scenarios in asked.values())
    assert len(runs) == (3 + 1) * 3 * 8
    assert count_runs(comparison()) == len(runs) + 8


def test_chance_repeats_only_what_it_is_told_to_at_the_contestants_rate():
    found = random_runs(comparison(), [])
    assert {run.contestant for run in found} == {"hybrid random"}
    assert {run.case for run in found} == {"walk in home"}
    assert all([turn.driver for turn in run.setup.turns] == ["mpc"] for run in found)  # never away
    rescued = EpisodeResult.from_json(
        {"case": "walk in home", "contestant": "hybrid", "seed": 0, "rescues": 4,
         "seconds": 4.0, "preferred_share": 0.5}
    )  # fmt: skip
    drivers = {
        turn.driver for run in random_runs(comparison(), [rescued]) for turn in run.setup.turns
    }
    assert drivers == {"mpc", "policy"}


def test_what_is_kept_beside_the_results_asks_the_same(tmp_path):
    asked = load_comparison("quick")
    keep_comparison(asked, tmp_path)
    assert load_comparison(tmp_path / "suite.yaml") == asked


def test_titles_and_facets_may_change_on_the_way_but_not_what_is_walked():
    one = comparison()
    assert comparison(title="another", oracle=[]).sha256() == one.sha256()
    assert comparison(seeds={"count": 9}).sha256() != one.sha256()
    assert comparison(scenario={"delay": 0.01}).sha256() != one.sha256()


def test_in_one_engine_nothing_is_asked_of_another():
    found = in_engine(comparison(), "mujoco")
    assert {run.setup.engine for run in found.runs()} == {"mujoco"}
    assert [(world.name, world.safety_layer) for world in found.worlds] == [
        ("other", True), ("bare", False),
    ]  # fmt: skip
    assert [one.name for one in found.facets[0].figures] == ["success", "error", "kept"]
    asked = [run.key for run in found.runs()]
    assert len(set(asked)) == len(asked)


def test_other_policies_walk_in_the_place_of_our_own_and_beside_it(tmp_path):
    files = (shipped_policy(), tmp_path / "theirs.onnx")
    found = with_policies(comparison(), files)
    assert [who.name for who in found.contestants] == [
        "mpc", "policy", "hybrid", "policy theirs", "hybrid theirs",
    ]  # fmt: skip
    assert Path(found.contestants[1].policy) == files[0]
    with pytest.raises(ParameterError, match=r"theirs\.onnx"):
        found.check_files()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cases": [{"name": "a", "axis": "nowhere"}]}, "axis 'nowhere' is none of course, load"),
        ({"oracle": ["mpc", "nobody"]}, "oracle 'nobody'"),
        ({"random": {"of": ["nobody"]}}, "random 'nobody'"),
        ({"axes": [{"name": "course", "outside": ["hybrid"]}]}, "'hybrid' is none of mpc, policy"),
        ({"worlds": [{"name": "home"}, {"name": "home"}]}, "two of one name"),
        ({"facets": [{"name": "price", "title": ""}]}, "performance"),
        ({"facets": [{"name": "safety", "title": "",
                      "figures": [{"name": "a", "title": "", "value": "luck"}]}]}, "luck"),
        ({"facets": [{"name": "safety", "title": "",
                      "headline": {"figure": "a", "one": "mpc", "other": "policy"}}]},
         "headline's figure is none"),
        ({"cases": [{"name": "walk", "axis": "course", "worlds": ["other"]}]},
         "first world, 'home'"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(changes, said):
    with pytest.raises(ParameterError, match=said):
        comparison(**changes)


def test_a_file_says_only_what_is_different_from_another(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("{like: quick, name: mine, seeds: {count: 3}}")
    mine, quick = load_comparison(path), load_comparison("quick")
    assert (mine.name, mine.seeds.count) == ("mine", 3)
    assert mine.cases == quick.cases
