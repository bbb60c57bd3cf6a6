"""Whether a robot that was listened to may be driven by what we have: ``wm doctor --robot``.

A pure judgement of what was heard; ``heard.py`` does the hearing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wm_bringup.host.doctor import Check
from wm_bringup.robots.unitree.frames import Frame, is_sound
from wm_bringup.robots.unitree.heard import Heard
from wm_bringup.robots.unitree.timing import Timing, timing
from wm_bringup.robots.unitree.variants import Body, load_body, mismatch
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.arbiter.parameters import ArbiterParameters, SafetyParameters
from wm_control.constants import CONTROL_PERIOD, GRAVITY
from wm_control.derivation.parts import load_derived
from wm_control.robot.carriage import ImuCarriage
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.types import Array

SILENT: Final = "robot"
"""Name of the one check of a robot that is not heard."""

LEAST_STATES: Final = 20
"""Sound states below which nothing is judged by them."""

STATE_RATE: Final = 1.0 / CONTROL_PERIOD
RATE_TOLERANCE: Final = 0.02
LARGEST_GAP: Final = 0.010
"""Between states, from where on their age warns [s]."""

LOSS_TOLERANCE: Final = 0.01
SKEW_TOLERANCE: Final = 200e-6
"""Of quartzes; beyond it ages of states are wrong."""

GRAVITY_TOLERANCE: Final = 0.5
"""[m/s²]; accelerometers of this kind are off by at most some 0.2."""

STILL_ACCELERATION: Final = 0.5
"""Deviation of the specific force below which a robot stands or hangs still [m/s²]."""

STILL_RATE: Final = 0.05
"""Mean angular velocity of a still robot [rad/s]; the gyro's bias is a tenth of it."""

TILT_TOLERANCE: Final = 0.10
"""Between gravity as the accelerometer and as the orientation have it [rad]."""

UPRIGHT: Final = 0.35
"""Largest tilt from which a robot is stood up [rad]."""

POSITION_MARGIN: Final = 0.02
"""Beyond a joint's limit [rad]; stops give way a little."""


@dataclass(frozen=True, slots=True)
class Patient:
    """Whom we take the robot for. limits: the arbiter's, of temperature and voltage."""

    robot: RobotDescription
    body: Body
    limits: ArbiterParameters


def load_patient(robot: str | Path) -> Patient:
    """Read all that a robot is held to. robot: as ``load_robot`` takes it."""
    limits = load_derived(SafetyParameters, robot, "arbiter").arbiter
    return Patient(load_robot(robot), load_body(robot), limits)


def examine_robot(heard: Heard, patient: Patient) -> tuple[Check, ...]:
    """Judge everything that was heard; a robot that is silent has one check, and that failed."""
    each = (heard.states[k : k + 1] for k in range(len(heard.states)))
    sound = np.array([is_sound(state) for state in each], dtype=bool)
    if not len(sound):
        return (_silence(heard),)
    checks = [_checksums(sound), _publishers(heard)]
    if sound.sum() >= LEAST_STATES:
        states, arrivals = heard.states[sound], heard.arrivals[sound]
        checks += [_variant(states, patient), *_times(timing(arrivals, states))]
        checks += [*_motors(states, patient), *_imu(states, patient), _remote(states)]
    else:
        found = f"{sound.sum()} sound of {len(sound)} in {heard.seconds:g} s"
        checks.append(Check("states", False, found, "too few to judge the robot by"))
    return (*checks, _battery(heard, patient), _owner(heard), _commanders(heard))


def _silence(heard: Heard) -> Check:
    writers = f"; {heard.publishers} publish states of another type" if heard.publishers else ""
    return Check(
        SILENT,
        False,
        f"not heard in {heard.seconds:g} s{writers}",
        "is the robot on, and did it start up? Does --interface lead to it (ip -br address: one in "
        "its network, 192.168.123.x)? Is --robot-domain its own (0)? Is the cable in "
        "(ping 192.168.123.161)? Does a firewall drop UDP from port 7400 on?",
    )


def _checksums(sound: NDArray[np.bool_]) -> Check:
    wrong = len(sound) - int(sound.sum())
    return Check(
        "checksums",
        not wrong,
        f"{wrong} of {len(sound)} wrong",
        "" if not wrong else "frames are damaged, or of a firmware with another layout: update it",
    )


def _publishers(heard: Heard) -> Check:
    alone = heard.publishers <= 1
    advice = (
        "more than one robot, or an emulator beside it: give each a domain or a network of its own"
    )
    return Check("who says states", alone, str(heard.publishers), "" if alone else advice)


