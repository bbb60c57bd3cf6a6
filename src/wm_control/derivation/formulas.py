"""Every parameter that a robot's own numbers decide, as a formula of them.

With ``tau``, the time constant of the template, speeds go with leg / tau and accelerations with
leg / tau²; wrenches go with the weight. The factors are those with which the G1 walks: each formula
returns what it was tuned with (docs/decisions/0039), to three digits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Any, TypeAlias

from wm_control.constants import GRAVITY
from wm_control.derivation.measures import (
    MOST_FORWARD,
    REFERENCE_LEG,
    STANDING_SHARE,
    Measures,
)

Value: TypeAlias = float | tuple[float, ...]

REFERENCE_MASS = 33.34
"""Of the G1, with which wrenches were tuned [kg]."""


@dataclass(frozen=True, slots=True)
class Formula:
    """One parameter.

    part: the file that may say otherwise; key: in it, dotted; text: the formula in words.
    """

    part: str
    key: str
    text: str
    value: Callable[[Measures], Value]


@dataclass(frozen=True, slots=True)
class Derived:
    """What a formula gives for one robot, to three digits."""

    formula: Formula
    value: Value


def _moments(m: Measures) -> float:
    return m.mass / REFERENCE_MASS * m.leg / REFERENCE_LEG


def _step_width(m: Measures) -> float:
    return max(0.72 * m.apart, 2.0 * m.half_width + 0.08 * m.small)


def _gait(key: str, text: str, value: Callable[[Measures], Value]) -> Formula:
    return Formula("model_based", f"gait.{key}", text, value)


def _mpc(key: str, text: str, value: Callable[[Measures], Value]) -> Formula:
    return Formula("model_based", f"mpc.{key}", text, value)


def _body(key: str, text: str, value: Callable[[Measures], Value]) -> Formula:
    return Formula("model_based", f"whole_body.{key}", text, value)


def _contact(key: str, text: str, value: Callable[[Measures], Value]) -> Formula:
    return Formula("estimator", f"contact.{key}", text, value)


def _safety(key: str, text: str, value: Callable[[Measures], Value]) -> Formula:
    return Formula("arbiter", key, text, value)


FORMULAS: tuple[Formula, ...] = (
    _gait("com_height", "rise + 0.84 leg", lambda m: m.com_height),
    _gait("com_height_standing", "rise + 0.927 leg", lambda m: m.rise + STANDING_SHARE * m.leg),
    _gait("fast_speed", "1.0 sqrt(leg / 0.6892)", lambda m: m.pace),
    _gait("step_duration", "1.456 tau", lambda m: 1.456 * m.tau),
    _gait("double_support", "0.1618 tau", lambda m: 0.1618 * m.tau),
    _gait("shift_duration", "0.647 tau", lambda m: 0.647 * m.tau),
    _gait("step_width", "max(0.72 apart, 2 half_width + 0.08 small)", _step_width),
    _gait("apex_height", "0.087 leg", lambda m: 0.087 * m.leg),
    _gait("stand_dcm_margin", "0.6 half_length", lambda m: 0.6 * m.half_length),
    _gait("linear_slew", "0.4", lambda m: 0.4),
    _gait("angular_slew", "1.0", lambda m: 1.0),
    _mpc(
        "cop_margin_x",
        "heel 0.02 small, toe 0.015 small",
        lambda m: (0.02 * m.small, 0.015 * m.small),
    ),
    _mpc("cop_margin_y", "0.2 half_width", lambda m: 0.2 * m.half_width),
    _mpc("step_x", "0.8706 leg", lambda m: 0.8706 * m.leg),
    _mpc(
        "step_y",
        "max(step_width - 0.07 small, 2 half_width + 0.03 small), "
        "max(0.7255 leg, step_width + 0.2 small)",
        lambda m: (
            max(_step_width(m) - 0.07 * m.small, 2.0 * m.half_width + 0.03 * m.small),
            max(0.7255 * m.leg, _step_width(m) + 0.2 * m.small),
        ),
    ),
    _mpc(
        "swing_speed",
        "1.154 sqrt(g com_height)",
        lambda m: 1.154 * sqrt(GRAVITY * m.com_height),
    ),
    _mpc("single_support", "0.647, 2.022 tau", lambda m: (0.647 * m.tau, 2.022 * m.tau)),
    _body("sole_margin", "0.005, 0.111 half_width", lambda m: (0.005, 0.111 * m.half_width)),
    _body("com_height_stiffness", "7.34 / tau²", lambda m: 7.34 / m.tau**2),
    _body("com_height_damping", "4.95 / tau", lambda m: 4.95 / m.tau),
    _contact("joint_torque_noise", "3 per moments", lambda m: 3.0 * _moments(m)),
    _contact("base_force_noise", "80 per mass", lambda m: 80.0 * m.mass / REFERENCE_MASS),
    _contact("base_torque_noise", "40 per moments", lambda m: 40.0 * _moments(m)),
    _contact("prior_force", "500 per mass", lambda m: 500.0 * m.mass / REFERENCE_MASS),
    _contact("prior_torque", "20 per moments", lambda m: 20.0 * _moments(m)),
    _contact("unexplained_moment", "35 per moments", lambda m: 35.0 * _moments(m)),
    _contact("unexplained_torque", "6 per moments", lambda m: 6.0 * _moments(m)),
    _safety("arbiter.base_height", "0.549 base_height", lambda m: 0.549 * m.base_height),
    _safety("arbiter.drivers.mpc.impulse", "0.066 mass", lambda m: 0.066 * m.mass),
    _safety("arbiter.drivers.mpc.jump", "1.5", lambda m: 1.5),
    _safety("arbiter.drivers.mpc.slide", "0.02", lambda m: 0.02),
    _safety("arbiter.drivers.mpc.slope", "0.13", lambda m: 0.13),
    _safety("filter.stiffness_limit", "5.05 stiffness", lambda m: 5.05 * m.stiffness),
    _safety("filter.damping_limit", "7.93 damping", lambda m: 7.93 * m.damping),
    *(
        _safety(f"{group}.{key}", text, value)
        for keys, text, value in (
            (("max_linear_x", "forward"), "forward", lambda m: m.forward),
            (
                ("max_linear_x_backward", "backward"),
                "0.727 forward",
                lambda m: 0.727 * m.forward,
            ),
            (("max_linear_y", "sideways"), "0.3 sqrt(leg / 0.6892)", lambda m: 0.3 * m.pace),
            (
                ("max_angular_z", "turning"),
                "0.9 forward / 1.1 sqrt(leg / 0.6892), or 0.001 of legs that do not turn",
                lambda m: 0.9 * m.forward / (MOST_FORWARD * m.pace) if m.turns else 1e-3,
            ),
        )
        for group, key in zip(("velocity", "envelopes.mpc"), keys, strict=True)
    ),
    _safety("envelopes.mpc.exponent", "1", lambda m: 1.0),
)
"""All of them.

per mass: times mass / 33.34 kg; per moments: times leg / 0.6892 m besides. small: leg / 0.6892 m,
at most 1.
"""


def derive(measures: Measures) -> tuple[Derived, ...]:
    """All parameters of one robot, in the order of ``FORMULAS``."""
    return tuple(Derived(formula, _digits(formula.value(measures))) for formula in FORMULAS)


def as_mapping(derived: Iterable[Derived], part: str) -> Mapping[str, Any]:
    """Nested, as the file ``<part>.yaml`` would say it."""
    found: dict[str, Any] = {}
    for entry in derived:
        if entry.formula.part == part:
            *groups, key = entry.formula.key.split(".")
            below = found
            for group in groups:
                below = below.setdefault(group, {})
            below[key] = entry.value
    return found


def _digits(value: Value) -> Value:
    """To three digits, so that what is read is what is in force."""
    if isinstance(value, tuple):
        return tuple(float(f"{number:.3g}") for number in value)
    return float(f"{value:.3g}")
