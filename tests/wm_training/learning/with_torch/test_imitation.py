"""From labels to a network and back: what is cloned is what was shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from training_parameters import JOINTS, LEGS, OUTPUTS, STUDENT, TRAINING

from wm_control.robot.description import load_robot
from wm_policy.loading import load_policy
from wm_training.learning.export import save_policy
from wm_training.learning.imitation import canonical, fit
from wm_training.learning.networks import Actor, layers_of
from wm_training.learning.observing import network_mirror, network_width, observation_width

ROBOT = load_robot("g1")
PARAMETERS = TRAINING
WIDTH = observation_width(STUDENT)


def observations(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    seen = rng.normal(0.0, 0.3, (count, WIDTH))
    phase = rng.uniform(0.0, 2.0 * np.pi, count)
    seen[:, 3:7] = np.column_stack((np.sin(phase), -np.sin(phase), np.cos(phase), -np.cos(phase)))
    seen[count // 2 :, 3:7] = (0.0, 0.0, 1.0, 1.0)
    return seen.astype(np.float32)


def test_the_exported_clone_answers_with_the_labels(tmp_path: Path) -> None:
    """A network that happens to be right must give back exactly what the teacher said."""
    torch.manual_seed(0)
    actor = Actor(network_width(STUDENT), (24,), OUTPUTS, 0.5, 0.1)
    with torch.no_grad():
        actor.body[-1].weight.mul_(100.0)
    manifest = save_policy(layers_of(actor), ROBOT, PARAMETERS, tmp_path, "a test")
    policy = load_policy(manifest, ROBOT)
    seen = observations(40)
    labels = np.zeros((40, 12), dtype=np.float32)
    for row in range(40):
        policy.runner.inputs["obs"][:] = seen[row]
        policy.runner.run()
        labels[row] = policy.runner.outputs["actions"]
    shown, said = canonical(seen, labels, STUDENT)
    with torch.no_grad():
        found = actor(torch.from_numpy(shown[:40])).numpy()
    assert found[:, :JOINTS] == pytest.approx(said[:40, :JOINTS], abs=1e-4)
    assert not said[:, JOINTS:].any()


def test_standing_examples_are_taken_twice_once_mirrored() -> None:
    seen, label = observations(10), np.full((10, 12), 0.1, dtype=np.float32)
    shown, said = canonical(seen, label, STUDENT)
    assert len(shown) == 15
    image = network_mirror(STUDENT)(shown[5:10].astype(np.float64))
    assert shown[10:] == pytest.approx(image, abs=2e-3)  # the two legs of the URDF differ a little
    assert said[10:, :JOINTS] == pytest.approx(LEGS(label[5:]), abs=1e-6)


def test_a_linear_teacher_is_learned() -> None:
    rng = np.random.default_rng(1)
    torch.manual_seed(0)
    seen = rng.normal(0.0, 1.0, (2000, 10)).astype(np.float32)
    said = (seen @ rng.normal(0.0, 0.3, (10, 12))).astype(np.float32)
    actor = Actor(10, (32,), 12, 0.5, 0.1)
    loss = fit(actor, seen, said, replace(TRAINING.imitation, epochs=30, batch=64, noise=0.0))
    assert loss < 0.02 * float(np.mean(said**2))
