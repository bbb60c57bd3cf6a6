"""A suite's results as a table in Markdown, for the screen and for files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np

from wm_bringup.judging.episode import values_of
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.statistics import combined, count_of, proportion_interval
from wm_bringup.judging.suite import Shown, Suite
from wm_bringup.judging.verdict import Row, over_of


def suite_table(suite: Suite, rows: Sequence[Row]) -> str:
    """Tabulate the cases and contestants; of estimators, one table per case."""
    if suite.estimators:
        from wm_bringup.judging.estimators.table import estimator_table

        cases = groupby(rows, lambda row: (row.case.name, row.walked_by))
        several = len(suite.contestants) > 1
        return "\n\n".join(
            estimator_table(f"{case} under {walked_by}" if several else case, list(own))
            for (case, walked_by), own in cases
        )
    several = len(suite.contestants) > 1
    heads = ["command", *(["contestant"] if several else []), "falls (95 %)"]
    heads += [*(column.title for column in suite.columns), "holds"]
    return markdown_table(heads, (_cells(suite, row, named=several) for row in rows))


def _cells(suite: Suite, row: Row, *, named: bool) -> list[str]:
    """Return a row's cells. named: with its contestant."""
    return [
        row.case.title or row.case.name,
        *([row.contestant] if named else []),
        count_of(row.falls, row.trials),
        *(_cell(column, row) for column in suite.columns),
        ("yes" if row.held else "NO") if row.checks else "-",
    ]


def broken_limits(rows: Sequence[Row]) -> Iterator[str]:
    """Say what does not hold, one sentence each."""
    for row in rows:
        for check in row.checks:
            if not check.held:
                yield f"{row.case.name}, {row.contestant}: {check}"


def _cell(column: Shown, row: Row) -> str:
    values = values_of(row.results, column.criterion)
    if not values:
        return "-"
    if column.share:
        return _share(values)
    found = combined(values, over_of(column.criterion, column.over))
    return " ".join(f"{value:.3f}" for value in np.atleast_1d(found))


def _share(values: Sequence[float | tuple[float, ...]]) -> str:
    """Write the share of ones among zeros and ones, with its 95 % interval by Wilson."""
    if not set(np.ravel(values)) <= {0.0, 1.0}:
        return "no share: neither 0 nor 1"
    count, n = int(np.sum(values)), len(values)
    low, high = proportion_interval(count, n, "wilson")
    return f"{100 * count / n:.0f} % ({100 * low:.0f}-{100 * high:.0f}, {count} of {n})"
