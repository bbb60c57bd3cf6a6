"""Documents name commands and options that are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from wm_bringup import cli
from wm_bringup.commands import COMMANDS

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
INLINE = re.compile(r"`(wm [^`]+)`")
ON_A_LINE = re.compile(r"^ *(?:\.venv/bin/)?(wm [^#\n`|]+)(?:#.*)?$", re.MULTILINE)


def commands_in(text: str) -> list[list[str]]:
    """Words after ``wm`` of every command that a document shows, in its text or on a line."""
    shown = [*INLINE.findall(text), *ON_A_LINE.findall(text)]
    return [shlex.split(line)[1:] for line in shown]


def resolved(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that is called, of typer, and its arguments; None where there is none."""
    found: Any = typer.main.get_command(cli.build_app(words))
    rest = list(words)
    while found is not None and hasattr(found, "get_command") and rest:
        found = found.get_command(None, rest.pop(0))
    return found, rest


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_documents_are_there_with_their_options(document: Path) -> None:
    for words in commands_in(document.read_text(encoding="utf-8")):
        if words[0].startswith("-"):
            continue
        assert words[0] in COMMANDS, words
        command, arguments = resolved(words)
        assert command is not None, words
        known = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        asked = {part.split("=")[0] for word in arguments for part in word.split("|")}
        options = {name.strip("[],.") for name in asked if name.strip("[").startswith("--")}
        assert options <= {*known, "--help"}, words


def test_a_document_is_searched_in_its_text_and_in_its_lines() -> None:
    text = "As `wm bench viewers`:\n\n    wm walk --seeds 2   # two\n    .venv/bin/wm doctor\n"
    assert commands_in(text) == [["bench", "viewers"], ["walk", "--seeds", "2"], ["doctor"]]
