"""What the screen says of a learned policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml
from rich.table import Table

from wm_control.robot.description import RobotDescription
from wm_policy.checking.golden import record_golden, record_story
from wm_policy.drives import largest_damping
from wm_policy.loading import Examination
from wm_policy.manifest import History, Manifest, Moving, Standing, Term
from wm_policy.policy import Policy
from wm_policy.terms import ESTIMATOR_TERMS, TERMS
from wm_policy.values import Bounds
from wm_policy.widths import all_terms, block_width, term_width

LONG = 4
"""Vectors with more different values than this are shown as a range."""


NOT_SAID = (
    "robot: not said which it was made for, so that another body, or other gears, would not be "
    "noticed (docs/policies.md)"
)


def verdict_lines(examination: Examination) -> Iterator[str]:
    """Say whether it may start, and every reason why not."""
    if examination.ok:
        yield f"{examination.path}: may start"
    for problem in examination.problems:
        yield f"problem: {problem}"
    if examination.manifest is not None and not examination.manifest.robot:
        yield NOT_SAID


def policy_tables(examination: Examination, robot: RobotDescription) -> Iterator[Table]:
    """Describe a policy as far as its files could be read."""
    yield _files(examination)
    if examination.manifest is not None:
        yield _terms(examination.manifest)
        yield _running(examination.manifest, examination.policy, robot)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_header=bool(headings[0]))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _files(examination: Examination) -> Table:
    table = _table("", "")
    network, source, manifest = examination.network, examination.source, examination.manifest
    if source is not None:
        table.add_row("family", source.family)
        table.add_row("metadata", str(source.file))
        if source.overlay.applies:
            said = ", ".join(source.overlay.says())
            table.add_row("overlay", f"{source.overlay.file}: {said}")
    if manifest is not None:
        table.add_row("name, licence", f"{manifest.name}, {manifest.licence}")
        table.add_row("rate", f"{manifest.rate:g} Hz")
        robots = ", ".join(name for of in manifest.robot for name in of.names)
        table.add_row("robots", robots or "not said")
    if network is not None:
        table.add_row("network", str(network.path))
        table.add_row("sha256", network.sha256)
        table.add_row("weights_sha256", network.weights_sha256)
        for name, tensors in (("inputs", network.inputs), ("outputs", network.outputs)):
            shapes = ", ".join(f"{t.name} {list(t.shape)}" for t in tensors.values())
            table.add_row(name, shapes)
    return table


def _terms(manifest: Manifest) -> Table:
    """One row per observation term, in the order in which the network sees them."""
    table = _table("input", "from", "term", "frame", "unit", "width", "scale", "clip", "history")
    places = iter(all_terms(manifest))
    for tensor in manifest.inputs:
        offset = 0
        for block in tensor.blocks:
            for _ in block.terms:
                _, term = next(places)
                table.add_row(tensor.name, str(offset), *_row(term, manifest, block.history))
                per_frame = block.history is not None and block.history.layout == "per_frame"
                frames = block.history.length if block.history and not per_frame else 1
                offset += term_width(term, manifest) * frames
            if block.history is not None and block.history.layout == "per_frame":
                frame = sum(term_width(term, manifest) for term in block.terms)
                offset += block_width(block, manifest) - frame
    return table


def _row(term: Term, manifest: Manifest, history: History | None) -> Sequence[str]:
    kind = TERMS.get(term.name)
    width = term_width(term, manifest) if kind else 0
    scale = term.scale if isinstance(term.scale, tuple) else (term.scale,)
    clip = _bounds(term.clip) + _bounds(term.clip_scaled, " scaled")
    unit = kind.unit if kind else "?"
    return (
        term.name,
        term.frame or "-",
        unit,
        str(width),
        _range(scale),
        clip or "-",
        _when(history),
    )


def _bounds(bounds: Bounds | None, after: str = "") -> str:
    if bounds is None:
        return ""
    low, high = ("" if side is None else f"{side:g}" for side in bounds)
    return f"[{low}, {high}]{after}"


def _when(history: History | None) -> str:
    if history is None:
        return "now"
    now = "with now" if history.current else "before now"
    order, layout = history.order.replace("_", " "), history.layout.replace("_", " ")
    return f"{history.length} {layout}, {order}, {now}, {history.fill} filled"


def _running(manifest: Manifest, policy: Policy | None, robot: RobotDescription) -> Table:
    table = _table("", "")
    action, gains, command = manifest.action, manifest.gains, manifest.command
    table.add_row("action", f"{len(action.joints)} joints, {action.target}, {_range(action.scale)}")
    stiffness = _range(gains.stiffness) if gains.stiffness else f"from {gains.stiffness_output}"
    damping = _range(gains.damping) if gains.damping else f"from {gains.damping_output}"
    table.add_row("stiffness, damping", f"{stiffness} N·m/rad, {damping} N·m·s/rad")
    limited = _limited(manifest, robot)
    if limited:
        table.add_row("damping limited to", limited)
    ranges = (command.linear_x, command.linear_y, command.angular_z)
    table.add_row("commands", ", ".join(f"{low:g} to {high:g}" for low, high in ranges))
    if manifest.phase:
        clock = f"{manifest.phase.frequency:g} Hz{_while_standing(manifest.phase.standing)}"
        table.add_row("phase clock", clock)
    if manifest.moving:
        table.add_row("moving", f"unless {_limits(manifest.moving)}")
    states = ", ".join(f"{s.input} from {s.output}" for s in manifest.states)
    table.add_row("states", states or "none")
    needed = {term.name for _, term in all_terms(manifest)} & ESTIMATOR_TERMS
    table.add_row("needs the estimator for", ", ".join(sorted(needed)) or "nothing")
    golden = f"{len(manifest.golden)} vectors, {'a' if manifest.story else 'no'} story"
    table.add_row("golden answers", golden)
    if policy is not None:
        table.add_row("held joints", _held(policy, robot))
        table.add_row("novelty against", _known(policy.novelty.measured, len(policy.novelty.mean)))
    return table


def _known(measured: int, values: int) -> str:
    """Say where mean and deviation of the observation's values come from."""
    if measured == values:
        return "measured in training"
    guesses = f"{values - measured} of {values} values are stated guesses"
    return f"measured in training in part: {guesses}" if measured else "stated guesses"


