"""``wm replay``: a bag judged again."""

from __future__ import annotations

import json as json_format
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from wm_bringup.commands import DRIVER_NAMES, HELD, NOT_HELD, known_driver
from wm_bringup.commands.options import Overlay, Result
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP
from wm_control.drivers import POLICY

Say = Callable[..., None]
"""Prints a line as it is: brackets are those of joints."""

MODES = ("audit", "against", "what_if", "shadow", "estimate")
"""Options of which one is asked for."""

SHOWN = 20
"""Lines of a list that are shown; the result's file has all."""


def replay(
    bag: Annotated[Path, typer.Argument(help="Folder, .mcap or .db3.")],
    audit: Annotated[
        bool, typer.Option("--audit", help="Ask estimator, arbiter and judge again.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(metavar="BAG", help="Where the two first part.")
    ] = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Decisions with another parameter; repeatable."),
    ] = None,
    shadow: Annotated[
        str | None,
        typer.Option(
            metavar=DRIVER_NAMES,
            callback=lambda name: name if name is None else known_driver(name),
            help="What it would have commanded; open loop.",
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Errors and innovations of the estimator.")
    ] = False,
    tolerance: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="With --against: difference that counts as none."),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option("--map", metavar="NAME|FILE", help="With --estimate: which topic is what."),
    ] = None,
    robot: Annotated[str | None, typer.Option(help=ROBOT_HELP + " With --estimate.")] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="With --shadow policy: which.")
    ] = None,
    overlay: Overlay = None,
    json: Result = None,
) -> int:
    """Judge a bag again: without a robot, a clock or ROS.

    Exits with 0 when all is as it was recorded, with 1 when something parts from it or only a part
    of the bag could be read, with 2 when there was nothing to judge. The same bag and the same code
    give the same result, byte for byte.

    Example: wm replay results/walk_bag --audit
    """
    from wm_bringup.host.output import check_file
    from wm_bringup.report.screen import make_console

    asked = {
        "audit": audit,
        "against": against,
        "what_if": what_if,
        "shadow": shadow,
        "estimate": estimate,
    }
    chosen = [name for name in MODES if asked[name]]
    if len(chosen) != 1:
        names = ", ".join("--" + name.replace("_", "-") for name in MODES)
        raise typer.BadParameter(f"name one of {names}")
    mode = chosen[0]
    _refuse(mode, "against", tolerance=tolerance)
    _refuse(mode, "estimate", map=mapping, robot=robot)
    _refuse(mode, "shadow", policy=policy, overlay=overlay)
    if shadow != POLICY and (policy or overlay):
        raise typer.BadParameter("--policy and --overlay mean something only with --shadow policy")
    check_file(json, "--json", ".json")
    say = make_console().print
    if mode == "audit":
        content, code = _audit(bag, say)
    elif against is not None:
        content, code = _against(bag, against, pairs(tolerance or (), "--tolerance"), say)
    elif what_if:
        content, code = _what_if(bag, pairs(what_if, "--what-if"), say)
    elif shadow is not None:
        content, code = _shadow(bag, shadow, policy, overlay, say)
    else:
        content, code = _estimate(bag, mapping, robot, say)
    _say_problems(content["problems"], say)
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(content, indent=2) + "\n", encoding="utf-8")
    return code


