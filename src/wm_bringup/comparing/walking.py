"""Walks what a comparison asks for: all contestants first, then chance at the rate they had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wm_bringup.comparing.plan import Comparison
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.episode_store import EpisodeStore
from wm_bringup.judging.episodes import policy_facts
from wm_bringup.judging.runner import Spread, SuiteRun, do_runs
from wm_bringup.judging.twins import Rate, random_run


def walk_all(
    comparison: Comparison, store: EpisodeStore, jobs: int, spread: Spread | None = None
) -> Iterator[tuple[SuiteRun, tuple[EpisodeResult, ...]]]:
    """Yield every run with its results, from the store or done now; each is on disk before.

    spread: where they are walked; None: in ``jobs`` processes of this computer.
    """
    runs = comparison.runs()
    yield from do_runs(runs, store, jobs, spread=spread)
    yield from do_runs(random_runs(comparison, found(runs, store)), store, jobs, spread=spread)


def count_runs(comparison: Comparison) -> int:
    """Say how many runs there are in all."""
    return len(comparison.runs()) + len(_walked_by_chance(comparison))


def found(runs: Sequence[SuiteRun], store: EpisodeStore) -> list[EpisodeResult]:
    """Collect what the store holds of some runs, in their order."""
    return [result for run in runs for result in store.done.get(run.key, ())]


def all_found(comparison: Comparison, store: EpisodeStore) -> list[EpisodeResult]:
    """Collect all that the store holds of a comparison, in the order of its file."""
    results = found(comparison.runs(), store)
    return results + found(random_runs(comparison, results), store)


def _walked_by_chance(comparison: Comparison) -> list[SuiteRun]:
    """List the runs of the first world that chance repeats."""
    cells, random = comparison.cell_cases(), comparison.random
    return [
        run
        for run in comparison.runs()
        if run.contestant in random.of
        and cells[run.case][1] == comparison.home
        and (not random.axes or cells[run.case][0].axis in random.axes)
    ]


def random_runs(comparison: Comparison, results: Sequence[EpisodeResult]) -> list[SuiteRun]:
    """Make the runs in which chance hands over, as often and for as long as the contestant did.

    The rate is that over the very episodes that are repeated.
    """
    runs = _walked_by_chance(comparison)
    repeated = {(run.case, run.contestant) for run in runs}
    own = [one for one in results if (one.case, one.contestant) in repeated]
    rates = {
        name: Rate.of([one for one in own if one.contestant == name])
        for name in comparison.random.of
    }
    return [random_run(run, rates[run.contestant]) for run in runs]


def policies_of(comparison: Comparison) -> dict[str, dict[str, Any]]:
    """Say which policy each contestant has, and what it was trained for; PolicyError if refused."""
    setups = {run.contestant: run.setup for run in comparison.runs()}
    told = {name: policy_facts(setup) for name, setup in setups.items()}
    return {name: facts for name, facts in told.items() if facts is not None}
