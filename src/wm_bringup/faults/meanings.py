"""Which verb means what on which target, in one table.

Printed by ``python -m wm_bringup.faults.meanings``; docs/faults.md holds the output.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wm_control.drivers import MPC, POLICY

PLAN: Final = "plan"
TIMING: Final = "plan.timing"
ESTIMATOR: Final = "estimator"
COMMAND: Final = "command"
CLOCK: Final = "clock"
PACKET: Final = "observation"
"""Stands for the whole packet of one sampling instant."""

IMU: Final = "imu"
JOINTS: Final = "joints"
SENSOR: Final = "one sensor"
"""Stands in the tables for gyro, accelerometer, orientation, encoders, joint_torque, an axis, as
``gyro.x``, or the encoder of one joint, by the joint's name."""

HUGE = 1e9
"""A number beyond all use, in any unit."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a verb does to a target.

    unit: of VALUE; None: it takes none. default: VALUE when none is given.
    """

    says: str
    unit: str | None = None
    default: float = 0.0


_SHARE = Meaning("lost with probability VALUE", "-", 1.0)
_LATE = Meaning("arrives VALUE later", "s", 0.08)

_JOINT_COMMAND: dict[str, Meaning] = {
    "off": Meaning("comes no more"),
    "stuck": Meaning("is the last one for ever, stamped anew"),
    "nan": Meaning("position targets are not a number"),
    "inf": Meaning("position targets are infinite"),
    "huge": Meaning(f"position targets are {HUGE:g} rad"),
    "sign": Meaning("mirrored: targets about the default posture, speeds and torques about zero"),
    "permute": Meaning("every joint is given what is meant for the one before it"),
    "scale": Meaning(
        "deviation from the default posture, speeds and torques times VALUE", "-", 3.0
    ),
    "delay": _LATE,
    "drop": _SHARE,
    "bias": Meaning("VALUE is added to every position target", "rad", 0.1),
}

_SENSOR: dict[str, Meaning] = {
    "off": Meaning("reads zero"),
    "stuck": Meaning("keeps its last value; a joint's speed reads zero"),
    "nan": Meaning("is not a number"),
    "inf": Meaning("is infinite"),
    "huge": Meaning(f"reads {HUGE:g}"),
    "sign": Meaning("reads minus the truth; an orientation the inverse"),
    "permute": Meaning("axes, or joints, are exchanged in turn"),
    "scale": Meaning("times VALUE", "-", 3.0),
    "delay": Meaning("is as old as VALUE, with fresh stamps", "s", 0.08),
    "drop": Meaning("keeps its last value, with probability VALUE per sample", "-", 1.0),
    "bias": Meaning("VALUE is added; an orientation is tilted by it", "the sensor's", 0.1),
}

_OF_ONE_KIND = ("scale", "bias")
"""Verbs whose value has the unit of one kind of sensor."""

