"""Pre-training: a network that answers as the teacher did, by regression on demonstrations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import huber_loss

from wm_training.learning.mirror import second_half
from wm_training.learning.networks import Actor
from wm_training.learning.observing import observation_mirror, with_leg_motion
from wm_training.learning.parameters import ImitationParameters
from wm_training.learning.student import ACTION_BOUND, Student

Floats = NDArray[np.float32]


def canonical(observation: Floats, label: Floats, student: Student) -> tuple[Floats, Floats]:
    """From what the whole policy sees and says to what its network does.

    The reference gait is taken off the labels, the second half of the stride is mirrored, and
    standing robots, whom the network sees as they are, are taken twice: once mirrored.
    The teacher leaves the student's clock alone. observation: (k, w); label: (k, joints) actions.
    Returns both, the labels with a column for the clock, and with rows added for standing robots.
    """
    legs, sine = student.legs, observation[:, 3:5].astype(np.float64)
    own = label - student.gait.reference(sine) / student.scale
    own = np.clip(own, -ACTION_BOUND, ACTION_BOUND)
    mirror = observation_mirror(student)
    second = second_half(sine)
    standing = ~sine.any(axis=1) & (observation[:, 5:7] > 0.5).all(axis=1)
    seen = mirror.where(second, observation.astype(np.float64))
    said = legs.mirror.where(second, own)
    seen = np.concatenate((seen, mirror(observation[standing].astype(np.float64))))
    said = np.concatenate((said, legs.mirror(own[standing])))
    seen = with_leg_motion(seen, student)
    said = np.pad(said, ((0, 0), (0, student.outputs - legs.count)))
    return seen.astype(np.float32), said.astype(np.float32)


def fit(
    actor: Actor,
    observation: Floats,
    label: Floats,
    p: ImitationParameters,
    report: Callable[[int, float], None] = lambda epoch, loss: None,
) -> float:
    """Regress the actor's mean on the labels; returns the loss on a tenth that was held out."""
    x, y = torch.from_numpy(observation), torch.from_numpy(label)
    order = torch.randperm(len(x))
    held, own = order[: len(x) // 10], order[len(x) // 10 :]
    optimiser = torch.optim.Adam(actor.body.parameters(), lr=p.rate, weight_decay=p.weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, p.epochs)
    loss = torch.zeros(())
    for epoch in range(p.epochs):
        for part in torch.split(own[torch.randperm(len(own))], p.batch):
            seen = x[part] + p.noise * torch.randn_like(x[part])
            loss = huber_loss(actor(seen), y[part])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
        schedule.step()
        report(epoch, float(loss.detach()))
    with torch.no_grad():
        return float(huber_loss(actor(x[held]), y[held]))
