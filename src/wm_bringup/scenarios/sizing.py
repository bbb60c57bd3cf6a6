"""Scenarios that are said for one robot, made as hard for another one."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from functools import lru_cache

from wm_bringup.scenarios.scenario import HEAVIEST, Scenario
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription, load_robot


def sized(scenario: Scenario, robot: str) -> Scenario:
    """Return the scenario for a robot by its name, folder or file.

    With ``for_mass``, impulses of pushes, forces of punches and the payload are those of a robot of
    that mass: here they are changed in proportion to this one's, to a thousandth, so that a push
    changes the velocity of either by as much. Without, and of a scenario that was sized already,
    nothing changes.
    """
    if scenario.for_mass is None:
        return scenario
    return _scaled(scenario, share_of(robot, scenario.for_mass))


def _scaled(scenario: Scenario, share: float) -> Scenario:
    def times(vector: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = (share * value for value in vector)
        return x, y, z

    payload = scenario.payload
    if (mass := share * payload.mass) > HEAVIEST:
        expected = f"at most {HEAVIEST:g} kg; for this robot, {share:g} times as heavy, {mass:g} kg"
        raise ParameterError("payload.mass", payload.mass, expected, f"scenario '{scenario.name}'")
    return replace(
        scenario,
        for_mass=None,
        pushes=tuple(replace(p, impulse=times(p.impulse)) for p in scenario.pushes),
        punches=tuple(replace(p, force=times(p.force)) for p in scenario.punches),
        payload=replace(payload, mass=mass),
    )


def share_of(robot: str, mass: float) -> float:
    """Mass of a robot per another mass [kg], to a thousandth."""
    return round(mass_of(robot) / mass, 3)


@lru_cache(maxsize=16)
def mass_of(robot: str) -> float:
    """Mass of a robot [kg]."""
    return total_mass(load_robot(robot))


def total_mass(description: RobotDescription) -> float:
    """Mass of a robot [kg], all its links together."""
    masses = ElementTree.fromstring(description.urdf).iter("mass")
    return sum(float(mass.get("value", "nan")) for mass in masses)
