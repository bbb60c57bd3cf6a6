"""Episodes walked once more for pictures: a film strip and who drove when.

Pictures are kept in the folder's ``pictures/``, so that a page is written again in seconds.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.comparing.plan import load_comparison
from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.page.colours import BAD, INK, MUTED, SERIES
from wm_bringup.page.drawing import drawing
from wm_bringup.record.film import film_of_record
from wm_bringup.record.run_record import TICKS, TIME, RunRecord
from wm_bringup.record.strides import tilt_of
from wm_control.drivers import ARBITER, MPC, POLICY

SetupOf = Callable[[str], WalkSetup]
"""The setup of an episode by its key."""

_DRIVERS = {ARBITER: BAD, MPC: SERIES[0], POLICY: SERIES[1]}
_QUALITY = 82
_FILMED = 3.0
"""Seconds before the end that a film shows at most."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """Film strip as a data URL, and the arbiter's timeline.

    same: whether the episode came out as it was recorded, bit for bit; None where that is unknown.
    """

    film: str
    timeline: str
    same: bool | None


def setups_of(folder: Path) -> SetupOf:
    """Read from the folder's ``suite.yaml`` what each of its episodes was; KeyError for none."""
    runs = {run.key: run.setup for run in load_comparison(folder / "suite.yaml").runs()}
    return runs.__getitem__


def pictures_of(
    key: str, seed: int, notes: Mapping[str, Any], folder: Path, setup_of: SetupOf
) -> Pictures:
    """Return an episode's pictures, from the folder or from walking it again.

    notes: what its line of ``episodes.jsonl`` says, such as ``trace_sha256``.
    """
    known = folder / "pictures" / f"{_slug(key)}.json"
    if not known.is_file():
        known.parent.mkdir(parents=True, exist_ok=True)
        content = _walked(key, seed, setup_of(key))
        known.write_text(json.dumps(content), encoding="utf-8")
    content = json.loads(known.read_text(encoding="utf-8"))
    recorded = notes.get("trace_sha256")
    same = None if recorded is None else recorded == content["trace_sha256"]
    return Pictures(content["film"], content["timeline"], same)


def _slug(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _walked(key: str, seed: int, setup: WalkSetup) -> dict[str, str]:
    """Walk it, to its fall or its end."""
    done = walk(setup, seed)
    image = film_of_record(done.record, done.body, key, done.terrain, since=_since(done.record))
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=_QUALITY, optimize=True)
    film = "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
    timeline = draw_timeline(done.record, _slug(key))
    return {"film": film, "timeline": timeline, "trace_sha256": done.record.sha256()}


def _since(record: RunRecord) -> float:
    """When the film begins: with the last push before a fall, but not long before the end [s]."""
    time, pushed = record[TIME], np.linalg.norm(record["push_force"], axis=1) > 0.0
    begun = time[1:][pushed[1:] & ~pushed[:-1]]
    before = begun[begun > time[-1] - _FILMED]
    return float(before[-1] - 0.1 if len(before) else max(0.0, time[-1] - _FILMED))


def draw_timeline(record: RunRecord, salt: str) -> str:
    """Draw who drove, how far the robot tilted, its pushes and its fall, over the whole run."""
    ticks, drivers = record[TICKS], list(record.told("driver"))
    lanes = [name for name in _DRIVERS if name in set(drivers)]
    time = record[TIME]
    with drawing(1.5 + 0.24 * len(lanes), salt, 6.6) as (page, done):
        grid = page.add_gridspec(2, 1, height_ratios=[0.5 + 0.5 * len(lanes), 2])
        above = page.add_subplot(grid[0])
        below = page.add_subplot(grid[1], sharex=above)
        for axes in (above, below):
            axes.patch.set_alpha(0.0)
        for begin, end, who in stints(ticks, drivers):
            lane, colour = lanes.index(who), _DRIVERS[who].light
            above.broken_barh([(begin, end - begin)], (lane - 0.36, 0.72), color=colour)
        above.set_yticks(range(len(lanes)), lanes)
        above.set_ylim(-0.6, len(lanes) - 0.4)
        above.tick_params(axis="y", length=0)
        above.tick_params(axis="x", labelbottom=False)
        above.grid(visible=False, axis="y")
        below.plot(time, np.degrees(tilt_of(record["base_orientation"])), color=INK.light, lw=1.2)
        below.set_ylabel("tilt [°]")
        below.set_xlabel("time [s]")
        pushed = np.linalg.norm(record["push_force"], axis=1) > 0.0
        for axes in (above, below):
            axes.fill_between(
                time, 0, 1, where=pushed, color=BAD.light, alpha=0.35, lw=0.0,
                transform=axes.get_xaxis_transform(),
            )  # fmt: skip
            if record.facts.fell_at is not None:
                axes.axvline(record.facts.fell_at, color=MUTED.light, ls="--", lw=1.2)
    return done[0]


def stints(ticks: np.ndarray, drivers: list[str]) -> list[tuple[float, float, str]]:
    """From when until when who drove."""
    if not drivers:
        return []
    changed = [k for k in range(1, len(drivers)) if drivers[k] != drivers[k - 1]]
    bounds = [0, *changed, len(drivers) - 1]
    return [(float(ticks[a]), float(ticks[b]), drivers[a]) for a, b in pairwise(bounds)]
