"""Time to market: what it took to make a contestant, from what training and configuration left.

Nothing is remembered: samples and CPU seconds come from the ``summary.json`` that ``wm train``
writes, or from the model card that it writes of that; lines of configuration from the files. What
no file tells has no value, and its method says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wm_bringup.costs.fact import Fact, Facts
from wm_control.configuration.parameters import read_yaml
from wm_control.drivers import MPC, POLICY, preference_of
from wm_control.robot.sources import robot_file
from wm_policy.models import shipped_policy

SHARED = ("robot", "estimator", "arbiter")
"""Parts of a robot's folder that every contestant needs; what one does not say is derived."""

OWN: Mapping[str, str] = {MPC: "model_based", POLICY: "training"}
"""The part that only one driver needs; a policy's manifest is written by ``wm train``."""

_BARS = Path(__file__).parent / "bars"

NOT_MEASURED = "not measured: no training log or card beside the policy"


@dataclass(frozen=True, slots=True)
class TrainingLog:
    """What a training run says of itself. met: the bar of ``config/suites/bar.yaml``."""

    samples: int
    cpu_seconds: float
    met: bool | None
    source: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """Lines that say something, and the values in them."""

    lines: int
    values: int

    def __add__(self, other: Configuration) -> Configuration:
        """Both files."""
        return Configuration(self.lines + other.lines, self.values + other.values)


def read_log(policy: Path) -> TrainingLog | None:
    """Find a policy's log: its run's summary, else the card beside it; None without either.

    policy: its manifest or network; the card has the manifest's name.
    """
    folder = policy if policy.is_dir() else policy.parent
    for path in (folder / "summary.json", folder.parent / "summary.json"):
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            if {"samples", "cpu_seconds"} <= content.keys():
                return log_of_summary(content, path.name)
    card = policy.with_suffix(".md")
    return log_of_card(card.read_text(encoding="utf-8"), card.name) if card.is_file() else None


def log_of_summary(content: Mapping[str, Any], source: str) -> TrainingLog:
    """Log of a run's ``summary.json``; ``met`` is missing before the exam."""
    return TrainingLog(content["samples"], content["cpu_seconds"], content.get("met"), source)


_ALL = re.compile(r"^\| all \| ([\d,]+) \| (\d+) (s|min) \|$", re.MULTILINE)
_VERDICT = re.compile(r"\*\*the bar is (not )?met")


def log_of_card(text: str, source: str) -> TrainingLog | None:
    """Log of a model card, where times are rounded to minutes; None for another kind of card."""
    row, verdict = _ALL.search(text), _VERDICT.search(text)
    if row is None:
        return None
    seconds = float(row[2]) * (60.0 if row[3] == "min" else 1.0)
    met = None if verdict is None else verdict[1] is None
    return TrainingLog(int(row[1].replace(",", "")), seconds, met, source)


def configuration(path: Path) -> Configuration:
    """Count a YAML file: lines that are neither empty nor comments; numbers, words and flags."""
    text = path.read_text(encoding="utf-8")
    told = (line.strip() for line in text.splitlines())
    lines = sum(bool(line) and not line.startswith("#") for line in told)
    return Configuration(lines, _leaves(yaml.safe_load(text)))


def _leaves(content: object) -> int:
    if isinstance(content, Mapping):
        return sum(map(_leaves, content.values()))
    if isinstance(content, list):
        return sum(map(_leaves, content))
    return 1


def walked_bars(robot: str) -> dict[str, bool]:
    """Say which drivers of a shipped robot met the fixed bar, by ``bars/ROBOT.yaml``.

    That is for drivers that no training judged; empty for a robot without such a file.
    """
    path = _BARS / f"{robot}.yaml"
    if not path.is_file():
        return {}
    return {name: bool(one["met"]) for name, one in read_yaml(path).items()}


def made(
    controller: str,
    robot: str,
    policy: Path | None = None,
    overlay: Path | None = None,
    bars_met: Mapping[str, bool] | None = None,
) -> Facts:
    """Say what it took to make who may drive on this robot. policy: None for our own.

    bars_met: whether a driver met the fixed bar, where that was walked; it goes before what a
    policy's log says. None: as ``walked_bars``.
    """
    drivers = preference_of(controller)
    policy = policy or shipped_policy()
    logs = [_log(name, policy) for name in drivers]
    bars = walked_bars(robot) if bars_met is None else dict(bars_met)
    shared = _sum([robot_file(robot).with_name(f"{part}.yaml") for part in SHARED])
    own = _sum(_own_files(drivers, robot, policy, overlay))
    return {
        **_learned(logs),
        "bar_met": _bar(drivers, logs, bars),
        "configuration_lines": Fact(
            shared.lines + own.lines,
            "lines",
            "Lines of YAML that somebody wrote for this robot, neither empty nor comments.",
            f"counted: {shared.lines} that every contestant needs, {own.lines} of its own",
        ),
        "configuration_values": Fact(
            shared.values + own.values,
            "",
            "Numbers, words and flags in these files.",
            f"counted: {shared.values} that every contestant needs, {own.values} of its own",
        ),
    }


def _log(name: str, policy: Path) -> TrainingLog | None:
    if name == MPC:
        return TrainingLog(0, 0.0, None, "nothing is learned")
    return read_log(policy)


def _learned(logs: Sequence[TrainingLog | None]) -> Facts:
    """Add up samples and CPU seconds of all drivers; no value where one has no log."""
    known = [log for log in logs if log is not None]
    whole = len(known) == len(logs)
    method = f"logged: {', '.join(log.source for log in known)}" if whole else NOT_MEASURED
    return {
        "training_samples": Fact(
            float(sum(log.samples for log in known)) if whole else None,
            "samples",
            "Control steps of the policy that were simulated or shown until it was exported.",
            method,
        ),
        "training_cpu_seconds": Fact(
            sum(log.cpu_seconds for log in known) if whole else None,
            "s",
            "CPU seconds of demonstrations, imitation and reinforcement; no GPU, no exam.",
            method,
        ),
    }


def _bar(
    drivers: Sequence[str], logs: Sequence[TrainingLog | None], bars: Mapping[str, bool]
) -> Fact:
    """1 where some driver is known to meet the bar alone, 0 where all are known not to."""
    said = {name: log.met for name, log in zip(drivers, logs, strict=True) if log is not None}
    found = [bars.get(name, said.get(name)) for name in drivers]
    value = 1.0 if True in found else None if None in found else 0.0
    sources = [
        f"{name}: {'walked' if name in bars else log.source if log else ''}"
        for name, log in zip(drivers, logs, strict=True)
        if name in bars or said.get(name) is not None
    ]
    method = f"logged ({', '.join(sources)})" if value is not None else "not measured"
    definition = "Whether a driver alone meets config/suites/bar.yaml (1) or not (0)."
    return Fact(value, "yes or no", definition, method)


def _own_files(
    drivers: Sequence[str], robot: str, policy: Path, overlay: Path | None
) -> list[Path]:
    """Files that only these drivers need; of a policy from elsewhere what completes it."""
    files = []
    for name in drivers:
        if name == POLICY and read_log(policy) is None:
            files += [overlay] if overlay is not None else []
        else:
            files.append(robot_file(robot).with_name(f"{OWN[name]}.yaml"))
    return files


def _sum(files: Sequence[Path]) -> Configuration:
    """Count all that are there."""
    total = Configuration(0, 0)
    for path in files:
        if path.is_file():
            total += configuration(path)
    return total
