"""Every criterion by name, and a run measured by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import numpy as np

from wm_bringup.judging.criteria import (
    arbiter,
    consistency,
    contacts,
    effort,
    estimate,
    motion,
    timing,
    tour,
)
from wm_bringup.judging.criteria.criterion import Criterion, Measured
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.record.run_record import NotRecordedError, RunRecord, TooShortError

GROUPS: Mapping[str, Mapping[str, Criterion]] = {
    module.__name__.rpartition(".")[2]: {
        one.name: one for one in vars(module).values() if isinstance(one, Criterion)
    }
    for module in (motion, effort, estimate, consistency, contacts, timing, arbiter, tour)
}
"""Criteria by module, which is where to read them."""

CRITERIA: Mapping[str, Criterion] = {
    name: one for group in GROUPS.values() for name, one in group.items()
}


def measure(record: RunRecord, names: Iterable[str] = CRITERIA) -> dict[str, Measured]:
    """Measure a run by criteria; those for which the record lacks a column are left out.

    A number that is not finite is none, as in every file that it is written to.
    """
    found = {}
    for name in names:
        with suppress(NotRecordedError):
            found[name] = _measured(CRITERIA[name], record)
    return found


def _measured(one: Criterion, record: RunRecord) -> Measured:
    try:
        value = one(record)
    except TooShortError:
        value = None
    known = value is not None and bool(np.isfinite(value).all())
    return Measured(value if known else None, one.unit)


def markdown() -> str:
    """Tabulate all criteria for the documents."""
    heads = ("criterion", "unit", "over runs", "what it is", "read it in")
    rows = (
        (f"`{one.name}`", one.unit or "-", one.over, one.definition, f"`{module}.py`")
        for module, group in GROUPS.items()
        for one in group.values()
    )
    return markdown_table(heads, rows)
