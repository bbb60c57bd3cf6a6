"""The learner: advantages by hand, a critic that may learn alone, an actor that improves."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from wm_training.learning.env import Step
from wm_training.learning.networks import STANDING_SHARE, Actor, divergence, log_density
from wm_training.learning.parameters import PpoParameters
from wm_training.learning.ppo import Ppo, Rollout

PARAMETERS = PpoParameters(hidden=(16,), gamma=0.9, lam=0.5, epochs=2, minibatches=2)


def last_step(robots: int) -> Step:
    zeros = np.zeros((robots, 2), dtype=np.float32)
    nobody = np.zeros(robots, dtype=bool)
    return Step(zeros, zeros, np.zeros(robots), nobody, nobody, zeros, {})


def rollout(reward: torch.Tensor, done: torch.Tensor, cut: torch.Tensor) -> Rollout:
    steps, robots = reward.shape
    seen = torch.zeros(steps, robots, 2)
    action = torch.randn(steps, robots, 1)
    return Rollout(seen, seen, action, torch.zeros_like(action), reward, done, cut, seen, {}, 0)


def with_value(value: float) -> Ppo:
    """Learner whose critic says the same everywhere."""
    torch.manual_seed(0)
    ppo = Ppo(2, 2, 1, PARAMETERS)
    with torch.no_grad():
        for parameter in ppo.critic.parameters():
            parameter.zero_()
        ppo.critic.body[-1].bias.fill_(value)
    return ppo


def test_returns_are_those_worked_out_by_hand() -> None:
    """V = 1, gamma 0.9, lambda 0.5, rewards 1, 2, then a fall with -1.

    deltas: 1 + 0.9 - 1 = 0.9; 2 + 0.9 - 1 = 1.9; -1 - 1 = -2.
    advantages: -2; 1.9 - 0.45 * 2 = 1.0; 0.9 + 0.45 * 1.0 = 1.35. Returns: 2.35, 2.0, -1.
    """
    reward = torch.tensor([[1.0], [2.0], [-1.0]])
    done = torch.tensor([[0.0], [0.0], [1.0]])
    _, target = with_value(1.0)._advantages(rollout(reward, done, 0.0 * done), last_step(1))
    assert target.flatten().tolist() == pytest.approx([2.35, 2.0, -1.0])


def test_an_episode_that_is_only_cut_goes_on_with_its_value() -> None:
    """The last reward gets 0.9 * 1 on top: delta -0.1 + ... = -1 + 0.9 - 1 = -1.1, return -0.1."""
    reward, done = torch.tensor([[-1.0]]), torch.tensor([[1.0]])
    _, target = with_value(1.0)._advantages(rollout(reward, done, done), last_step(1))
    assert target.flatten().tolist() == pytest.approx([-0.1])


def test_a_critic_that_learns_alone_leaves_the_actor_and_its_moments_untouched() -> None:
    ppo = with_value(0.0)
    before = {name: value.clone() for name, value in ppo.actor.state_dict().items()}
    ppo.critic_only = True
    reward = torch.ones(8, 4)
    ppo.update(rollout(reward, 0.0 * reward, 0.0 * reward), last_step(4), 0.01)
    assert all(torch.equal(before[name], v) for name, v in ppo.actor.state_dict().items())
    assert not any(parameter in ppo.optimiser.state for parameter in ppo.actor.parameters())
    assert any(parameter in ppo.optimiser.state for parameter in ppo.critic.parameters())


def test_actions_that_pay_become_likelier() -> None:
    """One step long, the reward is the action itself: its mean must rise."""
    torch.manual_seed(1)
    ppo = Ppo(2, 2, 1, PARAMETERS)
    for _ in range(20):
        seen = torch.zeros(4, 64, 2)
        with torch.no_grad():
            mean = ppo.actor(seen)
            action = mean + ppo.actor.deviation * torch.randn_like(mean)
        done = torch.ones(4, 64)
        happened = Rollout(seen, seen, action, mean, action[..., 0], done, 0 * done, seen, {}, 0)
        ppo.update(happened, last_step(64), 0.02)
    assert float(ppo.actor(torch.zeros(2)).detach()) > 0.3


def test_the_clone_pulls_as_far_as_its_weight_says() -> None:
    """Without any reward, the anchor alone brings the actor to the clone."""
    torch.manual_seed(2)
    ppo = Ppo(2, 2, 1, PARAMETERS)
    clone = Actor(2, (16,), 1, 0.5, 0.1)
    with torch.no_grad():
        clone.body[-1].bias.fill_(0.3)
    ppo.anchor, ppo.anchor_weight = clone, 50.0
    for _ in range(40):
        zeros = torch.zeros(8, 16)
        happened = rollout(zeros, zeros, zeros)
        happened.mean = ppo.actor(happened.observation).detach()
        happened.action = happened.mean.clone()
        report = ppo.update(happened, last_step(16), 0.05)
    assert report.anchor < 0.02


def test_the_learning_rate_falls_when_the_policy_moves_too_far_and_rises_when_too_little() -> None:
    ppo = with_value(0.0)
    ppo.rate = 1e-3
    ppo._adapt(0.05, 0.01)
    assert ppo.rate == pytest.approx(1e-3 / 1.5)
    actor, critic = (group["lr"] for group in ppo.optimiser.param_groups)
    assert (actor, critic) == (ppo.rate, PARAMETERS.critic_rate)
    ppo._adapt(0.001, 0.01)
    assert ppo.rate == pytest.approx(1e-3)


def test_density_and_divergence_of_gaussians() -> None:
    """Densities at one and no deviation differ by exp(-1/2); KL of N(0,1) from N(1,1) is 1/2."""
    one, zero = torch.ones(1, 1), torch.zeros(1, 1)
    unit = torch.ones(1)
    difference = log_density(one, zero, unit) - log_density(zero, zero, unit)
    assert float(difference) == pytest.approx(-0.5)
    assert float(divergence(one, unit, zero, unit)) == pytest.approx(0.5)


def test_standing_robots_are_shaken_less() -> None:
    actor = Actor(9, (8,), 2, 0.5, 0.1)
    seen = torch.zeros(3, 9)
    seen[0, 5:7] = 1.0  # both sines 0, both cosines 1: the clock stands still
    seen[1, 3:7] = torch.tensor([0.0, 0.0, 1.0, -1.0])  # the moment before a swing
    seen[2, 3:7] = torch.tensor([0.6, -0.6, 0.8, -0.8])
    found = actor.deviation_at(seen).detach()
    assert found[0].tolist() == pytest.approx([0.5 * STANDING_SHARE] * 2)
    assert found[1:].flatten().tolist() == pytest.approx([0.5] * 4)
