"""The rules about the robot: they hold whoever drives, and stand above all about a controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from wm_control.arbiter import robot_measurements as measure
from wm_control.arbiter.robot_measurements import RobotInputs
from wm_control.arbiter.rules import Rule
from wm_control.types import Action

OPERATOR_STOP = "operator_stop"
UNARMED = "unarmed"

_HYSTERESIS = 0.1
"""Share of a limit by which a load has to lie under it before the rule lets go."""


class _Load(NamedTuple):
    """A load and for how many cycles it is borne beyond its first limit, and its second.

    The second limit is the parameter ``NAME_hard``, unless one is named. below: as in ``Rule``.
    """

    name: str
    says: str
    measure: Callable[[RobotInputs], float]
    unit: str
    borne: int
    borne_hard: int
    hard_limit: str = ""
    below: bool = False


_LOADS = (
    _Load("joint_speed", "fastest joint at", measure.joint_speed, " of its limit", 25, 50),
    _Load(
        "joint_torque",
        "hardest drive at",
        measure.joint_torque,
        " of its limit",
        150,
        500,
        hard_limit="joint_torque",
    ),
    _Load("joint_power", "hardest drive working at", measure.joint_power, " of its limit", 50, 100),
    _Load("total_power", "all drives working at", measure.total_power, " of their limit", 100, 100),
    _Load("motor_temperature", "hottest motor at", measure.motor_temperature, " °C", 50, 50),
    _Load("battery_voltage", "battery at", measure.battery_voltage, " V", 250, 250, below=True),
)


def _slowing(load: _Load) -> Rule[RobotInputs]:
    """Slow the robot down beyond the first limit."""
    return _rule_of(load, load.name, load.name, load.borne, Action.LIMITED)


def _stopping(load: _Load) -> Rule[RobotInputs]:
    """Walk the robot to a stop beyond the second."""
    hard = f"{load.name}_hard"
    return _rule_of(load, hard, load.hard_limit or hard, load.borne_hard, Action.FALLBACK)


def _rule_of(load: _Load, name: str, limit: str, trigger: int, action: Action) -> Rule[RobotInputs]:
    return Rule(
        name,
        load.says,
        load.measure,
        limit,
        trigger,
        250,
        action,
        load.unit,
        below=load.below,
        hysteresis=_HYSTERESIS,
    )


ROBOT_RULES: tuple[Rule[RobotInputs], ...] = (
    Rule(
        OPERATOR_STOP,
        "the operator stopped the robot",
        lambda i: float(i.operator.stop),
        0.0,
        1,
        None,
        Action.DAMPING,
    ),
    Rule(
        "robot_lost",
        "robot damped past the arbiter",
        lambda i: float(i.hardware.lost != ""),
        0.0,
        1,
        None,
        Action.DAMPING,
        detail=lambda i: i.hardware.lost,
    ),
    Rule(
        "state_not_finite",
        "parts of the estimate that are not finite",
        measure.state_not_finite,
        0.0,
        1,
        None,
        Action.DAMPING,
        detail=lambda i: f"{measure.state_not_finite(i):.0f} of 8",
    ),
    Rule("tilt", "base tilted by", measure.tilt, "tilt", 5, None, Action.FALL_POSTURE, " rad"),
    Rule(
        "base_height",
        "base above its lower sole by",
        lambda i: i.balance.height,
        "base_height",
        5,
        None,
        Action.FALL_POSTURE,
        " m",
        below=True,
    ),
    Rule(
        "angular_rate",
        "base turning at",
        measure.angular_rate,
        "angular_rate",
        25,
        None,
        Action.FALL_POSTURE,
        " rad/s",
    ),
    Rule(
        "state_lost",
        "age of the estimate",
        measure.state_age,
        "state_age_damping",
        150,
        None,
        Action.DAMPING,
        " s",
    ),
    Rule(
        "loop_lost",
        "control loop stood still for",
        lambda i: i.overruns.stall,
        "loop_stall_damping",
        1,
        None,
        Action.DAMPING,
        " s",
    ),
    Rule(
        "estimate_lost",
        "estimate unhealthy for 1 s",
        measure.unhealthy,
        0.0,
        500,
        None,
        Action.DAMPING,
        detail=measure.estimate_cause,
    ),
    Rule(
        "state_old",
        "age of the estimate",
        measure.state_age,
        "state_age",
        1,
        50,
        Action.FALLBACK,
        " s",
    ),
    Rule(
        "estimate_unhealthy",
        "estimate unhealthy",
        measure.unhealthy,
        0.0,
        5,
        50,
        Action.FALLBACK,
        detail=measure.estimate_cause,
    ),
    Rule(
        "motor_error",
        "drives that report an error",
        measure.motor_errors,
        0.0,
        5,
        250,
        Action.FALLBACK,
        detail=lambda i: ", ".join(i.hardware.motor_errors),
    ),
    *(_stopping(load) for load in _LOADS),
    Rule(
        "loop_stalled",
        "control loop stood still for",
        lambda i: i.overruns.stall,
        "loop_stall",
        1,
        500,
        Action.FALLBACK,
        " s",
    ),
    Rule(
        "overruns_heavy",
        "share of late control cycles",
        lambda i: i.overruns.share,
        "overrun_share_fallback",
        1,
        500,
        Action.FALLBACK,
    ),
    Rule(
        "overruns",
        "share of late control cycles",
        lambda i: i.overruns.share,
        "overrun_share",
        1,
        500,
        Action.LIMITED,
    ),
    Rule(
        "overruns_in_a_row",
        "control cycles late in a row",
        lambda i: float(i.overruns.in_a_row),
        "overruns_in_a_row",
        1,
        500,
        Action.LIMITED,
    ),
    *(_slowing(load) for load in _LOADS),
    Rule(
        "not_ready",
        "robot not ready to be driven",
        lambda i: float(i.hardware.hindrance != ""),
        0.0,
        1,
        1,
        Action.FALLBACK,
        detail=lambda i: i.hardware.hindrance,
    ),
    Rule(
        "state_late",
        "age of the estimate",
        measure.state_age,
        "state_age_warning",
        1,
        50,
        Action.NOMINAL,
        " s",
    ),
    Rule(
        UNARMED,
        "not armed",
        lambda i: float(not i.armed),
        0.0,
        1,
        1,
        Action.DAMPING,
        detail=lambda i: "not armed since the operator's stop" if i.stopped else "",
    ),
)
"""Of several that trip at once the first of the most severe ones is the first cause."""
