"""``wm train`` without its screen: pre-train, post-train, export, judge, and say what it took."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from wm_bringup.host.provenance import provenance
from wm_control.robot.description import load_robot
from wm_policy.loading import load_policy
from wm_training.card import write_card
from wm_training.learning.calibration import calibrate
from wm_training.learning.curves import draw_curves
from wm_training.learning.export import pin_golden, save_policy
from wm_training.learning.networks import layers_of
from wm_training.learning.trainer import CURVES, Trainer
from wm_training.run_folder import TrainingRun
from wm_training.teaching.pretraining import Pretraining, Report, pretrain

SUMMARY = "summary.json"


def train(run: TrainingRun, report: Report) -> dict[str, Any]:
    """Train, or go on training, until there is an exported policy; returns the summary so far."""
    run.open()
    description = load_robot(run.robot)
    before = None if run.from_scratch else pretrain(run, description, report)
    trainer = Trainer(
        description,
        run.parameters,
        run.folder,
        run.seed,
        time.process_time,
        run.jobs,
        run.budget,
    )
    if not trainer.resume() and before is not None:
        trainer.start_from(before.clone)
    while trainer.done < 1.0:
        progress = trainer.iterate()
        report(
            f"{progress.samples / 1e6:.1f} M samples, difficulty {progress.difficulty:.2f}, "
            f"reward {progress.reward:.2f}/s, {progress.falls:.1f} falls/min",
            min(1.0, trainer.done),
        )
    trainer.save()
    statistics = trainer.observation_statistics()
    layers = layers_of(trainer.ppo.actor)
    source = f"wm train --robot {run.robot} --seed {run.seed}" + (
        " --from-scratch" if run.from_scratch else ""
    )
    maps = calibrate(trainer.act, description, run.parameters, run.seed)
    manifest = save_policy(
        layers, description, run.parameters, run.policy, source, statistics, maps
    )
    pin_golden(manifest, description)
    draw_curves(run.folder / CURVES, run.folder / "curves.png")
    return write_summary(run, summary_of(run, trainer, before))


def summary_of(run: TrainingRun, trainer: Trainer, before: Pretraining | None) -> dict[str, Any]:
    """Count samples and CPU time of everything."""
    taught = 0 if before is None else before.samples
    teaching = 0.0 if before is None else before.teaching_cpu
    fitting = 0.0 if before is None else before.fitting_cpu
    return {
        "samples": taught + trainer.samples,
        "cpu_seconds": teaching + fitting + trainer.cpu_seconds,
        "stages": {
            "demonstrations": {"samples": taught, "cpu_seconds": teaching},
            "imitation": {
                "cpu_seconds": fitting,
                "losses": [] if before is None else list(before.losses),
            },
            "reinforcement": {
                "samples": trainer.samples,
                "iterations": trainer.iteration,
                "cpu_seconds": trainer.cpu_seconds,
                "difficulty": trainer.env.difficulty,
            },
        },
        "policy": str(run.policy),
        "joints": trainer.env.legs.count,
        "command": asdict(load_policy(run.policy, load_robot(run.robot)).manifest.command),
    }


def write_summary(run: TrainingRun, content: Mapping[str, Any]) -> dict[str, Any]:
    """Put what is known of a run into its folder, with where it comes from."""
    whole = {**content, **run.request(), **provenance()}
    path = run.folder / SUMMARY
    path.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    if "met" in whole:
        write_card(run.policy / f"{run.parameters.name}.md", whole)
    return whole
