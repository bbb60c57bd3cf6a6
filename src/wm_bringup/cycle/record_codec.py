"""Records of control cycles as plain numbers and words, for the link between processes.

Pickling the nested dataclasses themselves would take longer than the arbiter; one vector and one
flat tuple take a tenth of that. What is left out of the ground truth: everything that nobody
publishes.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from operator import attrgetter
from typing import Any

import numpy as np

from wm_bringup.cycle.control_cycle import CycleRecord, TrueBase
from wm_bringup.cycle.latency import LatencySample
from wm_bringup.cycle.loop import Call, Heard, Stamps, TickRecord
from wm_bringup.wire.vectors import COMMAND_FIELDS
from wm_control.arbiter.background import Background
from wm_control.arbiter.balance import Balance
from wm_control.arbiter.hardware import Hardware
from wm_control.arbiter.operator import OperatorInput
from wm_control.types import (
    Action,
    Cause,
    Command,
    ControllerResult,
    Decision,
    Estimate,
    Observation,
    SolveReport,
    Status,
    VelocityCommand,
)

Packed = tuple[Any, ...]

_OBSERVED = (
    "joint_position",
    "joint_velocity",
    "joint_torque",
    "imu_orientation",
    "imu_angular_velocity",
    "imu_linear_acceleration",
)
_ESTIMATED = (
    "base_position_in_world",
    "base_orientation",
    "base_velocity_in_base",
    "base_angular_velocity_in_base",
    "joint_position",
    "joint_velocity",
    "contact_probability",
    "foot_wrench",
    "pose_covariance",
    "twist_covariance",
)
_SHAPES = {
    "imu_orientation": (4,),
    "imu_angular_velocity": (3,),
    "imu_linear_acceleration": (3,),
    "base_position_in_world": (3,),
    "base_orientation": (4,),
    "base_velocity_in_base": (3,),
    "base_angular_velocity_in_base": (3,),
    "contact_probability": (2,),
    "foot_wrench": (2, 6),
    "pose_covariance": (6, 6),
    "twist_covariance": (6, 6),
}
"""Of the arrays that do not have one number per joint."""

_IMU_NUMBERS = 10
"""Of an observation's numbers, those that are not of joints."""

_observed = attrgetter(*_OBSERVED)
_estimated = attrgetter(*_ESTIMATED)
_commanded = attrgetter(*COMMAND_FIELDS)
_velocity = attrgetter("linear_x", "linear_y", "angular_z")
_solve = attrgetter(*SolveReport.__slots__)
_figures = attrgetter(*Balance.__slots__)
_request = attrgetter(*OperatorInput.__slots__)
_told = attrgetter("motor_temperature", "battery_voltage", "motor_errors", "hindrance", "lost")
_stamps = attrgetter("start", "estimated", "controlled", "decided")
_sample = attrgetter(*LatencySample.__slots__)
_STATUS = LatencySample.__slots__.index("status")
_true = attrgetter(*TrueBase.__slots__)


def pack(record: CycleRecord) -> Packed:
    """Flatten a record."""
    tick = record.tick
    observation, estimate, command = tick.observation, tick.estimate, tick.decision.command
    arrays = (*_observed(observation), *_estimated(estimate), *_commanded(command))
    numbers = np.concatenate(arrays, axis=None)
    velocity, decided, driver, background = pack_decided(tick)
    return (
        numbers.tobytes(),
        (observation.stamp, observation.sequence, observation.run),
        (estimate.healthy, estimate.cause, _pack_older(estimate, observation)),
        velocity,
        [_pack_result(result) for result in tick.results.values()],
        decided,
        _stamps(tick.stamps),
        driver,
        background,
        _pack_heard(tick.heard),
        _plain(_sample(record.latency)),
        record.held,
        record.truth and _true(record.truth),
    )


def pack_decided(tick: TickRecord) -> Packed:
    """Flatten what the loop decides: velocity, decision without the command's arrays, and who."""
    decision = tick.decision
    said = (
        decision.stamp,
        int(decision.action),
        decision.source,
        (decision.command.stamp, decision.command.sequence),
        decision.armed,
        [_pack_cause(cause) for cause in decision.causes],
        decision.first_cause and _pack_cause(decision.first_cause),
        decision.previous,
        decision.share,
        decision.clipped.tobytes(),
    )
    return _velocity(tick.velocity), said, tick.driver, _pack_background(tick.background)


def _pack_older(estimate: Estimate, observation: Observation) -> Packed | None:
    """Pack the observation of an estimate that is of an earlier cycle."""
    older = estimate.observation
    return None if older is observation else pack_observation(older)


def pack_observation(observation: Observation) -> Packed:
    """Flatten an observation."""
    numbers = np.concatenate(_observed(observation), axis=None)
    return observation.stamp, observation.sequence, observation.run, numbers.tobytes()


def unpack_observation(stamp: float, sequence: int, run: int, numbers: bytes) -> Observation:
    """Rebuild an observation."""
    vector = np.frombuffer(numbers)
    n = (vector.size - _IMU_NUMBERS) // 3
    parts = zip(_OBSERVED, _layout(n), strict=False)
    arrays: dict[str, Any] = {name: vector[part] for name, (part, _) in parts}
    return Observation(stamp=stamp, sequence=sequence, run=run, **arrays)


def _pack_heard(heard: Heard) -> Packed:
    calls = [(call.value, _pack_arguments(call, values)) for call, values in heard.calls]
    return heard.number, _velocity(heard.asked), _request(heard.operator), heard.anew, calls


