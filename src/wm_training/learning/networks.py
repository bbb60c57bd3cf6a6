"""The student and the critic: small multilayer perceptrons in torch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from wm_training.learning.network_graph import Layer

FIRST_GAIN = 0.01
"""Scale of the output layer at the start, so that training begins near the reference gait."""


STANDING_SHARE = 0.3
"""Of the deviation, for robots that stand."""


def perceptron(inputs: int, hidden: Sequence[int], outputs: int) -> nn.Sequential:
    """Linear layers with ELU between them."""
    layers: list[nn.Module] = []
    width = inputs
    for size in hidden:
        layers += [nn.Linear(width, size), nn.ELU()]
        width = size
    layers.append(nn.Linear(width, outputs))
    return nn.Sequential(*layers)


class Actor(nn.Module):
    """Mean of the actions by observation, and one standard deviation per action.

    most: no deviation is larger than this now.
    """

    def __init__(
        self, inputs: int, hidden: Sequence[int], outputs: int, deviation: float, least: float
    ) -> None:
        """deviation: of the actions at the start; least: it never becomes smaller."""
        super().__init__()
        self.body = perceptron(inputs, hidden, outputs)
        last = self.body[-1]
        assert isinstance(last, nn.Linear)
        with torch.no_grad():
            last.weight.mul_(FIRST_GAIN)
            last.bias.zero_()
        self.log_deviation = nn.Parameter(torch.full((outputs,), deviation).log())
        self._least = least
        self.most = math.inf

    def forward(self, observation: Tensor) -> Tensor:
        """(n, outputs) mean."""
        mean: Tensor = self.body(observation)
        return mean

    @property
    def deviation(self) -> Tensor:
        """(outputs,) standard deviation of robots that walk."""
        return self.log_deviation.exp().clamp(min=self._least, max=self.most)

    def deviation_at(self, observation: Tensor) -> Tensor:
        """(n, outputs) standard deviation; shaken by as much as walkers, nobody would stand."""
        share = torch.where(_standing(observation), STANDING_SHARE, 1.0)
        return share[:, None] * self.deviation


class Critic(nn.Module):
    """Value of a situation, from the privileged observation."""

    def __init__(self, inputs: int, hidden: Sequence[int]) -> None:
        """One output."""
        super().__init__()
        self.body = perceptron(inputs, hidden, 1)

    def forward(self, privileged: Tensor) -> Tensor:
        """(n,) value."""
        value: Tensor = self.body(privileged).squeeze(-1)
        return value


def _standing(observation: Tensor) -> Tensor:
    """(n,) robots whose clock stands still: both sines are zero and both cosines one."""
    sines, cosines = observation[:, 3:5], observation[:, 5:7]
    still: Tensor = (sines.abs() < 1e-6).all(-1) & (cosines > 0.5).all(-1)
    return still


def layers_of(actor: Actor) -> list[Layer]:
    """Weights and biases of the actor's linear layers, in order, for the export."""
    linear = [layer for layer in actor.body if isinstance(layer, nn.Linear)]
    return [Layer(x.weight.detach().numpy(), x.bias.detach().numpy()) for x in linear]


def log_density(action: Tensor, mean: Tensor, deviation: Tensor) -> Tensor:
    """(n,) logarithm of the Gaussian density, without its constant."""
    normal = (action - mean) / deviation
    return -0.5 * normal.square().sum(-1) - deviation.log().sum(-1)


def divergence(mean: Tensor, deviation: Tensor, old_mean: Tensor, old_deviation: Tensor) -> Tensor:
    """(n,) KL divergence of the old Gaussian from the new one."""
    ratio = old_deviation / deviation
    shift = (old_mean - mean) / deviation
    return 0.5 * (ratio.square() + shift.square() - 1.0 - 2.0 * ratio.log()).sum(-1)
