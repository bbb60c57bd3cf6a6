"""What contestants were caught at over all their episodes, and what becomes of their results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.lockstep.watched import PEEKED

SLACK = 2.0
"""CPU time of an answer per what it is charged, beyond which it is late: a loaded computer's caches
alone may make it half as long again."""


def offences_of(results: Sequence[EpisodeResult]) -> dict[str, dict[str, int]]:
    """Count by contestant the episodes in which one of its drivers was caught, and at what."""
    return _counted(results, lambda _: True)


def _counted(
    results: Sequence[EpisodeResult], counts_kind: Callable[[str], bool]
) -> dict[str, dict[str, int]]:
    found: dict[str, Counter[str]] = {}
    for one in results:
        offences = one.notes.get("offences", ())
        said = {f"{o['contestant']} {o['what']}" for o in offences if counts_kind(o["kind"])}
        found.setdefault(one.contestant, Counter()).update(said)
    return {name: dict(sorted(counts.items())) for name, counts in found.items() if counts}


def disqualified(results: Sequence[EpisodeResult]) -> dict[str, str]:
    """Say by contestant why its episodes count for nothing: a driver of it looked at the truth.

    What else they are caught at is scored by what it did to the robot.
    """
    return {
        name: "; ".join(f"{what}, in {count} episodes" for what, count in counts.items())
        for name, counts in _counted(results, lambda kind: kind == PEEKED).items()
    }


def late(results: Sequence[EpisodeResult]) -> dict[str, str]:
    """Say by contestant which driver takes longer for its answers than it is charged for them."""
    sums: dict[tuple[str, str], tuple[float, float]] = {}
    for one in results:
        thoughts: Mapping[str, Mapping[str, float]] = one.notes.get("thought", {})
        for driver, thought in thoughts.items():
            took, charged = sums.get((one.contestant, driver), (0.0, 0.0))
            sums[one.contestant, driver] = took + thought["beside"], charged + thought["charged"]
    found: dict[str, list[str]] = {}
    for (name, driver), (took, charged) in sums.items():
        if charged > 0.0 and not took <= SLACK * charged:
            told = f"{driver} takes {took / charged:.1f} times the compute time that it is charged"
            found.setdefault(name, []).append(told)
    return {name: "; ".join(told) for name, told in found.items()}
