"""The training run: iterations with curriculum, a log, and checkpoints from which it goes on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription
from wm_control.types import Array
from wm_training.learning.env import TrainingEnvironment
from wm_training.learning.networks import Actor
from wm_training.learning.observing import observation_mirror, observation_width
from wm_training.learning.parameters import CurriculumParameters, TrainingParameters
from wm_training.learning.ppo import Ppo, Rollout, UpdateReport, collect

CHECKPOINT = "checkpoint.pt"
CURVES = "curves.jsonl"

BUDGET_LEAD = 0.05
"""A share of the CPU time spent that is so far ahead of the iterations' decides the schedule."""


class TrainingError(WmError):
    """Training cannot go on."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One iteration, as it is logged.

    samples, cpu_seconds: since the run began, over all its processes. reward: mean per second.
    falls: per robot and minute.
    """

    iteration: int
    samples: int
    cpu_seconds: float
    difficulty: float
    reward: float
    falls: float
    kl: float
    rate: float
    deviation: float
    value_loss: float
    anchor: float
    terms: dict[str, float]


class Trainer:
    """Post-training by reinforcement, from scratch or from a clone of the teacher."""

    def __init__(
        self,
        description: RobotDescription,
        parameters: TrainingParameters,
        folder: Path,
        seed: int,
        cpu_clock: Callable[[], float],
        threads: int = 1,
        budget: float = math.inf,
    ) -> None:
        """folder: for checkpoint and curves. cpu_clock: CPU time of this process [s].

        budget: CPU time after which the run is done whatever its iterations [s].
        """
        torch.set_num_threads(threads)
        self.parameters, self.folder, self.seed = parameters, folder, seed
        self.budget = budget
        self._clock, self._spent = cpu_clock, 0.0
        self._started = cpu_clock()
        self.iteration = 0
        p = parameters.ppo
        torch.manual_seed(seed)
        self.env = TrainingEnvironment(description, parameters, p.envs, seed, threads)
        self._step = self.env.reset()
        inputs, privileged = self._step.observation.shape[1], self._step.privileged.shape[1]
        self.ppo = Ppo(inputs, privileged, self.env.student.outputs, p)
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def samples(self) -> int:
        """Control steps of single robots so far."""
        return self.iteration * self.parameters.ppo.envs * self.parameters.ppo.steps

    @property
    def cpu_seconds(self) -> float:
        """Spent so far, also before a resume."""
        return self._spent + self._clock() - self._started

    @property
    def _shares(self) -> tuple[float, float]:
        """Shares that are done: of the iterations, and of the CPU time."""
        p = self.parameters.ppo
        return self.iteration / p.iterations, self.cpu_seconds / self.budget

    @property
    def done(self) -> float:
        """Share of the run that is done: of its iterations or of its CPU time."""
        return max(self._shares)

    @property
    def _stage(self) -> float:
        """Share of the schedule: of the iterations, unless the budget will end the run before.

        Where it does not, no clock has a say and a seed gives the same run again.
        """
        iterations, spent = self._shares
        return spent if spent > iterations + BUDGET_LEAD else iterations

    def start_from(self, clone: Actor) -> None:
        """Begin with the clone's network, and stay near it at first."""
        self.ppo.actor.body.load_state_dict(clone.body.state_dict())
        self.ppo.anchor = clone

    def iterate(self) -> Progress:
        """One iteration; TrainingError when the networks are no longer finite."""
        p = self.parameters.ppo
        self._lengthen_the_leash()
        self._settle()
        rollout, self._step = collect(self.env, self.ppo.actor, self._step, p.steps)
        report = self.ppo.update(rollout, self._step, self._kl_target())
        if not np.isfinite(report.value_loss):
            raise TrainingError(f"{self.folder}: the value loss is {report.value_loss}")
        self.iteration += 1
        seconds = p.envs * p.steps / self.parameters.rate
        self.env.difficulty = next_difficulty(
            self.env.difficulty, 60.0 * rollout.falls / seconds, self.parameters.curriculum
        )
        progress = self._progress(rollout, report, seconds)
        with (self.folder / CURVES).open("a", encoding="utf-8") as log:
            log.write(json.dumps(asdict(progress)) + "\n")
        if self.iteration % p.checkpoint_every == 0:
            self.save()
        return progress

    def _lengthen_the_leash(self) -> None:
        """With a clone: first only the critic learns; then the clone's pull halves and halves."""
        if self.ppo.anchor is None:
            return
        p = self.parameters.imitation
        self.ppo.critic_only = self.iteration < p.critic_only
        self.ppo.anchor_weight = p.anchor * 0.5 ** (self.iteration / p.anchor_half_life)

    def _settle(self) -> None:
        """Bound the exploration, and make roughness dearer by as much as exploration pays less."""
        p = self.parameters.ppo
        share = (p.last_deviation / p.deviation) ** min(1.0, self._stage)
        self.ppo.actor.most = p.deviation * share
        self.env.price_of_roughness = share**-2

    def _kl_target(self) -> float:
        """Smaller towards the end, so that the policy settles."""
        p = self.parameters.ppo
        late = max(0.0, self._stage - p.anneal_from) / max(1e-9, 1.0 - p.anneal_from)
        return float(p.kl * 0.2 ** min(1.0, late))

    def _progress(self, rollout: Rollout, report: UpdateReport, seconds: float) -> Progress:
        return Progress(
            iteration=self.iteration,
            samples=self.samples,
            cpu_seconds=self.cpu_seconds,
            difficulty=self.env.difficulty,
            reward=float(rollout.reward.mean()) * self.parameters.rate,
            falls=60.0 * rollout.falls / seconds,
            kl=report.kl,
            rate=report.rate,
            deviation=report.deviation,
            value_loss=report.value_loss,
            anchor=report.anchor,
            terms=rollout.terms,
        )

    def save(self) -> None:
        """Write the checkpoint; a kill at any moment leaves a whole one."""
        content: dict[str, Any] = {
            "iteration": self.iteration,
            "seed": self.seed,
            "cpu_seconds": self.cpu_seconds,
            "difficulty": self.env.difficulty,
            "rate": self.ppo.rate,
            "actor": self.ppo.actor.state_dict(),
            "critic": self.ppo.critic.state_dict(),
            "optimiser": self.ppo.optimiser.state_dict(),
            "anchor": None if self.ppo.anchor is None else self.ppo.anchor.state_dict(),
        }
        part = self.folder / (CHECKPOINT + ".part")
        torch.save(content, part)
        part.replace(self.folder / CHECKPOINT)

    def resume(self) -> bool:
        """Go on from the checkpoint in the folder; False when there is none."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return False
        content = torch.load(path, weights_only=True)
        self.load_networks(content)
        self.ppo.optimiser.load_state_dict(content["optimiser"])
        self.ppo.rate = content["rate"]
        self.iteration, self._spent = content["iteration"], content["cpu_seconds"]
        self._started = self._clock()
        self.env.difficulty = content["difficulty"]
        torch.manual_seed(self.seed + self.iteration)
        self._trim_curves()
        return True

    def load_networks(self, content: dict[str, Any]) -> None:
        """Take over the networks of a checkpoint."""
        self.ppo.actor.load_state_dict(content["actor"])
        self.ppo.critic.load_state_dict(content["critic"])
        if content["anchor"] is not None:
            p = self.parameters.ppo
            inputs = self._step.observation.shape[1]
            outputs = self.env.student.outputs
            self.ppo.anchor = Actor(inputs, p.hidden, outputs, p.deviation, p.least_deviation)
            self.ppo.anchor.load_state_dict(content["anchor"])

    def act(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return outputs (n, outputs) of the policy as it is now, without exploration."""
        with torch.no_grad():
            found: NDArray[np.float32] = self.ppo.actor(torch.from_numpy(observation)).numpy()
        return found

    def observation_statistics(self, steps: int = 200) -> tuple[Array, Array]:
        """Mean and deviation (w,) of what the student sees while it drives itself.

        As the robot sees it: the mirror is taken off again.
        """
        student = self.env.student
        mirror, width = observation_mirror(student), observation_width(student)
        seen = []
        for _ in range(steps):
            raw = self._step.observation[:, :width].astype(np.float64)
            seen.append(mirror.where(self.env.mirrored, raw))
            self._step = self.env.step(self.act(self._step.observation))
        values = np.concatenate(seen)
        return values.mean(axis=0), values.std(axis=0)

    def _trim_curves(self) -> None:
        """Drop what was logged after the checkpoint."""
        path = self.folder / CURVES
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        kept = [line for line in lines if json.loads(line)["iteration"] <= self.iteration]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")


def next_difficulty(now: float, falls: float, p: CurriculumParameters) -> float:
    """Rise while robots fall rarely, sink while they fall often; falls: per robot and minute."""
    if falls <= p.good:
        return min(1.0, now + p.rise)
    if falls >= p.bad:
        return max(p.start, now - p.fall)
    return now
