"""Which body a Unitree humanoid says it has, and which file of its robot's folder describes it.

``unitree.yaml`` of the folder says both that and how the motors are wired.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.robots.unitree.frames import MOTORS, SERIES
from wm_bringup.robots.unitree.wiring import Wiring
from wm_control.configuration.parameters import STRICT
from wm_control.robot.sources import load_part, robot_file

PART = "unitree"
"""Name of the part of a robot's folder."""

Byte = Annotated[int, Field(ge=0, le=255)]


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class UnitreeParameters:
    """All bodies of one robot's folder."""

    slots: dict[str, Annotated[int, Field(ge=0, lt=MOTORS)]] = Field(
        description="motor of each joint in the frames"
    )
    machines: dict[str, tuple[Byte, ...]] = Field(
        description="`mode_machine` of the robots that a robot file is true of, by its name"
    )


@dataclass(frozen=True, slots=True)
class Body:
    """One robot file, and what its folder says of it and of the others.

    source: as ``--robot`` takes it. file: name of the robot file in its folder.
    """

    source: str
    file: str
    parameters: UnitreeParameters

    @property
    def wiring(self) -> Wiring:
        """How its motors are wired."""
        return Wiring(self.parameters.slots, self.parameters.machines.get(self.file, ()))


def load_body(robot: str | Path) -> Body:
    """Read ``unitree.yaml`` beside a robot file.

    robot: as ``load_robot`` takes it. RobotDescriptionError for a robot without that file,
    ParameterError for what must not be in it.
    """
    return Body(str(robot), robot_file(robot).name, load_part(UnitreeParameters, robot, PART))


def mismatch(body: Body, machine: int, mode_pr: int) -> str | None:
    """Say why a robot must not be driven as this body; None when it may.

    machine, mode_pr: as the robot's states say them. Only the numbers tell: a body with other
    gears walks in simulation, and asks its motors for a torque that they do not have.
    """
    if machine not in body.wiring.machines:
        return f"mode_machine is {machine}: {_advice(body, machine)}"
    if mode_pr != SERIES:
        return (
            f"mode_pr is {mode_pr}: ankles and waist are by the angles of their two drives, not by "
            "pitch and roll, and nothing here turns one into the other; whoever commands the robot "
            f"must set mode_pr to {SERIES} first"
        )
    return None


def _advice(body: Body, machine: int) -> str:
    machines = body.parameters.machines
    fitting = [file for file, numbers in machines.items() if machine in numbers]
    if fitting:
        own = ", ".join(map(str, body.wiring.machines)) or "no machine"
        return f"{body.file} is true of {own}, use {' or '.join(fitting)} of the same folder"
    known = ", ".join(str(number) for number in sorted({n for of in machines.values() for n in of}))
    return f"no robot file beside {body.file} is true of it (there are files of {known})"