def _refuse(mode: str, wanted: str, **given: object) -> None:
    """Refuse what means something only for another question."""
    for name, value in given.items():
        if value and mode != wanted:
            raise typer.BadParameter(f"--{name} means something only with --{wanted}")


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """Split NAME=VALUE."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (equals and name and value):
            raise typer.BadParameter(f"{text!r} is not NAME=VALUE", param_hint=option)
        if name in found:
            raise typer.BadParameter(f"{name} is named twice", param_hint=option)
        found[name] = value
    return found


Answer = tuple[dict[str, Any], int]


def _audit(bag: Path, say: Say) -> Answer:
    from wm_bringup.replay.audit import audit

    done = audit(bag)
    say(f"{done.cycles} cycles, {done.seconds:.2f} s")
    for stage in done.stages:
        if stage.parted is not None:
            say(f"{stage.parted}; {stage.cycles} cycles differ", style="red")
        elif stage.computed:
            say(f"{stage.name}: bit-identical")
    for one in done.changed[:SHOWN]:
        say(f"verdict: {one.field} was {one.mine}, is {one.other}", style="red")
    if done.reproduced:
        say("verdict: reproduced bit for bit")
    for note in done.notes:
        say(note, style="yellow")
    return done.as_json(), HELD if done.held else NOT_HELD


def _against(bag: Path, other: Path, tolerance: Mapping[str, str], say: Say) -> Answer:
    from wm_bringup.replay.against import against
    from wm_bringup.replay.differences import Tolerances

    done = against(bag, other, Tolerances({n: _bound(n, v) for n, v in tolerance.items()}))
    for one in done.setup[:SHOWN]:
        say(f"set up differently: {one}", style="yellow")
    if done.parted is None:
        say(f"the same in {done.alike} cycles")
    else:
        d = done.parted.difference
        say(
            f"part at {done.parted.time:.3f} s (cycle {done.parted.cycle}) in {d.field}: "
            f"{d.mine} and {d.other}",
            style="red",
        )
    if done.lengths[0] != done.lengths[1]:
        say(f"{done.lengths[0]} and {done.lengths[1]} cycles", style="red")
    return done.as_json(), HELD if done.held else NOT_HELD


def _bound(name: str, text: str) -> float:
    from wm_bringup.replay.compared import fits_any

    if not fits_any(name):
        said = f"{name} fits no field that is compared, such as estimate.joint_position"
        raise typer.BadParameter(said, param_hint="--tolerance")
    try:
        bound = float(text)
    except ValueError:
        bound = -1.0
    if not bound >= 0.0:
        raise typer.BadParameter(f"{name}={text} is no bound >= 0", param_hint="--tolerance")
    return bound


def _what_if(bag: Path, asked: Mapping[str, str], say: Say) -> Answer:
    from wm_bringup.replay.what_if import what_if

    done = what_if(bag, asked)
    for one in done.changed:
        say(f"{one.field}: {one.mine} -> {one.other}")
    for change in done.changes[:SHOWN]:
        say(str(change))
    if len(done.changes) > SHOWN:
        say(f"and {len(done.changes) - SHOWN} more")
    say(
        f"{done.decisions} of {done.cycles} cycles are decided otherwise, {done.differing} differ "
        "in something; open loop: the robot's motion is the recorded one throughout"
    )
    if done.first is not None:
        say(f"first: {done.first[0]:.3f} s, {done.first[1]}")
    return done.as_json(), NOT_HELD if done.problems else HELD


def _shadow(bag: Path, name: str, policy: Path | None, overlay: Path | None, say: Say) -> Answer:
    from wm_bringup.replay.shadow import shadow

    content = shadow(bag, name, policy, overlay).as_json()
    say(
        f"{name} on the estimates of {content['cycles']} cycles, open loop: nothing is said of "
        f"success or falls; no command in {content['without_command']}"
    )
    for key, words in (
        ("from_what_was_sent", "what was sent"),
        ("from_what_it_proposed", "what it proposed then"),
    ):
        if content[key] is not None:
            say(f"from {words}: {_distance(content[key])}")
    for note in content["notes"]:
        say(note, style="yellow")
    return content, NOT_HELD if content["problems"] else HELD


def _distance(found: Mapping[str, Any]) -> str:
    tail, worst = found["distance"], found["torque_rms"]
    if not found["n"]:
        return "nothing to compare"
    if found["bit_identical"] == found["n"]:
        return f"bit-identical in all {found['n']} cycles"
    joints = ", ".join(f"{name} {value:.3g}" for name, value in worst.items())
    return (
        f"bit-identical in {found['bit_identical']} of {found['n']} cycles; torque distance p50 "
        f"{tail['p50']:.3g}, p99 {tail['p99']:.3g}, largest {tail['max']:.3g} of the limits; most "
        f"apart (N·m RMS): {joints}; first at {found['first']['time']:.3f} s in "
        f"{found['first']['field']}"
    )


def _estimate(bag: Path, mapping: str | None, robot: str | None, say: Say) -> Answer:
    from wm_bringup.bags.stream import BagStream, topic_named
    from wm_bringup.judging.criteria.table import CRITERIA
    from wm_bringup.replay.estimate import estimate
    from wm_bringup.replay.mapping import load_mapping
    from wm_bringup.replay.recording import Recording
    from wm_bringup.wire.topics import SETUP

    chosen = load_mapping(mapping or "ros2")
    cycles = mapping is None and topic_named(SETUP.name, BagStream(bag).msgtypes)
    recorded = Recording(bag) if cycles else None
    if recorded is not None and robot:
        said = f"{bag} is a bag of cycles, which says that its robot is '{recorded.setup.robot}'"
        raise typer.BadParameter(said, param_hint="--robot")
    whose = robot or chosen.robot or DEFAULT_ROBOT
    done = estimate(bag, chosen, whose, recorded, asked=mapping is not None)
    content = done.as_json()
    say(f"{done.samples} samples, {done.seconds:.2f} s, {done.truths} looks at the truth")
    for name, value in done.metrics.items():
        if value is not None:
            say(f"{name} {_number(value)} {CRITERIA[name].unit}")
    for name, tail in done.innovations.items():
        if tail["n"]:
            say(f"{name}: p50 {tail['p50']:.3g}, p99 {tail['p99']:.3g}, n {tail['n']}")
    for cause, count in done.unhealthy.items():
        say(f"unhealthy in {count} samples: {cause}", style="yellow")
    if done.sent is not None:
        kinds = ", ".join(f"{kind} {n}" for kind, n in done.sent["joints_by_kind"].items() if n)
        count, changed = done.sent["commands"], done.sent["filter_changes"]
        why = f" (joints: {kinds})" if kinds else ""
        say(f"{count} commands were sent; our filter changes {changed}{why}")
    return content, NOT_HELD if done.problems else HELD


def _number(value: object) -> str:
    values = value if isinstance(value, tuple) else (value,)
    return " ".join(f"{one:.4g}" for one in values)


def _say_problems(problems: Sequence[str], say: Say) -> None:
    for problem in problems:
        say(problem, style="red")
