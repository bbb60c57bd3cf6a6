"""Results on disk, one JSON line per run, written as they come: an interruption loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wm_bringup.judging.episode import EpisodeResult
from wm_control.errors import WmError


class EpisodeStoreError(WmError):
    """An episode file cannot be continued."""


class EpisodeStore:
    """A ``.jsonl`` file: first line the conditions, then one line per run: key and its results."""

    def __init__(self, path: Path, conditions: Mapping[str, Any], *, resume: bool) -> None:
        """Begin a file, or go on with one whose conditions are the same.

        EpisodeStoreError when there is a file of other conditions and ``resume`` is asked for.
        """
        self.path = path
        self.done: dict[str, tuple[EpisodeResult, ...]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        first = json.dumps({"conditions": conditions}, sort_keys=True)
        if resume and path.exists():
            self._load(first)
        else:
            path.write_text(first + "\n", encoding="utf-8")

    def add(self, key: str, results: Sequence[EpisodeResult]) -> None:
        """Append the results of one run; they are on disk when this returns."""
        self.done[key] = tuple(results)
        line = json.dumps({"key": key, "results": [one.as_json() for one in results]})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _load(self, first: str) -> None:
        lines = self.path.read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != first:
            raise EpisodeStoreError(
                f"{self.path} holds episodes of other conditions (scenario, code or parameters "
                "differ): remove it, or run without resuming"
            )
        whole = []
        for line in lines[1:]:
            try:
                data = json.loads(line)
            except json.JSONDecodeError:
                break  # written when the run was cut off: that one is run again
            whole.append(line)
            results = (EpisodeResult.from_json(one) for one in data["results"])
            self.done[data["key"]] = tuple(results)
        part = self.path.with_suffix(".part")
        part.write_text("\n".join([first, *whole]) + "\n", encoding="utf-8")
        part.replace(self.path)
