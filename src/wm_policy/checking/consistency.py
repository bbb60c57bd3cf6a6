"""What must hold between manifest, network and robot before a policy may start.

Every check yields the errors it finds; ``problems`` chains them, cheapest meaning first, and stops
a group where a later check would only repeat an earlier finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from wm_control.constants import CONTROL_PERIOD
from wm_control.robot.description import RobotDescription
from wm_policy.checking.bodies import body_problems
from wm_policy.checking.clock import clock_problems
from wm_policy.errors import (
    ConflictError,
    FieldError,
    JointMismatchError,
    MissingValueError,
    NetworkError,
    PolicyError,
    RateError,
    UnknownTermError,
    WidthMismatchError,
)
from wm_policy.loaders.joints import check_names
from wm_policy.manifest import Manifest, Term
from wm_policy.network import NetworkFile
from wm_policy.terms import JOINT_TERMS, PHASE_TERMS, TERMS
from wm_policy.widths import all_terms, input_width, term_width, whole_width

CONTROL_RATE: Final = 1.0 / CONTROL_PERIOD
"""Of the loop that a policy is part of [Hz]."""

SLOWEST_RATE: Final = 10.0
"""A step takes a third of a second; what is slower is a period taken for a rate, or a rate for one
[Hz]."""


def problems(
    manifest: Manifest, network: NetworkFile, robot: RobotDescription, file: Path
) -> list[PolicyError]:
    """All that is wrong; empty when manifest, network and robot fit."""
    found = [
        *_rate(manifest, file),
        *_joints(manifest, robot.joint_names, file),
        *_terms(manifest, file),
    ]
    if not found:
        found += body_problems(manifest, robot, file)
    if not found:
        found += [
            *_lengths(manifest, file),
            *_ranges(manifest, file),
            *clock_problems(manifest, file),
        ]
    if not found:
        found += [*_inputs(manifest, network, file), *_outputs(manifest, network, file)]
        found += _memory(manifest, network)
    return found


def _rate(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    ticks = CONTROL_RATE / manifest.rate
    divides = ticks >= 0.999 and abs(ticks - round(ticks)) < 1e-6 * ticks
    if not (divides and manifest.rate >= SLOWEST_RATE):
        least = f" and is at least {SLOWEST_RATE:.0f} Hz"
        expected = f"a rate that divides {CONTROL_RATE:.0f} Hz (250, 125, 100, 50, 25, ...){least}"
        yield RateError(file, "rate", expected, f"{manifest.rate:g} Hz")


def _joints(manifest: Manifest, robot: Sequence[str], file: Path) -> Iterator[PolicyError]:
    lists = [("joints", manifest.joints), ("action.joints", manifest.action.joints)]
    lists += [(f"{p}.joints", t.joints) for p, t in all_terms(manifest) if t.joints is not None]
    for field, names in lists:
        problem = check_names(names, robot, file, field)
        if problem:
            yield problem
    for name in manifest.held:
        if name not in robot or name in manifest.action.joints:
            expected = "a joint of the robot that the policy does not command"
            yield JointMismatchError(file, f"held.{name}", expected, f"'{name}'")


def _terms(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    for place, term in all_terms(manifest):
        if term.name not in TERMS:
            known = f"one of {', '.join(TERMS)}"
            yield UnknownTermError(file, f"{place}.name", known, f"'{term.name}'")
            continue
        frame = TERMS[term.name].frame or None
        if term.frame != frame:
            yield FieldError(file, f"{place}.frame", frame or "no frame", term.frame or "nothing")
        if term.joints is not None and term.name not in JOINT_TERMS:
            yield FieldError(file, f"{place}.joints", "joints of a joint term", term.name)
        if term.name in PHASE_TERMS and manifest.phase is None:
            yield MissingValueError(file, "phase", f"a clock for {place} ({term.name})", "nothing")
        yield from _value(manifest, term, place, file)
        for name, bounds in (("clip", term.clip), ("clip_scaled", term.clip_scaled)):
            yield from _ordered(bounds, file, f"{place}.{name}")


def _value(manifest: Manifest, term: Term, place: str, file: Path) -> Iterator[PolicyError]:
    """Check what only the terms ``constant`` and ``moving`` say."""
    if term.name == "moving":
        if manifest.moving is None:
            yield MissingValueError(file, "moving", f"the limits of {place} (moving)", "nothing")
        if term.value is not None and (len(term.value) != 2 or len(set(term.value)) != 2):
            expected = "two values that differ: while standing, while moving"
            yield FieldError(file, f"{place}.value", expected, list(term.value))
        if term.clip is not None:
            yield FieldError(file, f"{place}.clip", "no clip of the term 'moving'", term.clip)
    elif (term.value is not None) != (term.name == "constant"):
        yield FieldError(file, f"{place}.value", "a value of the term 'constant'", term.name)


def _ordered(
    bounds: tuple[float | None, float | None] | None, file: Path, field: str
) -> Iterator[PolicyError]:
    if bounds is None or bounds[0] is None or bounds[1] is None:
        return
    if not bounds[0] < bounds[1]:
        yield FieldError(file, field, "a lower bound below the upper one", list(bounds))


def _lengths(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    actions, action, gains = len(manifest.action.joints), manifest.action, manifest.gains
    vectors = [
        ("default_position", manifest.default_position, len(manifest.joints)),
        ("action.scale", action.scale, actions),
        ("action.offset", action.offset, actions),
        ("action.limits", action.limits, actions),
        ("action.pick", action.pick, actions),
        ("gains.stiffness", gains.stiffness, actions),
        ("gains.damping", gains.damping, actions),
    ]
    for field, vector, length in vectors:
        if vector is not None and len(vector) != length:
            yield WidthMismatchError(file, field, f"{length} values", f"{len(vector)}")
    for place, term in all_terms(manifest):
        width, whole = term_width(term, manifest), whole_width(term, manifest)
        if isinstance(term.scale, tuple) and len(term.scale) != width:
            single = len(term.scale) == 1
            expected = f"one number, or {width} values" if single else f"1 or {width} values"
            found = "a list of 1" if single else f"{len(term.scale)}"
            yield WidthMismatchError(file, f"{place}.scale", expected, found)
        beyond = [index for index in term.pick or () if index >= whole]
        if beyond:
            expected = f"indices below {whole}, the values of {term.name}"
            yield WidthMismatchError(file, f"{place}.pick", expected, f"{beyond[0]}")
        if width == 0:
            yield WidthMismatchError(file, place, "at least one value", f"none ({term.name})")
        yield from _observed(manifest, place, term.name, term.joints, file)
    if action.offset is not None and action.target != "default":
        yield FieldError(file, "action.offset", "no offset unless target is default", "one")
    if action.target == "default" and action.offset is None:
        missing = [joint for joint in action.joints if joint not in manifest.joints]
        if missing:
            yield MissingValueError(file, "action.offset", f"a default of {missing[0]}", "nothing")
    yield from _ordered(action.clip, file, "action.clip")
    for i, pair in enumerate(action.limits or ()):
        yield from _ordered(pair, file, f"action.limits[{i}]")


def _observed(
    manifest: Manifest, place: str, name: str, joints: tuple[str, ...] | None, file: Path
) -> Iterator[PolicyError]:
    """Relative joint positions need the default of every joint they name."""
    for joint in joints or ():
        if name == "joint_position_relative" and joint not in manifest.joints:
            expected = "a joint of joints, where its default is"
            yield JointMismatchError(file, f"{place}.joints", expected, joint)


def _ranges(manifest: Manifest, file: Path) -> Iterator[PolicyError]:
    for name in ("linear_x", "linear_y", "angular_z"):
        low, high = getattr(manifest.command, name)
        if not low <= 0.0 <= high:
            yield FieldError(file, f"command.{name}", "a range around zero", [low, high])


def _inputs(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    observed = [tensor.name for tensor in manifest.inputs]
    fed_back = [state.input for state in manifest.states]
    yield from _same_names([*observed, *fed_back], network.inputs, file, "inputs and states")
    for index, tensor in enumerate(manifest.inputs):
        if tensor.name not in network.inputs:
            continue
        width, asked = input_width(tensor, manifest), network.inputs[tensor.name]
        if width != asked.width:
            found = f"{asked.width} of input '{tensor.name}' of the network {list(asked.shape)}"
            yield WidthMismatchError(file, f"inputs[{index}]", f"the {width} values stated", found)
    for name, statistics in manifest.statistics.items():
        asked_width = network.inputs[name].width if name in network.inputs else 0
        if {len(statistics.mean), len(statistics.deviation)} != {asked_width}:
            expected = f"{asked_width} means and deviations"
            yield WidthMismatchError(
                file, f"statistics.{name}", expected, f"{len(statistics.mean)} means"
            )


def _same_names(
    names: Sequence[str], tensors: Iterable[str], file: Path, field: str
) -> Iterator[PolicyError]:
    there = list(tensors)
    for name in names:
        if name not in there:
            yield NetworkError(file, field, f"a tensor of {', '.join(there)}", f"'{name}'")
        if names.count(name) > 1:
            yield ConflictError(file, field, "every tensor once", f"'{name}' again")
    for name in there:
        if name not in names:
            yield NetworkError(file, field, f"the network's '{name}'", "nothing about it")


def _outputs(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    actions, gains = len(manifest.action.joints), manifest.gains
    used: list[tuple[str, str]] = []
    yield from _actions(manifest, network, file)
    for name, number, output in (
        ("stiffness", gains.stiffness, gains.stiffness_output),
        ("damping", gains.damping, gains.damping_output),
    ):
        if number is None and output is None:
            expected = f"numbers, or gains.{name}_output"
            yield MissingValueError(file, f"gains.{name}", expected, "nothing")
        if number is not None and output is not None:
            yield ConflictError(file, f"gains.{name}", "numbers or an output", "both")
        if output is not None:
            used.append((f"gains.{name}_output", output))
    for field, output in used:
        yield from _width(output, actions, f"{actions} values, one per joint", network, file, field)
    if manifest.phase is not None and manifest.phase.speed is not None:
        yield from _width(manifest.phase.speed, 1, "1 value", network, file, "phase.speed")
    yield from _states(manifest, network, file)


def _actions(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    """Compare the action's output with one value per joint, or with those that are picked."""
    output, pick, field = manifest.action.output, manifest.action.pick, "action.output"
    if pick is None or output not in network.outputs:
        joints = len(manifest.action.joints)
        expected = f"{joints} values, one per joint"
        yield from _width(output, joints, expected, network, file, field)
        return
    width = network.outputs[output].width
    beyond = [index for index in pick if index >= width]
    if beyond:
        expected = f"indices below {width}, the width of '{output}'"
        yield WidthMismatchError(file, "action.pick", expected, f"{beyond[0]}")
    twice = next((index for index in pick if pick.count(index) > 1), None)
    if twice is not None:
        yield ConflictError(file, "action.pick", "every index once", f"{twice} again")


