"""Two bags side by side: the first field and time in which they part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from wm_bringup.replay.audit import Parted
from wm_bringup.replay.compared import COMPARED, TRUTH
from wm_bringup.replay.differences import EXACT, Difference, Tolerances, differences
from wm_bringup.replay.recording import Cycle, Recording


@dataclass(frozen=True, slots=True)
class Against:
    """What two bags have in common.

    setup: in what they were set up differently. parted: where a cycle first differs. fields: by
    field, in how many cycles it differs. alike: cycles before that. lengths: cycles of both.
    """

    setup: tuple[Difference, ...]
    parted: Parted | None
    fields: dict[str, int]
    alike: int
    lengths: tuple[int, int]
    problems: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether they are the same, within the tolerances, from beginning to end."""
        return self.parted is None and self.lengths[0] == self.lengths[1] and not self.problems

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {
            "held": self.held,
            "first": self.parted and self.parted.as_json(),
            "alike_cycles": self.alike,
            "cycles": list(self.lengths),
            "differing_cycles_by_field": self.fields,
            "setup": [str(one) for one in self.setup],
            "problems": list(self.problems),
        }


def against(mine: Path, other: Path, within: Tolerances) -> Against:
    """Compare two bags of cycles, cycle by cycle; BagError where one holds none."""
    one, two = Recording(mine), Recording(other)
    setup = tuple(differences(_asked(one), _asked(two), "setup", EXACT))
    parted: Parted | None = None
    fields: dict[str, int] = {}
    alike, lengths = 0, [0, 0]
    for a, b in zip_longest(one.cycles(), two.cycles()):
        lengths[0] += a is not None
        lengths[1] += b is not None
        if a is None or b is None:
            continue
        found = list(differing(a, b, within, one.setup.joints))
        for field in dict.fromkeys(difference.field for difference in found):
            fields[field] = fields.get(field, 0) + 1
        if found and parted is None:
            parted = Parted("recording", a.number, a.now, found[0])
        alike += parted is None
    problems = [f"{bag.path}: {p}" for bag in (one, two) for p in bag.problems]
    return Against(setup, parted, fields, alike, (lengths[0], lengths[1]), tuple(problems))


def _asked(recording: Recording) -> dict[str, Any]:
    """Everything that decides a run; not the code and the machine that it ran on."""
    content = recording.setup.content
    return {key: value for key, value in content.items() if key != "provenance"}


def differing(
    a: Cycle, b: Cycle, within: Tolerances, joints: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield the first difference of every field of a cycle, in the order of ``COMPARED``."""
    pairs = [(name, getattr(a.tick, name), getattr(b.tick, name)) for name in COMPARED]
    pairs.append((TRUTH, a.seen and a.seen.truth, b.seen and b.seen.truth))
    for name, mine, other in pairs:
        first = next(differences(mine, other, name, within, joints), None)
        if first is not None:
            yield first
