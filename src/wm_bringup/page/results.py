"""The folder that a comparison leaves, as a report reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wm_bringup.comparing.summary import SCHEMA
from wm_control.errors import WmError

Told = Mapping[str, Any]


class ReportError(WmError):
    """A folder cannot be reported on."""


@dataclass(frozen=True, slots=True)
class Results:
    """What is in it. timings, manifest: empty where there are none."""

    folder: Path
    summary: Told
    timings: Told
    manifest: Told

    @property
    def names(self) -> list[str]:
        """Contestants in the summary's order."""
        return [one["name"] for one in self.summary["contestants"]]

    def timed(self, facet: str) -> Told:
        """Return what was measured on a clock of a facet; empty where nothing was."""
        found: Told = self.timings.get("facets", {}).get(facet, {})
        return found

    def episodes(self) -> dict[str, Told]:
        """Return the first result of every run that was written whole, by key."""
        path, found = self.folder / "episodes.jsonl", {}
        for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
            try:
                content = json.loads(line)
            except json.JSONDecodeError:
                break
            if content.get("results"):
                found[content["key"]] = content["results"][0]
        return found


def load_results(folder: Path) -> Results:
    """Read a folder; ReportError when it holds no summary, or one of another schema."""
    path = folder / "summary.json"
    summary, timings, manifest = (
        _read(one) for one in (path, folder / "timings.json", folder / "manifest.json")
    )
    if not summary:
        raise ReportError(f"{path}: no such file; `wm compare` writes one")
    if summary.get("schema") != SCHEMA:
        found = summary.get("schema")
        raise ReportError(f"{path}: schema is {found}, must be {SCHEMA} (no comparison's summary?)")
    return Results(folder, summary, timings, manifest)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise ReportError(f"{path}: not readable as JSON: {error}") from error
    if not isinstance(content, dict):
        raise ReportError(f"{path}: must hold an object")
    return content