def _while_standing(standing: Standing | None) -> str:
    """Say what the clock does while no motion is asked for."""
    if standing is None:
        return ""
    does = ["blank"] if standing.blank else []
    does += ["stopped"] if standing.phase is not None else []
    return f", {' and '.join(does)} while {_limits(standing)}"


def _limits(limits: Moving | Standing) -> str:
    named = (
        ("|command|", limits.command_below),
        ("|linear|", limits.linear_below),
        ("|angular|", limits.angular_below),
    )
    return " and ".join(f"{name} < {limit:g}" for name, limit in named if limit is not None)


def _limited(manifest: Manifest, robot: RobotDescription) -> str:
    largest = dict(zip(robot.joint_names, largest_damping(robot), strict=True))
    pairs = zip(manifest.action.joints, manifest.gains.damping or (), strict=False)
    return ", ".join(
        f"{joint} {largest[joint]:.2g} (says {value:g})"
        for joint, value in pairs
        if joint in largest and value > largest[joint]
    )


def _held(policy: Policy, robot: RobotDescription) -> str:
    held = policy.held
    rows = zip(held.joints, held.position, held.stiffness, held.damping, strict=True)
    return (
        ", ".join(
            f"{robot.joint_names[j]} at {q:.2f} rad (kp {kp:.0f}, kd {kd:.1f})"
            for j, q, kp, kd in rows
        )
        or "none"
    )


def _range(values: Sequence[float]) -> str:
    different = sorted(set(values))
    if len(different) <= LONG:
        return ", ".join(f"{value:g}" for value in different)
    return f"{different[0]:g} to {different[-1]:g}"


def pinned_yaml(policy: Policy, robot: RobotDescription) -> str:
    """Golden answers of a policy as YAML, for a manifest, or under ``fill`` of an overlay."""
    content = {"golden": [record_golden(policy)], "story": record_story(policy, robot)}
    text: str = yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=100)
    return text
