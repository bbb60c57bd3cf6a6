"""A robot's parameters: what follows from its description, with what its own files say instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from wm_control.configuration.parameters import load_parameters, merged, read_yaml
from wm_control.derivation.feasibility import require_feasible
from wm_control.derivation.formulas import Derived, as_mapping, derive
from wm_control.derivation.measures import (
    LEG_SHARE,
    MOST_FORWARD,
    STANDING_SHARE,
    Measures,
    measure,
)
from wm_control.derivation.swing_speed import Swing, fastest
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.sources import robot_file

T = TypeVar("T")


def load_derived(schema: type[T], robot: str | Path, part: str) -> T:
    """Parameters of one kind, for a robot by its name, folder or file.

    part: ``model_based``, ``estimator`` or ``arbiter``. The file of that name in the robot's folder
    may be missing, and only says what is different. ParameterError names it, key, value and bound.
    """
    path = robot_file(robot).with_name(f"{part}.yaml")
    return load_parameters(schema, part_content(robot, part), origin=str(path))


def part_content(robot: str | Path, part: str) -> Mapping[str, Any]:
    """Return what is derived of a part, with what the robot's own file says instead."""
    return merged(as_mapping(derived_parameters(robot), part), stated(robot, part))


def stated(robot: str | Path, part: str) -> Mapping[str, Any]:
    """Return what a robot's own file says of a part; nothing where there is none."""
    path = robot_file(robot).with_name(f"{part}.yaml")
    return read_yaml(path) if path.is_file() else {}


def derived_parameters(robot: str | Path) -> tuple[Derived, ...]:
    """All that follows from a robot's description; RobotDescriptionError if it cannot walk."""
    path = robot_file(robot).resolve()
    files = sorted(path.parent.glob("*.yaml"))
    return _derived_parameters(path, tuple(file.stat().st_mtime_ns for file in files))


@lru_cache(maxsize=16)
def _derived_parameters(path: Path, changed: tuple[int, ...]) -> tuple[Derived, ...]:
    """Derive once; changed: when the robot's files were, since then it is another robot."""
    del changed
    description = load_robot(path)
    measures = measured(description)
    require_feasible(description, measures)
    return derive(measures)


def measured(description: RobotDescription) -> Measures:
    """Measure a robot, with the forward speed that its legs' joints allow."""
    measures = measure(description)
    gait = as_mapping(derive(measures), "model_based")["gait"]
    swing = Swing(
        step_duration=gait["step_duration"],
        double_support=gait["double_support"],
        apex=gait["apex_height"],
        standing=STANDING_SHARE * measures.leg,
        fast=LEG_SHARE * measures.leg,
        fast_speed=gait["fast_speed"],
    )
    forward = fastest(description, swing, MOST_FORWARD * measures.pace)
    return replace(measures, forward=forward)
