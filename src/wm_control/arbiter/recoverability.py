"""Whether a driver will still save the robot from here, as a network learned from simulations.

One small network for each driver, made by ``wm recoverability`` from branched simulations of pushed
robots: it is given what the arbiter sees, and tells how probable a fall is if that driver has the
robot from now on. All it sees is told from the sole that carries, mirrored so that the other foot
is on the same side always: left and right are learned from the same examples.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, inf
from typing import Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.arbiter.look import Look
from wm_control.arbiter.parameters import ArbiterParameters
from wm_control.configuration.parameters import STRICT
from wm_control.errors import ParameterError
from wm_control.types import LEFT, RIGHT, Array, Estimate

FEATURES: Final = (
    *("dcm_ahead", "dcm_outward", "com_ahead", "com_outward", "com_up"),
    *("swing_ahead", "swing_outward", "swing_up", "load_share"),
    *("tilt_ahead", "tilt_outward", "roll_rate", "pitch_rate", "yaw_rate"),
    *("velocity_ahead", "velocity_outward", "velocity_up", "roll_momentum", "pitch_momentum"),
    *("impulse_ahead", "impulse_outward", "capture_margin"),
)
"""What a network is given, in this order. ``ahead``: along the heading of the base; ``outward``:
level, towards the side of the foot that carries less. Places in metres from the sole that carries.
tilt: level part of the base's z axis. Rates are the base's own [rad/s], momenta angular, about the
centre of mass [kg·m²/s]; impulse: unexplained [N·s]."""


def features(
    look: Look, estimate: Estimate, impulse: tuple[float, float], margin: float
) -> tuple[float, ...]:
    """Values of ``FEATURES``. impulse: unexplained, x and y in world [N·s]. margin: capture [m]."""
    foot = look.carrying
    other = RIGHT if foot == LEFT else LEFT
    stance, swing = look.soles[foot], look.soles[other]
    x, y, z, w = estimate.base_orientation.tolist()
    up = (2.0 * (x * z + w * y), 2.0 * (y * z - w * x))
    across, along = 2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)
    length = (across * across + along * along) ** 0.5 or 1.0
    c, s = along / length, across / length
    side = -1.0 if foot == LEFT else 1.0

    def seen(east: float, north: float) -> tuple[float, float]:
        return c * east + s * north, side * (c * north - s * east)

    def from_sole(point: tuple[float, ...]) -> tuple[float, float]:
        return seen(point[0] - stance[0], point[1] - stance[1])

    roll, pitch, yaw = estimate.base_angular_velocity_in_base.tolist()
    ahead, left, rise = estimate.base_velocity_in_base.tolist()
    loads = look.wrenches[foot][0][2], look.wrenches[other][0][2]
    about_x, about_y, _ = look.angular
    return (
        *from_sole(look.dcm(foot)),
        *from_sole(look.com),
        look.com[2] - stance[2],
        *from_sole(swing),
        swing[2] - stance[2],
        loads[0] / (abs(loads[0]) + abs(loads[1]) + 1.0),
        *seen(*up),
        side * roll,  # what turns, turns the other way in a mirror, but about the axis across
        pitch,
        side * yaw,
        ahead,
        side * left,
        rise,
        side * (c * about_x + s * about_y),
        c * about_y - s * about_x,
        *seen(*impulse),
        margin,
    )


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class FallNetwork:
    """One hidden layer: p = 1 / (1 + exp(-(o · tanh(W (x - mean) / deviation + b) + c)))."""

    mean: tuple[float, ...] = Field(description="of each feature")
    deviation: tuple[float, ...] = Field(description="of each feature")
    hidden: tuple[tuple[float, ...], ...] = Field(description="W, a row per unit")
    bias: tuple[float, ...] = Field(description="b, of each unit")
    output: tuple[float, ...] = Field(description="o, of each unit")
    offset: float = Field(description="c")

    def __post_init__(self) -> None:
        """ParameterError for shapes that do not fit."""
        wide, units = len(FEATURES), len(self.bias)
        rows = (self.mean, self.deviation, *self.hidden)
        if any(len(row) != wide for row in rows) or not min(self.deviation) > 0.0:
            raise ParameterError("hidden", len(self.hidden), f"must have {wide} columns")
        if not len(self.hidden) == len(self.output) == units:
            raise ParameterError("output", len(self.output), f"must have {units} units")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Recoverability:
    """A robot's ``recoverability.yaml``. card: how it was made, and how good it is, for people."""

    features: tuple[str, ...] = Field(default=FEATURES, description="that it was made for")
    drivers: dict[str, FallNetwork] = Field(default_factory=dict)
    card: dict[str, object] = Field(default_factory=dict)

    def __post_init__(self) -> None:
        """ParameterError for networks that were made for other features."""
        if self.features != FEATURES:
            raise ParameterError("features", self.features, f"must be {', '.join(FEATURES)}")

    def check(self, parameters: ArbiterParameters) -> None:
        """ParameterError for a driver that is to yield to a risk that nobody can tell."""
        for name, limits in parameters.drivers.items():
            if limits.risk < inf and name not in self.drivers:
                key = f"arbiter.drivers.{name}.risk"
                bound = f"needs a network: there is none of {name} in recoverability.yaml"
                raise ParameterError(key, limits.risk, bound)


UNKNOWN: Final = Recoverability()
"""Of a robot of which nobody learned it."""


class FallForecast:
    """Evaluates the networks of all drivers as one."""

    def __init__(self, networks: Mapping[str, FallNetwork]) -> None:
        """Fold means and deviations into the weights."""
        self.drivers = tuple(networks)
        layers = [_folded(network) for network in networks.values()]
        nobody = np.empty((0, len(FEATURES))), np.empty(0)
        self._hidden: Array = np.concatenate([nobody[0], *(rows for rows, _ in layers)])
        self._bias: Array = np.concatenate([nobody[1], *(bias for _, bias in layers)])
        self._output: Array = np.zeros((len(layers), len(self._bias)))
        self._offset: Array = np.array([network.offset for network in networks.values()])
        start = 0
        for row, network in enumerate(networks.values()):
            self._output[row, start : start + len(network.output)] = network.output
            start += len(network.output)

    def __call__(self, seen: tuple[float, ...]) -> dict[str, float]:
        """Probability of a fall under each driver from here on; NaN for features that are NaN."""
        hidden = np.tanh(self._hidden @ np.array(seen) + self._bias)
        logits = (self._output @ hidden + self._offset).tolist()
        return dict(zip(self.drivers, map(_probability, logits), strict=True))


def _folded(network: FallNetwork) -> tuple[Array, Array]:
    rows = np.array(network.hidden) / np.array(network.deviation)
    return rows, np.array(network.bias) - rows @ np.array(network.mean)


def _probability(logit: float) -> float:
    return 1.0 / (1.0 + exp(-min(max(logit, -500.0), 500.0))) if logit == logit else logit
