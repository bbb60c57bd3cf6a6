import json

import pytest

from wm_bringup import walk as walk_module
from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_bringup.episode import Episode


@pytest.fixture
def runs(monkeypatch):
    """Episodes that cost nothing: seeds from 100 on fall."""
    seen = []

    def run_episode(setup, seed):
        seen.append((setup, seed))
        return Episode(
            seed, seed >= 100, 20.0, (0.5, 0.0, 0.0), (0.01, 0.0, 0.0), (0.0, 0.0, 0.0), 0.5,
            cpu_per_tick_ms={"physics": 0.5}, real_time_factor=2.0,
        )  # fmt: skip

    monkeypatch.setattr(walk_module, "run_episode", run_episode)
    return seen


def walk(*arguments):
    return main(["walk", "--jobs", "1", *arguments])


def test_the_options_become_one_scenario(runs):
    code = walk(
        "--velocity", "0.5", "0", "-0.3", "--seconds", "7", "--seeds", "2", "--payload", "5",
        "--friction", "0.4", "--delay", "0.01", "--noise", "double", "--push", "0", "-10", "4",
        "0.25", "--state", "true", "--step-in-place", "--fault", "gyro:stuck@3",
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
    assert (setup.state, setup.step_in_place) == ("true", True)


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
        (["--velocity", "nan", "0", "0"], ["velocity.0.x", "finite"]),
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
