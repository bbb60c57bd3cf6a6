"""Pre-training: lessons from the model-based controller, and the clone that comes of them."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from wm_control.errors import WmError
from wm_control.robot.description import RobotDescription
from wm_training.learning.export import save_policy
from wm_training.learning.imitation import canonical, fit
from wm_training.learning.networks import Actor, layers_of
from wm_training.learning.observing import network_width
from wm_training.learning.student import build_student
from wm_training.run_folder import TrainingRun
from wm_training.teaching.demonstrations import Demonstrations, Lesson, teach

Report = Callable[[str, float], None]
"""Told what is being done, and which share of the stage is done."""

CLONE = "clone.pt"


class PretrainingError(WmError):
    """The lessons gave nothing to learn from."""


@dataclass(frozen=True, slots=True)
class Pretraining:
    """What pre-training left. samples: examples. losses: on held-out examples, per round."""

    clone: Actor
    samples: int
    demonstration_seconds: float
    teaching_cpu: float
    fitting_cpu: float
    falls: int
    losses: tuple[float, ...]


def new_actor(run: TrainingRun, description: RobotDescription) -> Actor:
    """Make the student's network, with the run's seed."""
    torch.manual_seed(run.seed)
    p = run.parameters
    student = build_student(description, p)
    inputs, outputs = network_width(student), student.outputs
    return Actor(inputs, p.ppo.hidden, outputs, p.ppo.deviation, p.ppo.least_deviation)


def pretrain(run: TrainingRun, description: RobotDescription, report: Report) -> Pretraining:
    """All rounds of DAgger; lessons that are in the folder already are not given again."""
    p = run.parameters.imitation
    done = run.folder / CLONE
    actor = new_actor(run, description)
    if done.is_file():
        content = torch.load(done, weights_only=True)
        actor.load_state_dict(content.pop("actor"))
        return Pretraining(actor, **{**content, "losses": tuple(content["losses"])})
    lessons_per_round = max(1, round(p.seconds / p.rounds / p.lesson))
    losses: list[float] = []
    fitting = 0.0
    data: Demonstrations | None = None
    for number in range(p.rounds):
        save_policy(layers_of(actor), description, run.parameters, run.student, "student")
        share = p.student_share * number / max(1, p.rounds - 1)
        first = number * lessons_per_round
        for k, lesson in enumerate(_lessons(run, first, lessons_per_round, share)):
            data = lesson if data is None or not len(data) else data.joined(lesson)
            total = p.rounds * lessons_per_round
            report(f"lesson {first + k + 1} of {total}", (first + k + 1) / total)
        if data is None or len(data) < 2 * p.batch:
            raise PretrainingError(
                f"{run.lessons}: {0 if data is None else len(data)} examples, expected at least "
                f"{2 * p.batch}: imitation.seconds is too short, or the teacher falls"
            )
        begin = time.process_time()
        losses.append(_fit(run, description, actor, data))
        fitting += time.process_time() - begin
    logs = [json.loads(path.read_text()) for path in sorted(run.lessons.glob("*.json"))]
    assert data is not None
    result = Pretraining(
        clone=actor,
        samples=len(data),
        demonstration_seconds=sum(log["seconds"] for log in logs),
        teaching_cpu=sum(log["cpu"] for log in logs),
        fitting_cpu=fitting,
        falls=sum(log["fell"] for log in logs),
        losses=tuple(losses),
    )
    _save(done, result)
    return result


def _save(path: Path, result: Pretraining) -> None:
    content = {
        "actor": result.clone.state_dict(),
        "samples": result.samples,
        "demonstration_seconds": result.demonstration_seconds,
        "teaching_cpu": result.teaching_cpu,
        "fitting_cpu": result.fitting_cpu,
        "falls": result.falls,
        "losses": list(result.losses),
    }
    part = path.with_suffix(".part")
    torch.save(content, part)
    part.replace(path)


def _fit(
    run: TrainingRun, description: RobotDescription, actor: Actor, data: Demonstrations
) -> float:
    p = run.parameters
    seen, said = canonical(data.observation, data.label, build_student(description, p))
    torch.set_num_threads(run.jobs)
    return fit(actor, seen, said, p.imitation)


def _lessons(run: TrainingRun, first: int, count: int, share: float) -> Iterator[Demonstrations]:
    """Give the lessons of one round, or read those that were given."""
    run.lessons.mkdir(parents=True, exist_ok=True)
    work = [
        (run.lessons / f"{number:04d}.npz", run.student, _seed(run, number), run, share)
        for number in range(first, first + count)
    ]
    if run.jobs <= 1:
        yield from map(_lesson, work)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(run.jobs, mp_context=context) as pool:
        yield from pool.map(_lesson, work)


def _seed(run: TrainingRun, number: int) -> int:
    return 100_000 * (run.seed + 1) + number


def _lesson(work: tuple[Path, Path, int, TrainingRun, float]) -> Demonstrations:
    path, student, seed, run, share = work
    if path.is_file():
        return Demonstrations.load(path)
    begin = time.process_time()
    lesson: Lesson = teach(run.robot, student, seed, run.parameters.imitation, share)
    log = {
        "seed": seed,
        "seconds": lesson.seconds,
        "fell": lesson.fell,
        "student_share": share,
        "examples": len(lesson.demonstrations),
        "cpu": time.process_time() - begin,
    }
    path.with_suffix(".json").write_text(json.dumps(log) + "\n", encoding="utf-8")
    lesson.demonstrations.save(path)
    return lesson.demonstrations