def _variant(states: Frame, patient: Patient) -> Check:
    last = states[-1]
    machine, mode_pr = int(last["mode_machine"]), int(last["mode_pr"])
    problem = mismatch(patient.body, machine, mode_pr)
    fits = f"mode_machine {machine}, which {patient.body.file} is true of"
    return Check("body", problem is None, problem or fits, "do not drive it so" if problem else "")


def _times(times: Timing) -> Iterator[Check]:
    off = abs(times.rate / STATE_RATE - 1.0)
    on_time = off <= RATE_TOLERANCE
    yield Check(
        "rate of states",
        on_time,
        f"{times.rate:.1f} Hz",
        "" if on_time else f"{STATE_RATE:.0f} Hz expected: a slow link, or a busy computer here",
    )
    even = float(times.gaps.max()) <= LARGEST_GAP
    yield Check(
        "between states",
        even,
        _percentiles(times.gaps),
        "" if even else "use a cable, and a core of its own for what drives (docs/deployment.md)",
        required=False,
    )
    prompt = float(times.lateness.max()) <= LARGEST_GAP
    yield Check(
        "transport beyond the fastest",
        prompt,
        _percentiles(times.lateness),
        "" if prompt else "states wait somewhere: a switch, a wireless link, a busy computer here",
        required=False,
    )
    there = times.lost <= LOSS_TOLERANCE * (len(times.gaps) + 1 + times.lost)
    yield Check(
        "states lost by their tick",
        there,
        f"{times.lost} of {len(times.gaps) + 1 + times.lost}",
        "" if there else "a cable or switch that loses packets, or a busy computer here",
    )
    newer = not times.odd
    yield Check(
        "order of ticks",
        newer,
        "each newer than the one before" if newer else f"{times.odd} not newer",
        "" if newer else "states are played again, or two robots speak at once",
    )
    agree = abs(times.skew) <= SKEW_TOLERANCE + times.skew_doubt
    yield Check(
        "robot's clock against ours",
        agree,
        f"{round(1e6 * times.skew):+d} ppm (to within {1e6 * times.skew_doubt:.0f})",
        "" if agree else "one of the clocks is wrong: ages of states will be, too",
        required=False,
    )


def _driven(states: Frame, patient: Patient) -> Frame:
    """Motors of the robot's joints, in their order."""
    slots = JointFrames(patient.robot.joint_names, patient.body.wiring).slots
    return states["motor"][:, slots]


def _motors(states: Frame, patient: Patient) -> Iterator[Check]:
    names, motors = patient.robot.joint_names, _driven(states, patient)
    yield _temperatures(motors["temperature"][-1].max(axis=1), names, patient.limits)
    errors = np.bitwise_or.reduce(motors["motorstate"], axis=0)
    wrong = ", ".join(f"{n} 0x{e:x}" for n, e in zip(names, errors.tolist(), strict=True) if e)
    advice = "see the vendor's list of motor errors; a restart of the robot clears most"
    yield Check("motor errors", not wrong, wrong or "none", advice if wrong else "")
    yield _positions(motors["q"][-1].astype(float), patient.robot)


def _temperatures(temperature: Array, names: tuple[str, ...], limits: ArbiterParameters) -> Check:
    hottest = int(temperature.argmax())
    cool = bool(temperature[hottest] < limits.motor_temperature)
    return Check(
        "hottest motor",
        cool,
        f"{names[hottest]} {temperature[hottest]} °C",
        "" if cool else f"let it cool: the arbiter limits from {limits.motor_temperature:g} °C on",
    )


def _positions(position: Array, robot: RobotDescription) -> Check:
    beyond = np.maximum(robot.position_lower - position, position - robot.position_upper)
    names = robot.joint_names
    wrong = [
        f"{names[k]} {position[k]:.3f} in [{robot.position_lower[k]:.3f}, "
        f"{robot.position_upper[k]:.3f}] rad"
        for k in np.flatnonzero(~(beyond <= POSITION_MARGIN))
    ]
    if not position.any():
        wrong = ["all are exactly 0: no motor reports"]
    nearest = int(beyond.argmax())
    fine = f"all inside, {names[nearest]} nearest to its limit: {-beyond[nearest]:.2f} rad"
    advice = "a joint's zero is wrong, or it is another joint's: calibrate it with the vendor's app"
    return Check("joint positions", not wrong, ", ".join(wrong) or fine, advice if wrong else "")


