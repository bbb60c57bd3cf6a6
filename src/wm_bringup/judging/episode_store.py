"""Episodes on disk, one JSON line each, written as they finish: an interruption loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wm_bringup.judging.episode import Episode
from wm_control.errors import WmError


class EpisodeStoreError(WmError):
    """An episode file cannot be continued."""


class EpisodeStore:
    """A ``.jsonl`` file: first line the conditions, then one line per episode with its key."""

    def __init__(self, path: Path, conditions: Mapping[str, Any], *, resume: bool) -> None:
        """Begin a file, or go on with one whose conditions are the same.

        EpisodeStoreError when there is a file of other conditions and ``resume`` is asked for.
        """
        self.path = path
        self.episodes: dict[str, Episode] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        first = json.dumps({"conditions": conditions}, sort_keys=True)
        if resume and path.exists():
            self._load(first)
        else:
            path.write_text(first + "\n", encoding="utf-8")

    def add(self, key: str, episode: Episode) -> None:
        """Append one episode; it is on disk when this returns."""
        self.episodes[key] = episode
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **episode.as_json()}, sort_keys=True) + "\n")

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
                break  # written when the run was cut off: that episode is run again
            whole.append(line)
            self.episodes[data.pop("key")] = Episode.from_json(data)
        self.path.write_text("\n".join([first, *whole]) + "\n", encoding="utf-8")
