"""Proximal policy optimisation of our own: small, on CPU, with a bound to a teacher's clone.

Schulman et al., Proximal Policy Optimization Algorithms (2017), with generalised advantages
(Schulman et al. 2016) and a learning rate that follows the KL divergence, as rsl_rl and others do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wm_training.learning.env import Step, TrainingEnvironment
from wm_training.learning.networks import Actor, Critic, divergence, log_density
from wm_training.learning.parameters import PpoParameters


@dataclass(slots=True)
class Rollout:
    """What happened in one iteration: (steps, robots, ...) tensors."""

    observation: Tensor
    privileged: Tensor
    action: Tensor
    mean: Tensor
    reward: Tensor
    done: Tensor
    bootstrap: Tensor
    last_privileged: Tensor
    terms: dict[str, float]
    falls: int


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """How an update went; ``kl`` of the whole update."""

    kl: float
    value_loss: float
    rate: float
    deviation: float
    anchor: float


def collect(
    env: TrainingEnvironment, actor: Actor, first: Step, steps: int
) -> tuple[Rollout, Step]:
    """Let the actor drive for ``steps`` control steps; returns what happened, and the last step."""
    seen: list[tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]] = []
    terms: dict[str, float] = {}
    falls, current = 0, first
    with torch.no_grad():
        for _ in range(steps):
            observation = torch.from_numpy(current.observation)
            privileged = torch.from_numpy(current.privileged)
            mean = actor(observation)
            action = mean + actor.deviation_at(observation) * torch.randn_like(mean)
            current = env.step(action.numpy())
            falls += int(current.fell.sum())
            for name, value in current.terms.items():
                terms[name] = terms.get(name, 0.0) + value / steps
            seen.append(
                (
                    observation,
                    privileged,
                    action,
                    mean,
                    _floats(current.reward),
                    _floats(current.fell | current.timed_out),
                    _floats(current.timed_out),
                    torch.from_numpy(current.last_privileged),
                )
            )
    o, p, a, m, r, d, b, last = (torch.stack(parts) for parts in zip(*seen, strict=True))
    return Rollout(o, p, a, m, r, d, b, last, terms, falls), current


def _floats(values: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


class Ppo:
    """Networks, optimiser and update."""

    def __init__(self, inputs: int, privileged: int, outputs: int, p: PpoParameters) -> None:
        """Seed torch before, for equal networks."""
        self.parameters = p
        self.actor = Actor(inputs, p.hidden, outputs, p.deviation, p.least_deviation)
        self.critic = Critic(privileged, p.hidden)
        self.rate = p.rate
        self.optimiser = torch.optim.Adam(
            [
                {"params": list(self.actor.parameters()), "lr": p.rate},
                {"params": list(self.critic.parameters()), "lr": p.critic_rate},
            ]
        )
        self.anchor: Actor | None = None
        self.anchor_weight = 0.0
        self.critic_only = False

    def update(self, rollout: Rollout, last: Step, kl_target: float) -> UpdateReport:
        """One iteration of several epochs over the rollout."""
        p = self.parameters
        with torch.no_grad():
            advantage, target = self._advantages(rollout, last)
            deviation = self.actor.deviation_at(rollout.observation.flatten(0, 1))
            anchor = None
            if self.anchor is not None and self.anchor_weight > 0.0:
                anchor = self.anchor(rollout.observation.flatten(0, 1))
        data = {
            "observation": rollout.observation.flatten(0, 1),
            "privileged": rollout.privileged.flatten(0, 1),
            "action": rollout.action.flatten(0, 1),
            "mean": rollout.mean.flatten(0, 1),
            "deviation": deviation,
            "advantage": advantage.flatten(),
            "target": target.flatten(),
        }
        if anchor is not None:
            data["anchor"] = anchor
        kl = value_loss = pulled = 0.0
        count = p.epochs * p.minibatches
        for batch in _minibatches(data, p.epochs, p.minibatches):
            step = self._minibatch(batch, kl_target)
            kl, value_loss, pulled = step[0], value_loss + step[1] / count, pulled + step[2] / count
        spread = float(self.actor.deviation.detach().mean())
        return UpdateReport(kl, value_loss, self.rate, spread, pulled)

    def _advantages(self, rollout: Rollout, last: Step) -> tuple[Tensor, Tensor]:
        """Generalised advantage estimation; episodes cut by time go on with their value."""
        p = self.parameters
        value = self.critic(rollout.privileged)
        cut = self.critic(rollout.last_privileged) * rollout.bootstrap
        reward = rollout.reward + p.gamma * cut
        following = self.critic(torch.from_numpy(last.privileged))
        advantage = torch.zeros_like(reward)
        running = torch.zeros_like(following)
        for t in reversed(range(len(reward))):
            going_on = 1.0 - rollout.done[t]
            delta = reward[t] + p.gamma * following * going_on - value[t]
            running = delta + p.gamma * p.lam * going_on * running
            advantage[t] = running
            following = value[t]
        target = advantage + value
        normal = (advantage - advantage.mean()) / (advantage.std() + 1e-6)
        return normal, target

    def _minibatch(self, batch: dict[str, Tensor], kl_target: float) -> tuple[float, float, float]:
        p = self.parameters
        value_loss = (self.critic(batch["privileged"]) - batch["target"]).square().mean()
        if self.critic_only:
            self._descend(value_loss)
            return 0.0, float(value_loss.detach()), 0.0
        mean, deviation = (
            self.actor(batch["observation"]),
            self.actor.deviation_at(batch["observation"]),
        )
        with torch.no_grad():
            kl = float(divergence(mean, deviation, batch["mean"], batch["deviation"]).mean())
            self._adapt(kl, kl_target)
            before = log_density(batch["action"], batch["mean"], batch["deviation"])
        ratio = (log_density(batch["action"], mean, deviation) - before).exp()
        advantage = batch["advantage"]
        clipped = ratio.clamp(1.0 - p.clip, 1.0 + p.clip) * advantage
        surrogate = -torch.min(ratio * advantage, clipped).mean()
        loss = (
            surrogate + p.value_weight * value_loss - p.entropy * self.actor.deviation.log().sum()
        )
        pulled = torch.zeros(())
        if "anchor" in batch:
            pulled = (mean - batch["anchor"]).square().mean()
            loss = loss + self.anchor_weight * pulled
        self._descend(loss)
        return kl, float(value_loss.detach()), float(pulled.detach())

    def _descend(self, loss: Tensor) -> None:
        """One step of the optimiser; networks without a gradient and their moments stay."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for network in (self.actor, self.critic):
            torch.nn.utils.clip_grad_norm_(network.parameters(), self.parameters.max_gradient)
        self.optimiser.step()

    def _adapt(self, kl: float, target: float) -> None:
        """Learning rate of the actor; the critic may always learn."""
        low, high = self.parameters.rate_range
        if kl > 2.0 * target:
            self.rate = max(low, self.rate / 1.5)
        elif 0.0 < kl < 0.5 * target:
            self.rate = min(high, self.rate * 1.5)
        self.optimiser.param_groups[0]["lr"] = self.rate


def _minibatches(data: dict[str, Tensor], epochs: int, count: int) -> Iterator[dict[str, Tensor]]:
    total = len(data["advantage"])
    for _ in range(epochs):
        for part in torch.randperm(total).chunk(count):
            yield {name: values[part] for name, values in data.items()}
