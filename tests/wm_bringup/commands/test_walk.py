import json
from dataclasses import replace

import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_bringup.judging import episodes as walk_module
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult


@pytest.fixture
def runs(monkeypatch):
    """Episodes that cost nothing: seeds from 100 on fall."""
    seen = []

    def run_episode(setup, seed):
        seen.append((setup, seed))
        values = {
            "fell": seed >= 100,
            "seconds": 20.0,
            "mean_velocity": (0.5, 0.0, 0.0),
            "stride_rms_error": (0.01, 0.0, 0.0),
            "estimator_velocity_rmse": (0.0, 0.0, 0.0),
            "drift_percent": 0.5,
        }
        metrics = {name: Measured(value, "") for name, value in values.items()}
        notes = {
            "fall_cause": "base tilt" if seed >= 100 else "",
            "missed": (),
            "cpu_per_tick_ms": {"physics": 0.5},
            "real_time_factor": 2.0,
        }
        return EpisodeResult("", "", seed, metrics, notes)

    monkeypatch.setattr(walk_module, "run_episode", run_episode)
    return seen


def walk(*arguments):
    return main(["walk", "--jobs", "1", *arguments])


def test_the_options_become_one_scenario(runs):
    code = walk(
        "--velocity", "0.5", "0", "-0.3", "--seconds", "7", "--seeds", "2", "--payload", "5",
        "--friction", "0.4", "--delay", "0.01", "--noise", "double", "--push", "0", "-10", "4",
        "0.25", "--state", "estimated", "--step-in-place", "--fault", "gyro:stuck@3",
        "--engine", "mujoco",
    )  # fmt: skip
    assert code == HELD
    (setup, first), (_, second) = runs
    scenario = setup.scenario
    assert (first, second) == (0, 1)
    assert (scenario.velocity[0].x, scenario.velocity[0].yaw) == (0.5, -0.3)
    assert (scenario.payload.mass, scenario.ground.friction) == (5.0, 0.4)
    assert (scenario.delay, scenario.noise, scenario.duration) == (0.01, "double", 7.0)
    assert (scenario.pushes[0].impulse, scenario.pushes[0].at) == ((0.0, -10.0, 0.0), 4.0)
    assert scenario.pushes[0].phase == 0.25
    assert scenario.faults == ("gyro:stuck@3",)
    assert (setup.state, setup.step_in_place) == ("estimated", True)
    assert setup.engine == "mujoco"


def test_the_json_has_the_promised_keys_and_where_it_comes_from(runs, tmp_path):
    file = tmp_path / "out" / "walk.json"
    assert walk("--seeds", "3", "--json", str(file)) == HELD
    result = json.loads(file.read_text())
    assert (result["n"], result["falls"]) == (3, 0)
    assert result["falls_interval"] == pytest.approx([0.0, 1 - 0.025 ** (1 / 3)])
    assert {
        "seed", "fell", "seconds", "mean_velocity", "stride_rms_error",
        "estimator_velocity_rmse", "drift_percent",
    } <= set(result["episodes"][0])  # fmt: skip
    assert {"scenario", "git", "parameters_sha256", "machine"} <= set(result["conditions"])


def test_a_fall_is_exit_code_one(runs):
    assert walk("--first-seed", "99", "--seeds", "2") == NOT_HELD


