"""What ``wm robot`` prints: notes of a draft, findings of a check, derived parameters."""

from __future__ import annotations

from rich.markup import escape
from rich.table import Table

from wm_control.robot.drafting.draft import RobotDraft
from wm_control.robot.drafting.notes import Kind

COLOURS: dict[Kind, str] = {"taken": "green", "guessed": "yellow", "unknown": "red"}


def draft_table(draft: RobotDraft) -> Table:
    """List a draft's notes: what was read, then what was guessed, then what was not to be told."""
    table = Table(title=f"draft of {draft.name}", title_justify="left")
    for heading in ("", "of", "what"):
        table.add_column(heading)
    for kind, colour in COLOURS.items():
        for note in draft.notes:
            if note.kind == kind:
                table.add_row(f"[{colour}]{kind}[/]", escape(note.subject), escape(note.text))
    return table
