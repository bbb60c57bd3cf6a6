"""What a script or a person may do to the emulated robot, as lines of JSON.

A line is an object; its keys are carried out in order: {"press": ["L1", "A"], "silent": 0.06}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from wm_bringup.emulator.parameters import PathParameters
from wm_bringup.emulator.remote import check_stick, read_buttons
from wm_bringup.emulator.robot import EmulatedRobot
from wm_control.errors import ParameterError

Seconds = Annotated[float, Field(ge=0.0, le=3600.0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Vector = tuple[Number, Number, Number]


def _press(robot: EmulatedRobot, buttons: list[str]) -> None:
    robot.remote.press(buttons)


def _sticks(robot: EmulatedRobot, sticks: dict[str, float]) -> None:
    for stick, value in sticks.items():
        robot.remote.move(stick, value)


def _cut(robot: EmulatedRobot, seconds: float) -> None:
    robot.silence(seconds)
    robot.deafen(seconds)


def _crane(robot: EmulatedRobot, way: str) -> None:
    {"lower": robot.crane.lower, "lift": robot.crane.lift}[way]()


def _push(robot: EmulatedRobot, impulse: Vector) -> None:
    robot.simulation.push(np.array(impulse))


def _mode(robot: EmulatedRobot, mode: str) -> None:
    if mode:
        robot.authority.select(mode)
    else:
        robot.authority.release()


def _errors(robot: EmulatedRobot, errors: dict[str, int]) -> None:
    for name, bits in errors.items():
        robot.force_error(name, bits)


def _winding(robot: EmulatedRobot, temperatures: dict[str, float]) -> None:
    for name, temperature in temperatures.items():
        robot.heat.winding[robot.description.joint_names.index(name)] = temperature


def _charge(robot: EmulatedRobot, charge: float) -> None:
    robot.battery.charge = charge


def _states(robot: EmulatedRobot, path: PathParameters) -> None:
    robot.states.parameters = path


def _commands(robot: EmulatedRobot, path: PathParameters) -> None:
    robot.commands.parameters = path


REQUESTS: Final[Mapping[str, tuple[Any, Callable[[EmulatedRobot, Any], None]]]] = {
    "press": (list[str], _press),
    "sticks": (dict[str, Number], _sticks),
    "silent": (Seconds, EmulatedRobot.silence),
    "deaf": (Seconds, EmulatedRobot.deafen),
    "cut": (Seconds, _cut),
    "replay": (Seconds, EmulatedRobot.replay),
    "clock_step": (Annotated[Number, Field(ge=-1e6, le=1e6)], EmulatedRobot.step_clock),
    "states": (PathParameters, _states),
    "commands": (PathParameters, _commands),
    "crane": (Literal["lower", "lift"], _crane),
    "push": (Vector, _push),
    "mode": (str, _mode),
    "errors": (dict[str, Annotated[int, Field(ge=0, lt=2**32)]], _errors),
    "winding": (dict[str, Annotated[Number, Field(ge=-100.0, le=1000.0)]], _winding),
    "charge": (Annotated[float, Field(ge=0.0, le=1.0)], _charge),
}
"""By key: what its value must be, and what it does. docs/emulator.md explains them."""


def _known_sticks(robot: EmulatedRobot, sticks: dict[str, float]) -> None:
    del robot
    for stick, value in sticks.items():
        check_stick(stick, value)


def _known_mode(robot: EmulatedRobot, mode: str) -> None:
    known = robot.parameters.vendor.modes
    if mode and mode not in known:
        raise ParameterError("mode", mode, f"must be empty or one of {', '.join(known)}")


def _known_joints(key: str) -> Callable[[EmulatedRobot, dict[str, Any]], None]:
    def check(robot: EmulatedRobot, by_joint: dict[str, Any]) -> None:
        names = robot.description.joint_names
        for name in by_joint:
            if name not in names:
                raise ParameterError(key, name, f"must be one of {', '.join(names)}")

    return check


CHECKS: Final[Mapping[str, Callable[[EmulatedRobot, Any], object]]] = {
    "press": lambda _, buttons: read_buttons(buttons),
    "sticks": _known_sticks,
    "mode": _known_mode,
    "errors": _known_joints("errors"),
    "winding": _known_joints("winding"),
}
"""What else the values of some must be, of this robot: ParameterError where they are not."""


def obey(robot: EmulatedRobot, line: str) -> None:
    """Do what a line asks, all of it or nothing; ParameterError says what was wrong with it."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ParameterError("request", line[:80], f"is not JSON: {error}") from error
    if not isinstance(asked, dict):
        raise ParameterError("request", line, "must be an object")
    for key, value in [(key, _checked(robot, key, value)) for key, value in asked.items()]:
        REQUESTS[key][1](robot, value)


def _checked(robot: EmulatedRobot, key: str, value: object) -> object:
    if key not in REQUESTS:
        raise ParameterError(key, value, f"must be one of {', '.join(REQUESTS)}")
    try:
        checked: object = TypeAdapter(REQUESTS[key][0]).validate_python(value)
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join((key, *map(str, found["loc"])))
        raise ParameterError(where, found.get("input"), found["msg"]) from error
    if key in CHECKS:
        CHECKS[key](robot, checked)
    return checked


def status(robot: EmulatedRobot) -> dict[str, Any]:
    """Say how it is and what happened so far, for people and scripts."""
    counts = robot.counts
    return {
        "time": robot.now,
        "mode_machine": robot.machine,
        "mode": robot.authority.mode,
        "mover": robot.authority.mover,
        "crane": robot.crane.state,
        "base_position": [round(place, 4) for place in robot.simulation.base.position.tolist()],
        "hottest_winding": float(robot.heat.winding.max()),
        "motors_stopped": [
            name
            for name, bits in zip(robot.description.joint_names, robot.heat.errors, strict=True)
            if bits
        ],
        "battery_voltage": robot.battery.voltage,
        "battery_charge": robot.battery.charge,
        "periods": counts.periods,
        "acted": dict(counts.acted),
        "heard": counts.heard,
        "accepted": counts.accepted,
        "rejected": dict(counts.rejected),
        "fought": robot.authority.fought,
        "watchdog_trips": robot.authority.trips,
        "sent": counts.sent,
        "stiff_until": counts.stiff_until,
        "fell_at": counts.fell_at,
        "commands_path": dict(robot.commands.happened),
        "states_path": dict(robot.states.happened),
    }