def _pack_arguments(call: Call, arguments: Packed) -> Packed:
    if call is Call.RESET:
        observation, armed = arguments
        return pack_observation(observation), armed
    if call is Call.HARDWARE:
        temperature, *others = _told(*arguments)
        return (None if temperature is None else temperature.tobytes(), *others)
    return arguments


def _unpack_heard(
    number: int, asked: Packed, operator: Packed, anew: bool, calls: list[Packed]
) -> Heard:
    told = tuple((Call(name), _unpack_arguments(Call(name), values)) for name, values in calls)
    return Heard(number, VelocityCommand(*asked), OperatorInput(*operator), anew, told)


def _unpack_arguments(call: Call, arguments: Packed) -> Packed:
    if call is Call.RESET:
        observation, armed = arguments
        return unpack_observation(*observation), armed
    if call is Call.HARDWARE:
        temperature, voltage, errors, *words = arguments
        told = None if temperature is None else np.frombuffer(temperature)
        return (Hardware(told, voltage, tuple(errors), *words),)
    return tuple(arguments)


def _pack_background(behind: Background) -> Packed:
    *figures, risks = _figures(behind.balance)
    balance, standings = (*figures, dict(risks)), dict(behind.standings)
    return behind.preference, standings, balance, behind.switches, behind.settled


def _unpack_background(
    preference: Sequence[str],
    standings: dict[str, str],
    balance: tuple[Any, ...],
    *switching: Any,  # noqa: ANN401 - a count and a flag
) -> Background:
    return Background(tuple(preference), standings, Balance(*balance), *switching)


def _pack_cause(cause: Cause) -> Packed:
    return cause.rule, cause.value, cause.limit, cause.text, int(cause.action), cause.controller


def _unpack_cause(
    rule: str, value: float, limit: float, text: str, action: int, controller: str
) -> Cause:
    return Cause(rule, value, limit, text, Action(action), controller)


def _pack_result(result: ControllerResult) -> Packed:
    command = result.command
    rows = command and (
        command.stamp,
        command.sequence,
        np.concatenate(_commanded(command)).tobytes(),
    )
    solves = [_plain(_solve(solve)) for solve in result.solves]
    status, figures = int(result.status), dict(result.figures)
    return result.controller, rows, status, result.cause, solves, figures


def _plain(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Without enumerations, which take ten times as long to pickle."""
    return tuple(int(value) if isinstance(value, Status) else value for value in values)


def unpack(packed: Packed, n: int) -> CycleRecord:
    """Rebuild the record of a robot with ``n`` joints."""
    numbers, observed, believed, velocity, results, decided, stamps, driver, *rest = packed
    behind, heard, sample, held, truth = rest
    vector = np.frombuffer(numbers)
    arrays = [
        vector[part] if shape is None else vector[part].reshape(shape) for part, shape in _layout(n)
    ]
    k, m = len(_OBSERVED), len(_OBSERVED) + len(_ESTIMATED)
    stamp, sequence, run = observed
    parts = dict(zip(_OBSERVED, arrays[:k], strict=True))
    observation = Observation(stamp=stamp, sequence=sequence, run=run, **parts)
    healthy, doubt, older = believed
    of = observation if older is None else unpack_observation(*older)
    estimated: list[Any] = [of, *arrays[k:m], healthy, doubt]
    stamp, action, source, answered, armed, causes, first, previous, share, clipped = decided
    decision = Decision(
        stamp,
        Action(action),
        source,
        Command(*answered, *arrays[m:]),
        armed,
        tuple(_unpack_cause(*cause) for cause in causes),
        first and _unpack_cause(*first),
        previous,
        share,
        np.frombuffer(clipped, dtype=np.bool_),
    )
    tick = TickRecord(
        observation,
        Estimate(*estimated),
        VelocityCommand(*velocity),
        {result[0]: _unpack_result(*result) for result in results},
        decision,
        Stamps(*stamps),
        driver,
        _unpack_background(*behind),
        _unpack_heard(*heard),
    )
    measured: list[Any] = list(sample)
    measured[_STATUS] = Status(measured[_STATUS])
    latency = LatencySample(*measured)
    return CycleRecord(tick, latency, held, truth and TrueBase(*truth))


@cache
def _layout(n: int) -> tuple[tuple[slice, tuple[int, ...] | None], ...]:
    """Where each array lies in the vector, and its shape; None of one that is a vector itself."""
    layout: list[tuple[slice, tuple[int, ...] | None]] = []
    start = 0
    for name in (*_OBSERVED, *_ESTIMATED, *COMMAND_FIELDS):
        shape = _SHAPES.get(name, (n,))
        layout.append((slice(start, start + prod(shape)), shape if len(shape) > 1 else None))
        start += prod(shape)
    return tuple(layout)


def _unpack_result(
    controller: str,
    rows: tuple[float, int, bytes] | None,
    status: int,
    cause: str,
    solves: list[Any],
    figures: dict[str, float],
) -> ControllerResult:
    command = None
    if rows is not None:
        stamp, sequence, numbers = rows
        arrays = np.frombuffer(numbers).reshape(len(COMMAND_FIELDS), -1)
        command = Command(stamp, sequence, *arrays)
    reports = tuple(SolveReport(name, Status(code), *rest) for name, code, *rest in solves)
    return ControllerResult(controller, command, Status(status), cause, reports, figures)
