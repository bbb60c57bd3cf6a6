"""Print the tables of docs/interfaces.md: ``python -m wm_bringup.wire.interfaces``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from wm_bringup.wire.latency_rows import BATCH, FIELDS
from wm_bringup.wire.topics import JUDGED, PUBLISHER, SERVICES, SUBSCRIBER, TOPICS
from wm_bringup.wire.vectors import (
    COMMAND_FIELDS,
    COMMAND_HEADER,
    ESTIMATE_HEADER,
    PROPOSAL_HEADER,
    SOLVE_FIELDS,
    VELOCITY_FIELDS,
    VELOCITY_HEADER,
    estimate_layout,
)
from wm_control.mpc.plan import LAYOUT


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Markdown table."""
    head = (f"| {' | '.join(columns)} |", "|---" * len(columns) + "|")
    return "\n".join((*head, *(f"| {' | '.join(map(str, row))} |" for row in rows)))


def topic_table() -> str:
    """Name, type, rate and ends of every topic."""
    rows = [
        (f"`{t.name}`", t.type.replace("/msg/", "/"), t.rate, t.publisher, t.subscribers)
        for t in TOPICS
    ]
    return table(("topic", "type", "rate", "publisher", "subscribers"), rows)


def content_table() -> str:
    """Tell what every topic carries, and with which quality of service."""
    rows = [(f"`{t.name}`", t.carries, PUBLISHER[t.flow], SUBSCRIBER[t.flow]) for t in TOPICS]
    return table(("topic", "carries", "publishers offer", "our subscribers ask for"), rows)


def judged_table() -> str:
    """Topics that are in bags alone."""
    rows = [(f"`{t.name}`", t.type.replace("/msg/", "/"), t.rate, t.carries) for t in JUDGED]
    return table(("topic", "type", "rate", "carries"), rows)


def service_table() -> str:
    """All services."""
    rows = [(f"`{s.name}`", s.node, s.does) for s in SERVICES]
    return table(("service", "node", "does"), rows)


def command_table() -> str:
    """Layout of ``joint_command`` and of a proposal."""
    body = f"{len(COMMAND_FIELDS)} x n: {', '.join(COMMAND_FIELDS)}"
    solves = f"{', '.join(SOLVE_FIELDS)} of each solve, then the figures"
    rows = [
        ("`joint_command`", len(COMMAND_HEADER), ", ".join(COMMAND_HEADER), body),
        (
            "`mpc/joint_command`, `policy/joint_command`",
            f"{len(PROPOSAL_HEADER)} + {len(SOLVE_FIELDS)} solves + figures",
            f"{', '.join(PROPOSAL_HEADER)}; {solves}",
            body,
        ),
    ]
    return table(("topic", "`data_offset`", "before it", "from it on"), rows)


def estimate_table() -> str:
    """Layout of ``state_estimator/estimate`` of a robot with n joints."""
    rows, fixed, joints = [], 0, 0
    header = [(name, 1, 1) for name in ESTIMATE_HEADER]
    layouts = zip(estimate_layout(0), estimate_layout(1), strict=True)
    for name, size, of_one in (*header, *((name, a, b) for (name, a), (_, b) in layouts)):
        each = of_one - size
        rows.append((_with_joints(fixed, joints), _with_joints(size, each), f"`{name}`"))
        fixed, joints = fixed + size, joints + each
    return table(("first entry", "entries", "name"), rows)


def _with_joints(fixed: int, each: int) -> str:
    """Write ``fixed + each n``, leaving out what is nothing."""
    joints = {0: "", 1: "n"}.get(each, f"{each} n")
    return " + ".join(filter(None, (str(fixed) if fixed or not each else "", joints)))


def velocity_table() -> str:
    """Layout of ``arbiter/velocity``."""
    return _layout_table([(name, 1) for name in (*VELOCITY_HEADER, *VELOCITY_FIELDS)])


def plan_table() -> str:
    """Layout of ``mpc/plan``."""
    return _layout_table(LAYOUT)


def latency_table() -> str:
    """Layout of ``control/latency``."""
    return table(("rows", "columns"), [(BATCH, ", ".join(FIELDS))])


def _layout_table(parts: Iterable[tuple[str, int]]) -> str:
    rows, start = [], 0
    for name, size in parts:
        rows.append((start, size, f"`{name}`"))
        start += size
    return table(("first entry", "entries", "name"), rows)


TABLES = (
    topic_table,
    content_table,
    judged_table,
    service_table,
    command_table,
    estimate_table,
    velocity_table,
    plan_table,
    latency_table,
)

if __name__ == "__main__":  # pragma: no cover
    sys.stdout.write("\n\n".join(f"{make.__doc__}\n\n{make()}" for make in TABLES) + "\n")
