"""A run that is killed goes on where it was."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from training_parameters import OUTPUTS, STUDENT, TRAINING

from wm_control.robot.description import load_robot
from wm_training.learning.curves import draw_curves
from wm_training.learning.networks import Actor
from wm_training.learning.observing import network_width
from wm_training.learning.parameters import (
    CurriculumParameters,
    PpoParameters,
)
from wm_training.learning.trainer import CHECKPOINT, CURVES, Trainer, next_difficulty

ROBOT = load_robot("g1")
SMALL = PpoParameters(
    envs=4, steps=4, iterations=6, hidden=(16,), epochs=1, minibatches=1, checkpoint_every=2
)
PARAMETERS = replace(TRAINING, ppo=SMALL, imitation=replace(TRAINING.imitation, critic_only=1))


def trainer(folder: Path, **more: float) -> Trainer:
    ticks = iter(range(10_000))
    return Trainer(ROBOT, PARAMETERS, folder, 0, lambda: float(next(ticks)), **more)


def test_a_killed_run_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.env.difficulty = 0.4
    for _ in range(3):
        first.iterate()  # the third is after the last checkpoint and is lost with the process
    second = trainer(tmp_path)
    assert second.resume()
    assert second.iteration == 2
    assert second.samples == 2 * 16
    assert second.cpu_seconds > 2.0
    assert second.env.difficulty == pytest.approx(0.4, abs=0.02)
    logged = (tmp_path / CURVES).read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in logged] == [1, 2]
    saved = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    for name, value in second.ppo.actor.state_dict().items():
        assert torch.equal(value, saved["actor"][name])
    while second.done < 1.0:
        second.iterate()
    assert second.iteration == 6


def test_the_optimiser_goes_on_with_its_moments(tmp_path: Path) -> None:
    first = trainer(tmp_path)
    first.iterate()
    first.save()
    second = trainer(tmp_path)
    second.resume()
    ours, theirs = second.ppo.optimiser.state_dict(), first.ppo.optimiser.state_dict()
    assert ours["state"].keys() == theirs["state"].keys()
    assert torch.equal(ours["state"][0]["exp_avg"], theirs["state"][0]["exp_avg"])


def test_a_folder_without_a_checkpoint_is_a_new_run(tmp_path: Path) -> None:
    assert not trainer(tmp_path).resume()


def test_a_run_is_done_when_its_cpu_time_is_spent(tmp_path: Path) -> None:
    run = trainer(tmp_path, budget=5.0)
    assert run.done < 1.0
    while run.cpu_seconds < 5.0:
        pass
    assert run.done >= 1.0


def test_a_seed_gives_the_same_run_however_fast_the_machine_is(tmp_path: Path) -> None:
    curves = []
    for pause in (0.5, 4.0):
        folder = tmp_path / f"{pause}"
        ticks = (pause * k for k in range(1000))
        run = Trainer(ROBOT, PARAMETERS, folder, 0, lambda t=ticks: next(t), budget=1e3)
        for _ in range(3):
            run.iterate()
        lines = [json.loads(line) for line in (folder / CURVES).read_text().splitlines()]
        curves.append([(line["reward"], line["kl"], line["deviation"]) for line in lines])
    assert curves[0] == curves[1]


def test_a_budget_that_ends_the_run_early_ends_its_exploration_too(tmp_path: Path) -> None:
    run = trainer(tmp_path, budget=50.0)
    while run.cpu_seconds < 25.0:
        pass
    run.iterate()
    assert run.ppo.actor.most == pytest.approx(math.sqrt(0.5 * 0.15), rel=0.05)


def test_the_clone_is_left_slowly_and_survives_a_resume(tmp_path: Path) -> None:
    inputs = network_width(STUDENT)
    clone = Actor(inputs, (16,), OUTPUTS, 0.5, 0.1)
    first = trainer(tmp_path)
    first.start_from(clone)
    first.iterate()
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.ppo.actor.body.parameters(), clone.body.parameters(), strict=True)
    )  # only the critic has learned
    first.iterate()
    p = PARAMETERS.imitation
    assert first.ppo.anchor_weight == pytest.approx(p.anchor * 0.5 ** (1 / p.anchor_half_life))
    second = trainer(tmp_path)
    second.resume()
    assert second.ppo.anchor is not None
    assert torch.equal(second.ppo.anchor.body[0].weight, clone.body[0].weight)


def test_difficulty_follows_the_falls() -> None:
    p = CurriculumParameters(start=0.1, rise=0.1, fall=0.05, good=3.0, bad=7.0)
    assert next_difficulty(0.5, 2.0, p) == pytest.approx(0.6)
    assert next_difficulty(0.5, 5.0, p) == 0.5
    assert next_difficulty(0.5, 8.0, p) == pytest.approx(0.45)
    assert next_difficulty(0.12, 8.0, p) == 0.1
    assert next_difficulty(0.99, 0.0, p) == 1.0
    assert next_difficulty(0.5, math.inf, p) == pytest.approx(0.45)


def test_the_curves_can_be_drawn(tmp_path: Path) -> None:
    run = trainer(tmp_path)
    run.iterate()
    run.iterate()
    draw_curves(tmp_path / CURVES, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 10_000


def test_the_statistics_are_those_of_the_robot_not_of_the_mirror(tmp_path: Path) -> None:
    mean, deviation = trainer(tmp_path).observation_statistics(5)
    assert mean.shape == deviation.shape == (217,)
    assert mean[12] == pytest.approx(-1.0, abs=0.1)  # gravity down


def test_exploration_is_bounded_more_and_more(tmp_path: Path) -> None:
    """Of six iterations from 0.5 to 0.15, half-way in the logarithm after three."""
    run = trainer(tmp_path)
    bounds = []
    for _ in range(6):
        run.iterate()
        bounds.append(run.ppo.actor.most)
        assert run.env.price_of_roughness == pytest.approx((0.5 / bounds[-1]) ** 2)
        assert float(run.ppo.actor.deviation.detach().max()) <= bounds[-1] + 1e-6
    assert bounds[0] == pytest.approx(0.5)
    assert bounds[3] == pytest.approx(math.sqrt(0.5 * 0.15))
    assert sorted(bounds, reverse=True) == bounds