MEANINGS: Mapping[str, Mapping[str, Meaning]] = {
    POLICY: _JOINT_COMMAND,
    MPC: _JOINT_COMMAND
    | {
        "off": Meaning("the controller raises"),
        "delay": Meaning("is the one of VALUE before, stamped anew", "s", 0.08),
        "drop": Meaning("the controller raises with probability VALUE per cycle", "-", 1.0),
    },
    PLAN: {
        "off": Meaning("comes no more"),
        "stuck": Meaning("is the last one for ever, stamped anew"),
        "nan": Meaning("footsteps and centre of pressure are not a number"),
        "inf": Meaning("footsteps and centre of pressure are infinite"),
        "huge": Meaning(f"footsteps and centre of pressure are {HUGE:g} m away"),
        "sign": Meaning("footsteps and centre of pressure are mirrored about the support foot"),
        "permute": Meaning("left and right foot are exchanged"),
        "scale": Meaning(
            "footsteps and centre of pressure VALUE times as far from the support foot", "-", 3.0
        ),
        "delay": _LATE,
        "drop": _SHARE,
        "bias": Meaning(
            "footsteps and centre of pressure are shifted by VALUE along x and y", "m", 0.1
        ),
    },
    TIMING: {
        "nan": Meaning("touchdown and next step's duration are not a number"),
        "inf": Meaning("touchdown and next step's duration are infinite"),
        "huge": Meaning(f"touchdown is {HUGE:g} s later, and the next step as long"),
        "sign": Meaning("touchdown is as long ago as it should be ahead"),
        "scale": Meaning("time to touchdown and next step's duration times VALUE", "-", 3.0),
        "bias": Meaning("touchdown is VALUE later, and the next step longer", "s", 0.1),
    },
    ESTIMATOR: {
        "off": Meaning("the estimator raises"),
        "stuck": Meaning("belief is the last one for ever, beside fresh observations"),
        "nan": Meaning("velocity of the base is not a number"),
        "inf": Meaning("velocity of the base is infinite"),
        "huge": Meaning(f"velocity of the base is {HUGE:g} m/s"),
        "sign": Meaning("velocity of the base is minus what is believed"),
        "permute": Meaning("axes of the base's velocity are exchanged in turn"),
        "scale": Meaning("velocity of the base times VALUE", "-", 3.0),
        "delay": _LATE,
        "drop": Meaning("the estimator raises with probability VALUE per cycle", "-", 1.0),
        "bias": Meaning("VALUE is added to the forward velocity of the base", "m/s", 0.1),
    },
    COMMAND: _JOINT_COMMAND,
    CLOCK: {
        "stuck": Meaning("stands still"),
        "nan": Meaning("is not a number"),
        "inf": Meaning("is infinite"),
        "huge": Meaning(f"reads {HUGE:g} s"),
        "scale": Meaning("runs VALUE times as fast", "-", 3.0),
        "bias": Meaning("jumps by VALUE", "s", 0.1),
    },
    PACKET: {verb: _SENSOR[verb] for verb in ("nan", "inf", "huge")}
    | {
        "off": Meaning("comes no more"),
        "stuck": Meaning("keeps its last values, joint speeds zero, with fresh stamps"),
        "delay": _LATE,
        "drop": _SHARE,
    },
    IMU: {verb: meaning for verb, meaning in _SENSOR.items() if verb not in _OF_ONE_KIND},
    JOINTS: {verb: meaning for verb, meaning in _SENSOR.items() if verb not in _OF_ONE_KIND},
    SENSOR: _SENSOR,
}
"""By target, by verb."""

TARGETS: Mapping[str, str] = {
    POLICY: "the policy's proposal on its way to the loop",
    MPC: "the model-based controller's joint command, in the loop",
    PLAN: "the walking plan on its way to the loop",
    TIMING: "the times in it",
    ESTIMATOR: "the estimate, in the loop",
    COMMAND: "the joint command on its way to the robot",
    CLOCK: "the time that the loop is told",
    PACKET: "the whole packet of one sampling instant",
    IMU: "gyro, accelerometer and orientation",
    JOINTS: "position, velocity and torque of all joints",
    SENSOR: "`gyro`, `accelerometer`, `orientation`, `encoders`, `joint_torque`, an axis "
    "(`gyro.x`), or the encoder of one joint (by the joint's name)",
}

PATHS: Final = (POLICY, MPC, PLAN, TIMING, ESTIMATOR, COMMAND, CLOCK)
"""Targets that are no sensors."""

DRIVER_OF: Mapping[str, str] = {POLICY: POLICY, MPC: MPC, PLAN: MPC, TIMING: MPC}
"""The controller without which there is no such path."""

VERBS: Final = tuple(_SENSOR)
"""Every verb there is."""


def meanings_of(target: str) -> Mapping[str, Meaning]:
    """Return what each verb means on a target; one that is no other is taken for a sensor."""
    return MEANINGS.get(target, _SENSOR)


def _rows() -> Iterator[tuple[str, str, Meaning]]:
    """Yield target, verb and meaning; targets of one meaning share a row."""
    shared: dict[tuple[str, Meaning], list[str]] = {}
    for target, meanings in MEANINGS.items():
        for verb in VERBS:
            if verb in meanings:
                shared.setdefault((verb, meanings[verb]), []).append(target)
    for (verb, meaning), targets in sorted(shared.items(), key=lambda row: VERBS.index(row[0][0])):
        yield ", ".join(targets), verb, meaning


def verb_table() -> str:
    """Markdown table of what every verb means, by target."""
    lines = ["| verb | target | VALUE, default | it |", "|---|---|---|---|"]
    for targets, verb, meaning in _rows():
        unit = f" {meaning.unit}".removesuffix(" -") if meaning.unit else ""
        value = "-" if meaning.unit is None else f"{meaning.default:g}{unit}"
        lines.append(f"| `{verb}` | {targets} | {value} | {meaning.says} |")
    return "\n".join(lines)


def target_table() -> str:
    """Markdown table of all targets."""
    lines = ["| target | is |", "|---|---|"]
    lines += [
        f"| {target if target == SENSOR else f'`{target}`'} | {says} |"
        for target, says in TARGETS.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":  # pragma: no cover
    import sys

    sys.stdout.write(f"{target_table()}\n\n{verb_table()}\n")
