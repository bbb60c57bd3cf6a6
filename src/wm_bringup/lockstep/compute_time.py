"""How long a computation takes, as a distribution measured once and replayed with a seed.

Lock-step runs hold the previous command for a drawn compute time, so that they are both
deterministic and honest about the target computer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass as schema

from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.errors import ParameterError
from wm_control.types import Array

_AT_ONCE = 256
"""Times that are drawn together."""

Seconds = Annotated[float, Field(ge=0.0, le=10.0)]


@schema(frozen=True, slots=True, config=STRICT)
class _File:
    """A measured distribution: either all ``samples`` or some ``percentiles``, both in seconds."""

    name: str = ""
    machine: str = ""
    samples: tuple[Seconds, ...] = ()
    percentiles: dict[float, Seconds] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ComputeTime:
    """A distribution as its quantile function.

    probabilities: (m,) rising from 0 to 1. times: (m,) [s], not falling.
    """

    probabilities: Array
    times: Array

    @staticmethod
    def constant(time: float) -> ComputeTime:
        """Return a distribution of one time [s] only."""
        return ComputeTime(np.array([0.0, 1.0]), np.array([time, time]))

    @staticmethod
    def from_samples(samples: Sequence[float] | Array) -> ComputeTime:
        """Distribution of measured times [s]; ParameterError when there are none or bad ones."""
        times = np.sort(np.array(samples, dtype=float))
        if times.size == 0 or not np.isfinite(times).all() or times[0] < 0.0:
            raise ParameterError("samples", times.size, "finite times >= 0 s, at least one")
        if times.size == 1:
            return ComputeTime.constant(float(times[0]))
        return ComputeTime(np.linspace(0.0, 1.0, times.size), times)

    @staticmethod
    def from_percentiles(percentiles: dict[float, float]) -> ComputeTime:
        """Linear between the given percentiles (0 to 100 -> [s]), constant outside of them."""
        keys = sorted(percentiles)
        times = np.array([percentiles[key] for key in keys])
        if not keys or not (keys[0] >= 0.0 and keys[-1] <= 100.0):
            raise ParameterError("percentiles", keys, "at least one, between 0 and 100")
        if np.any(np.diff(times) < 0.0):
            raise ParameterError("percentiles", times.tolist(), "times must not fall")
        inner = np.array(keys) / 100.0
        return ComputeTime(
            np.concatenate(([0.0], inner, [1.0])), np.concatenate((times[:1], times, times[-1:]))
        )

    @staticmethod
    def load(path: Path) -> ComputeTime:
        """Read a YAML or JSON file; ParameterError names file, key and what was expected."""
        content = load_parameters(_File, _read_json(path) if path.suffix == ".json" else path)
        if bool(content.samples) == bool(content.percentiles):
            raise ParameterError(
                "samples", len(content.samples), "give either samples or percentiles", str(path)
            )
        if content.samples:
            return ComputeTime.from_samples(content.samples)
        return ComputeTime.from_percentiles(dict(content.percentiles))

    def quantile(self, probability: float) -> float:
        """Time [s] that is exceeded with probability 1 - ``probability``."""
        return float(np.interp(probability, self.probabilities, self.times))

    def draws(self, seed: int) -> ComputeTimeDraws:
        """One reproducible sequence of draws."""
        return ComputeTimeDraws(self, np.random.default_rng(seed))


class ComputeTimeDraws:
    """An endless sequence of compute times."""

    def __init__(self, distribution: ComputeTime, rng: np.random.Generator) -> None:
        """Draw from ``distribution`` with ``rng``, which nobody else should use."""
        self._distribution, self._rng = distribution, rng
        self._drawn: Iterator[float] = iter(())

    def next(self) -> float:
        """Draw the next compute time [s]; many at once, which costs a fifth of one by one."""
        drawn = next(self._drawn, None)
        if drawn is None:
            d, probabilities = self._distribution, self._rng.random(_AT_ONCE)
            self._drawn = iter(np.interp(probabilities, d.probabilities, d.times).tolist())
            drawn = next(self._drawn)
        return drawn


def _read_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ParameterError(str(path), None, f"cannot be read as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ParameterError(str(path), type(content).__name__, "must be a mapping")
    return content