def test_every_episode_is_on_disk_when_the_run_breaks_off(runs, tmp_path, monkeypatch):
    whole = walk_module.run_episode

    def breaking(setup, seed):
        if seed == 2:
            raise KeyboardInterrupt
        return whole(setup, seed)

    monkeypatch.setattr(walk_module, "run_episode", breaking)
    file = tmp_path / "walk.json"
    assert walk("--seeds", "4", "--json", str(file)) == 130
    assert json.loads(file.read_text())["n"] == 2
    monkeypatch.setattr(walk_module, "run_episode", whole)
    del runs[:]
    assert walk("--seeds", "4", "--json", str(file), "--resume") == HELD
    assert [seed for _, seed in runs] == [2, 3]
    assert json.loads(file.read_text())["n"] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--velocity", "nan", "0", "0"], ["--velocity", "finite"]),
        (["--velocity", "0", "inf", "0"], ["--velocity", "finite"]),
        (["--seconds", "nan"], ["--seconds", "finite"]),
        (["--seconds", "inf"], ["--seconds", "finite"]),
        (["--payload", "nan"], ["--payload", "finite"]),
        (["--push", "nan", "0", "3"], ["--push", "finite"]),
        (["--push", "1", "0", "3", "nan"], ["--phase", "finite"]),
        (["--push-grid", "--grid-step", "nan"], ["--grid-step"]),
        (["--push-grid", "--grid-step", "81"], ["--grid-step", "80"]),
        (["--seconds", "0.001"], ["duration", "0.001", "0.002"]),
        (["--seconds", "0"], ["duration", "0.002"]),
        (["--seconds", "-3"], ["duration", "-3", "0.002"]),
        (["--payload", "-1"], ["mass", "-1", "greater than or equal to 0"]),
        (["--delay", "-0.1"], ["delay", "greater than or equal to 0"]),
        (
            ["--velocity", "0.5", "0", "0", "--seconds", "2", "--push", "40", "0", "5"],
            ["push 40 0 0", "5.1 s", "the end is at 2 s"],
        ),
        (["--fault", "gyro:nan@99"], ["gyro:nan@99", "meets no sample"]),
        (["--fault", "gyro:nan@1.0001+0.001"], ["meets no sample"]),
        (["--push", "0", "0", "3"], ["zero"]),
        (["--velocity", "0.5", "0", "0", "--seconds", "1"], ["never begins"]),
        (["--push", "9", "0", "3", "--push", "9", "0", "4"], ["--push", "more than once"]),
        (["--grid-step", "3"], ["--grid-step", "only with --push-grid"]),
        (["--push-grid", "--seconds", "9"], ["--seconds", "beside --push-grid"]),
        (["--push-grid", "--seeds", "9"], ["--seeds", "beside --push-grid"]),
        (["--push-grid", "--film", "f.png"], ["--film", "beside --push-grid"]),
        (["--resume"], ["--json"]),
        (["--state", "true", "--noise", "double"], ["--noise", "--state true"]),
        (["--state", "true", "--fault", "gyro:nan@3"], ["gyro:nan@3", "no effect"]),
        (["--state", "true", "--fault", "observation:nan@3"], ["observation:nan@3", "no effect"]),
        (["--policy", "p.onnx"], ["mean something only for 'policy'"]),
        (["--controller", "policy", "--push", "9", "0", "2", "0.5"], ["phase"]),
        (["--controller", "policy", "--step-in-place"], ["step_in_place"]),
        (["--film", "f.jpg"], ["--film", ".png or .gif or .webp"]),
        (["--trace", "t.csv"], ["--trace", ".npz"]),
        (["--json", "w.jsonl"], ["--json", "w.jsonl"]),
        (["--json", "/dev/null/w.json"], ["/dev/null is a file"]),
        (["--json", "/"], ["is a folder"]),
        (["--velocity", "9", "0", "0"], ["velocity.0.x", "less than or equal to 2"]),
        (["--friction", "0"], ["friction", "greater than 0"]),
        (["--fault", "gyro:explode@3"], ["explode", "stuck"]),
        (["--scenario", "nowhere"], ["nowhere.yaml"]),
    ],
)
def test_what_cannot_be_run_is_refused_with_key_value_and_bound(runs, capsys, arguments, words):
    assert walk(*arguments) == COULD_NOT_RUN
    said = capsys.readouterr().err
    assert all(word in said for word in words), said
    assert runs == []


def test_what_was_asked_for_and_did_not_happen_is_exit_code_one_and_said(
    runs, tmp_path, monkeypatch, capsys
):
    whole = walk_module.run_episode

    def never_pushed(setup, seed):
        result = whole(setup, seed)
        missed = ("push 9 0 0 N·s at phase 0.5 after 3 s",)
        return replace(result, notes={**result.notes, "missed": missed})

    monkeypatch.setattr(walk_module, "run_episode", never_pushed)
    file = tmp_path / "walk.json"
    assert walk("--push", "9", "0", "3", "0.5", "--json", str(file)) == NOT_HELD
    said = capsys.readouterr().out
    assert "seed 0: asked for, but did not happen: push 9 0 0 N·s at phase 0.5 after 3 s" in said
    result = json.loads(file.read_text())
    assert result["missed"] == 1
    assert result["episodes"][0]["missed"] == ["push 9 0 0 N·s at phase 0.5 after 3 s"]


def test_a_film_is_of_the_first_seed_also_when_its_numbers_are_there_already(runs, tmp_path):
    file = str(tmp_path / "walk.json")
    assert walk("--seeds", "3", "--json", file) == HELD
    del runs[:]
    film = str(tmp_path / "film.png")
    assert walk("--seeds", "3", "--json", file, "--resume", "--film", film) == HELD
    assert [(seed, str(setup.film)) for setup, seed in runs] == [(0, film)]


def test_the_figures_are_whole_in_a_terminal_of_twenty_columns(runs, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("TERM", "dumb")
    assert walk("--seeds", "1") == HELD
    said = capsys.readouterr().out
    assert "0.500   0.000   0.000" in said
    assert "Clopper-Pearson" in said
    assert "…" not in said


def test_before_the_first_episode_it_is_said_that_another_body_is_simulated(runs, tmp_path, capsys):
    scenario = tmp_path / "other.yaml"
    scenario.write_text("name: other\nbody: {robot: g1/mode_15.yaml}\n")
    assert walk("--scenario", str(scenario)) == HELD
    said = capsys.readouterr().out
    assert said.index("simulated is 'g1_mode_15' (g1/mode_15.yaml)") < said.index("fell")
    assert "mass [kg]: left_wrist_pitch_link 0.684 (believed 0.484)" in said
