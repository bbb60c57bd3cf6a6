"""The course of a training run as a picture."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

_PANELS = (
    ("reward", "reward per second"),
    ("falls", "falls per robot and minute"),
    ("difficulty", "difficulty"),
    ("deviation", "deviation of the actions"),
    ("kl", "KL divergence per iteration"),
)


def read_curves(path: Path) -> list[dict[str, Any]]:
    """Lines of a run's log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def draw_curves(log: Path, picture: Path) -> None:
    """Draw reward, falls, difficulty and the reward's terms over millions of samples."""
    rows = read_curves(log)
    samples = np.array([row["samples"] for row in rows]) / 1e6
    figure, axes = plt.subplots(2, 3, figsize=(13, 7), layout="constrained")
    for axis, (name, label) in zip(axes.flat[:5], _PANELS, strict=True):
        axis.plot(samples, [row[name] for row in rows], color="0.8", linewidth=0.7)
        axis.plot(samples, _smooth(np.array([row[name] for row in rows])), linewidth=1.5)
        axis.set_title(label)
    axes.flat[1].set_ylim(0.0, 30.0)
    _terms(axes.flat[5], samples, rows)
    for axis in axes.flat:
        axis.set_xlabel("million samples")
        axis.grid(alpha=0.3)
    figure.savefig(picture, dpi=110)
    plt.close(figure)


def _terms(axis: Axes, samples: np.ndarray, rows: list[dict[str, Any]]) -> None:
    """Draw the eight terms that weigh most at the end."""
    last = rows[-1]["terms"]
    for name in sorted(last, key=lambda name: -abs(last[name]))[:8]:
        values = np.array([row["terms"].get(name, np.nan) for row in rows])
        axis.plot(samples, _smooth(values), linewidth=1.2, label=name)
    axis.set_title("largest terms of the reward")
    axis.legend(fontsize=7)


def _smooth(values: np.ndarray, width: int = 15) -> np.ndarray:
    """Return the moving mean, as long as the values."""
    padded = np.pad(values, (width // 2, width - 1 - width // 2), mode="edge")
    smooth: np.ndarray = np.convolve(padded, np.full(width, 1.0 / width), mode="valid")
    return smooth