def _width(
    output: str, width: int, expected: str, network: NetworkFile, file: Path, field: str
) -> Iterator[PolicyError]:
    """Compare an output of the network with the width that is meant."""
    if output not in network.outputs:
        yield NetworkError(file, field, f"one of {', '.join(network.outputs)}", f"'{output}'")
    elif network.outputs[output].width != width:
        found = f"{network.outputs[output].width} of '{output}'"
        yield WidthMismatchError(file, field, expected, found)


def _memory(manifest: Manifest, network: NetworkFile) -> Iterator[PolicyError]:
    """Refuse states that begin from nothing that is handed on from step to step."""
    handed_on = {state.input for state in manifest.states}
    for recurrence in network.recurrences:
        if handed_on & recurrence.roots:
            continue
        expected = f"{recurrence.state} from an input that is a state, handed on from step to step"
        others = ", ".join(sorted(recurrence.roots))
        found = f"only '{others}', which is none" if others else "a constant"
        found += ": it would forget everything with every step (export it with its state)"
        yield NetworkError(network.path, recurrence.node, expected, found)


def _states(manifest: Manifest, network: NetworkFile, file: Path) -> Iterator[PolicyError]:
    for index, state in enumerate(manifest.states):
        field = f"states[{index}]"
        if state.output not in network.outputs:
            expected = f"one of {', '.join(network.outputs)}"
            yield NetworkError(file, f"{field}.output", expected, f"'{state.output}'")
        elif state.input in network.inputs:
            fed, given = network.inputs[state.input], network.outputs[state.output]
            if fed.width != given.width:
                expected = f"{fed.width} values for '{state.input}'"
                yield WidthMismatchError(file, field, expected, f"{given.width}")
    outputs = [state.output for state in manifest.states]
    for output in outputs:
        if outputs.count(output) > 1 or output == manifest.action.output:
            yield ConflictError(file, "states", "every output once", f"'{output}' again")
