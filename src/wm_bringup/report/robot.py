"""What ``wm robot`` prints: notes of a draft, findings of a check, derived parameters."""

from __future__ import annotations

from typing import Any

from rich.table import Table
from rich.text import Text

from wm_control.derivation.feasibility import Level
from wm_control.derivation.inspection import Inspection
from wm_control.derivation.measures import Measures
from wm_control.derivation.showing import Shown
from wm_control.robot.drafting.draft import RobotDraft
from wm_control.robot.drafting.notes import Kind

COLOURS: dict[Kind, str] = {"taken": "green", "guessed": "yellow", "unknown": "red"}

LEVELS: dict[Level, str] = {"refused": "red", "doubted": "yellow", "assumed": "blue"}


def draft_table(draft: RobotDraft) -> Table:
    """List a draft's notes: what was read, then what was guessed, then what was not to be told."""
    table = Table(title=f"draft of {draft.name}", title_justify="left")
    for heading in ("", "of", "what"):
        table.add_column(heading)
    for kind, colour in COLOURS.items():
        for note in draft.notes:
            if note.kind == kind:
                table.add_row(Text(kind, colour), note.subject, note.text)
    return table


def findings_table(inspection: Inspection) -> Table:
    """List what is refused, then what is doubted, then what was assumed."""
    name = inspection.description.name if inspection.description else str(inspection.file)
    table = Table(title=f"check of {name}", title_justify="left")
    for heading in ("", "of", "what"):
        table.add_column(heading)
    for level, colour in LEVELS.items():
        for finding in inspection.findings:
            if finding.level == level:
                table.add_row(Text(level, colour), finding.subject, finding.text)
    return table


def size_line(robot: str, measures: Measures, joints: int) -> str:
    """Say in one line how big a robot is."""
    return (
        f"{robot}: {measures.mass:.1f} kg, {joints} joints, legs of {measures.leg:.3f} m, base "
        f"{measures.base_height:.3f} m up, soles {2e3 * measures.half_length:.0f} x "
        f"{2e3 * measures.half_width:.0f} mm, forward {measures.forward:.2f} m/s"
    )


def parameters_table(robot: str, rows: tuple[Shown, ...]) -> Table:
    """List parameters in force with their formulas, and what the robot's own files say instead."""
    table = Table(title=f"parameters of {robot}", title_justify="left")
    for heading in ("file", "parameter", "in force", "formula", "derived"):
        table.add_column(heading, justify="right" if heading in ("in force", "derived") else "left")
    for row in rows:
        whose = f"{row.part}.yaml says" if row.stated else "derived"
        value = Text(_text(row.value), "yellow" if row.stated else "")
        formula = row.formula or "not derived"
        other = _text(row.derived) if row.stated and row.derived is not None else ""
        table.add_row(whose, row.key, value, formula, other)
    return table


def _text(value: Any) -> str:  # noqa: ANN401 - as YAML says it
    if isinstance(value, (tuple, list)):
        return ", ".join(_text(entry) for entry in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
