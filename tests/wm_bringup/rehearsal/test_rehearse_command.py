"""Which runs a rehearsal consists of, and how it goes on after an interruption."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, INTERRUPTED
from wm_bringup.commands.rehearse import _todo
from wm_bringup.demo.course import Segment
from wm_bringup.rehearsal.plan import Mishap, Plan

BOTH = Mishap(name="mpc killed", kill="mpc", ends="walking", several=True)
ANY = Mishap(name="1 % wrong", ask={"commands": {"crc_errors": 0.01}}, ends="walking")


@pytest.mark.parametrize("driver", ["hybrid", "mpc+policy", "policy+mpc"])
def test_what_needs_another_driver_is_rehearsed_wherever_there_are_two(driver):
    names = [name for name, *_ in _todo([driver], 2, [BOTH, ANY], 1)]
    runs = [f"{driver}_0", f"{driver}_1"]
    assert names == [*runs, f"{driver}_mpc_killed_0", f"{driver}_1_percent_wrong_0"]


@pytest.mark.parametrize("driver", ["mpc", "policy"])
def test_one_driver_alone_is_spared_it(driver):
    names = [name for name, *_ in _todo([driver], 1, [BOTH, ANY], 1)]
    assert names == [f"{driver}_0", f"{driver}_1_percent_wrong_0"]


def test_a_mishap_comes_as_often_as_is_asked_with_a_seed_of_its_own():
    todo = [(name, mishap, seed) for name, _, mishap, seed in _todo(["mpc"], 0, [ANY], 3)]
    assert todo == [(f"mpc_1_percent_wrong_{seed}", ANY, seed) for seed in range(3)]


def test_a_long_run_is_not_the_short_one_that_is_there_already():
    names = [name for name, *_ in _todo(["mpc"], 1, [], 1, minutes=60.0)]
    assert names == ["mpc_60_min_0"]


def test_a_long_run_is_the_course_again_and_again():
    course = tuple(Segment(name=name, seconds=20.0) for name in ("there", "back"))
    plan = Plan(course=course, walking=course[0])
    assert plan.segments(None) == course
    assert plan.segments(None, minutes=2.0) == course * 3
    assert plan.segments(ANY, minutes=2.0) == (course[0], course[0])


class Runs:
    """In place of real runs: all hold; one by one, until it is interrupted."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.until = 99

    def __call__(self, name: str, words: tuple[Any, ...], *_: object) -> dict[str, Any] | None:
        if len(self.done) >= self.until:
            return None
        self.done.append(name)
        row = {"name": name, "controller": words[0], "mishap": "", "ends": "given back"}
        return {**row, "held": True, "why": "", "damped_after": None}


@pytest.fixture
def runs(monkeypatch, tmp_path):
    faked = Runs()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(import_module("wm_bringup.commands.rehearse"), "_run", faked)
    return faked


def rehearse(*options: str) -> int:
    asked = ["--controller", "mpc", "--mishap", "none", "--runs", "3", "--slow-motion", "1"]
    return main(["rehearse", *asked, *options])


def test_what_was_done_before_an_interruption_is_not_done_again(runs):
    runs.until = 2
    assert rehearse() == INTERRUPTED
    runs.until = 99
    assert rehearse("--resume", "--json", "all.json") == HELD
    assert runs.done == ["mpc_0", "mpc_1", "mpc_2"]
    with open("all.json", encoding="utf-8") as file:
        assert [row["name"] for row in json.load(file)["runs"]] == runs.done


@pytest.mark.parametrize(
    "other", [("--engine", "pybullet"), ("--robot", "g1/mode_4.yaml"), ("--scenario", "rough")]
)
def test_runs_of_another_robot_are_not_mixed_in(runs, capsys, other):
    assert rehearse() == HELD
    assert rehearse("--resume", *other) == COULD_NOT_RUN
    assert "other conditions" in capsys.readouterr().err
    assert len(runs.done) == 3


def test_a_scenario_that_is_not_there_is_refused_before_anything_runs(runs, capsys):
    assert rehearse("--scenario", "nominall") == COULD_NOT_RUN
    assert "nominall" in capsys.readouterr().err
    assert runs.done == []


def test_nothing_to_do_is_no_success(runs, capsys):
    assert main(["rehearse", "--runs", "0", "--mishap", "none"]) == COULD_NOT_RUN
    assert "--runs" in capsys.readouterr().err