def _imu(states: Frame, patient: Patient) -> Iterator[Check]:
    imu = states["imu"]
    force = imu["accelerometer"].astype(float)
    mean, norm = force.mean(axis=0), float(np.linalg.norm(force.mean(axis=0)))
    still = float(np.linalg.norm(force.std(axis=0))) <= STILL_ACCELERATION
    heavy = abs(norm - GRAVITY) <= GRAVITY_TOLERANCE
    yield Check(
        "IMU: gravity",
        heavy,
        f"{norm:.2f} m/s²{'' if still else ', while it moves'}",
        "" if heavy else "9.81 expected: another unit, or a broken sensor",
        required=still,
    )
    turning = float(np.linalg.norm(imu["gyroscope"].astype(float).mean(axis=0)))
    calm = turning <= STILL_RATE
    yield Check(
        "IMU: turning",
        calm,
        f"{turning:.3f} rad/s{'' if still else ', while it moves'}",
        "" if calm else "at rest next to 0 expected: another unit, or a bias",
        required=still,
    )
    up = _up_in_imu(imu["quaternion"].astype(float))
    apart = _angle(up, mean)
    agree = apart <= TILT_TOLERANCE
    yield Check(
        "IMU: orientation against gravity",
        agree,
        f"{apart:.3f} rad apart",
        "" if agree else "the quaternion is not w, x, y, z from IMU to world, or has drifted",
        required=still,
    )
    posture = _driven(states, patient)["q"][-1].astype(float)
    to_base = ImuCarriage(patient.robot).rotation(posture)
    tilt = _angle(to_base @ mean, np.array([0.0, 0.0, 1.0]))
    upright = tilt <= UPRIGHT
    yield Check(
        "upright",
        upright,
        f"tilted by {tilt:.2f} rad",
        "" if upright else "hang it upright, or stand it up, before it is made ready",
    )


def _up_in_imu(quaternion: Array) -> Array:
    """(3,) the world's z in the IMU's axes, of the mean of quaternions (n, 4) w, x, y, z."""
    w, x, y, z = quaternion.T
    up = np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), w * w - x * x - y * y + z * z])
    mean: Array = up.mean(axis=1)
    return mean


def _angle(a: Array, b: Array) -> float:
    """Between two vectors (3,) [rad]; pi where one is none."""
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.arccos(np.clip(a @ b / lengths, -1.0, 1.0))) if lengths > 0.0 else np.pi


def _remote(states: Frame) -> Check:
    seen = bool(states["wireless_remote"].any())
    return Check(
        "remote control",
        seen,
        "seen" if seen else "only zeros",
        "" if seen else "switch it on: its stop is the one that you have in your hand",
        required=False,
    )


def _battery(heard: Heard, patient: Patient) -> Check:
    if heard.battery is None:
        return Check("battery", False, "not heard", "see its own display", required=False)
    state = heard.battery[0]
    volts, limit = 1e-3 * int(state["bmsvoltage"][0]), patient.limits.battery_voltage
    full = volts >= limit
    return Check(
        "battery",
        full,
        f"{volts:.1f} V, {state['soc']} %",
        "" if full else f"charge it: the arbiter limits below {limit:g} V",
    )


def _owner(heard: Heard) -> Check:
    if heard.owner is None:
        advice = "its motion_switcher did not answer: whether it fights our commands is not known"
        return Check("robot's own controller", False, "not known", advice, required=False)
    if not heard.owner:
        return Check("robot's own controller", True, "none is active")
    found, advice = f"'{heard.owner}' is active", "it has to be released before anybody else drives"
    return Check("robot's own controller", False, found, advice, required=False)


def _commanders(heard: Heard) -> Check:
    nobody = not (heard.commanders or heard.commands)
    own = bool(heard.owner)
    advice = (
        "the robot's own controller, most likely"
        if own
        else "find and end it: commands of two make a robot fall"
    )
    found = f"{heard.commanders} publish, {heard.commands / heard.seconds:.0f} commands/s"
    return Check(
        "who else commands",
        nobody,
        "nobody" if nobody else found,
        "" if nobody else advice,
        required=not own,
    )


def _percentiles(values: Array) -> str:
    p50, p99 = (1e3 * float(np.percentile(values, q)) for q in (50, 99))
    return f"p50 {p50:.2f}, p99 {p99:.2f}, largest {1e3 * float(values.max()):.2f} ms"
