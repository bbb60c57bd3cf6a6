"""Results on disk, one JSON line per run, written as they come: an interruption loses nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from wm_bringup.judging.episode import EpisodeResult
from wm_control.errors import WmError

Result = TypeVar("Result")


class RunStoreError(WmError):
    """A file of runs cannot be continued."""


class RunStore(Generic[Result]):
    """A ``.jsonl`` file: first line the conditions, then one line per run: key and its results.

    done: what every run came to, by its key.
    """

    def __init__(
        self,
        path: Path,
        conditions: Mapping[str, Any],
        *,
        resume: bool,
        encode: Callable[[Result], Mapping[str, Any]],
        decode: Callable[[Mapping[str, Any]], Result],
    ) -> None:
        """Begin a file, or go on with one whose conditions are the same.

        encode, decode: one result to what JSON can hold, and back.
        RunStoreError when there is a file of other conditions and ``resume`` is asked for.
        """
        self.path = path
        self.done: dict[str, tuple[Result, ...]] = {}
        self._mended: str | None = None
        self._encode, self._decode = encode, decode
        path.parent.mkdir(parents=True, exist_ok=True)
        first = json.dumps({"conditions": conditions}, sort_keys=True)
        if resume and path.exists():
            self._load(first)
        else:
            path.write_text(first + "\n", encoding="utf-8")

    def add(self, key: str, results: Sequence[Result]) -> None:
        """Append the results of one run; they are on disk when this returns."""
        self._mend()
        self.done[key] = tuple(results)
        line = json.dumps({"key": key, "results": [self._encode(one) for one in results]})
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _load(self, first: str) -> None:
        text = self.path.read_text(encoding="utf-8")
        lines = text.splitlines()
        if not lines or lines[0] != first:
            raise RunStoreError(
                f"{self.path} holds runs of other conditions (scenario, code or parameters "
                "differ): remove it, or run without resuming"
            )
        whole = []
        for number, line in enumerate(lines[1:], 2):
            try:
                data = json.loads(line)
            except json.JSONDecodeError as error:
                if number == len(lines):
                    break  # written when the run was cut off: that one is run again
                raise RunStoreError(
                    f"{self.path}, line {number} is no run ({error}): remove the line, and what "
                    "it held is run again"
                ) from error
            whole.append(line)
            self.done[data["key"]] = tuple(self._decode(one) for one in data["results"])
        mended = "\n".join([first, *whole]) + "\n"
        self._mended = mended if mended != text else None

    def _mend(self) -> None:
        """Take away what was cut off, before anything is written behind it."""
        if self._mended is not None:
            part = self.path.with_suffix(".part")
            part.write_text(self._mended, encoding="utf-8")
            part.replace(self.path)
            self._mended = None


def conditions_of(path: Path) -> dict[str, Any]:
    """Return under what the runs of a file were done; RunStoreError where that is not said."""
    try:
        with path.open(encoding="utf-8") as file:
            conditions: dict[str, Any] = json.loads(file.readline())["conditions"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunStoreError(f"{path}: no file of runs: {error}") from error
    return conditions


class EpisodeStore(RunStore[EpisodeResult]):
    """Episodes, as they are judged."""

    def __init__(self, path: Path, conditions: Mapping[str, Any], *, resume: bool) -> None:
        """Begin or go on, as any store of runs."""
        super().__init__(
            path,
            conditions,
            resume=resume,
            encode=EpisodeResult.as_json,
            decode=EpisodeResult.from_json,
        )
