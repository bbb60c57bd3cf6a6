"""All that is to be said of a robot's files: what is refused, doubted and assumed, with numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wm_control.configuration.extending import load_extending
from wm_control.derivation.feasibility import Finding, findings
from wm_control.derivation.measures import Measures
from wm_control.derivation.parts import measured, stated
from wm_control.derivation.touching import touching
from wm_control.errors import ParameterError, RobotDescriptionError, UnreadableFileError
from wm_control.robot.config import RobotConfig
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.joint_table import LEGS
from wm_control.robot.sources import robot_file

GUESS = "guess"
"""Names of actuators that are guesses begin with this, as those of drafts do."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found; description and measures are None where the files make no robot."""

    file: Path
    findings: tuple[Finding, ...]
    description: RobotDescription | None = None
    measures: Measures | None = None

    @property
    def refused(self) -> bool:
        """Whether this robot may not walk."""
        return any(finding.level == "refused" for finding in self.findings)


def inspect(robot: str | Path) -> Inspection:
    """Look at a robot by its name, folder or file, whatever is wrong with it.

    RobotDescriptionError where there is no such robot, UnreadableFileError where its file cannot be
    read: then there is nothing to look at.
    """
    path = robot_file(robot)
    try:
        config = load_extending(RobotConfig, path)
        description = load_robot(path)
        measures = measured(description)
        found = findings(description, measures)
    except UnreadableFileError:
        raise
    except (ParameterError, RobotDescriptionError) as error:
        return Inspection(path, (Finding("refused", "file", str(error)),))
    return Inspection(
        path,
        (*found, *touching(description), *_assumptions(path, config, description, measures)),
        description,
        measures,
    )


def _assumptions(
    path: Path, config: RobotConfig, robot: RobotDescription, m: Measures
) -> Iterator[Finding]:
    """Tell what the robot's files do not say, or call a guess."""
    guesses = [name for name, j in config.joints.items() if j.actuator.startswith(GUESS)]
    if guesses:
        text = f"rotor inertia of {len(guesses)} of {len(config.joints)} joints is a guess"
        yield Finding("assumed", "actuators", f"{text}: their gains follow from it")
    legs = [robot.joint_names[index] for leg in LEGS for index in robot.groups[leg]]
    if all(config.joints[name].default is None for name in legs):
        text = f"stand by inverse kinematics, the base {m.base_height:.3f} m above the soles"
        yield Finding("assumed", "legs", text)
    for line in robot.assumed:
        subject, _, text = line.partition(": ")
        yield Finding("assumed", subject, text)
    if "envelopes" not in stated(path, "arbiter"):
        text = f"forward at most {m.forward:.2f} m/s, derived from joint speeds and not measured"
        yield Finding("assumed", "velocity", text)
