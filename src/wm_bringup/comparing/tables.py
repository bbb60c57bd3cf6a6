"""A comparison's figures and verdicts in Markdown, for the screen."""

from __future__ import annotations

from collections.abc import Iterator

from wm_bringup.comparing.summary import FacetTold, Number, Summary, Timings
from wm_bringup.judging.markdown import markdown_table


def comparison_text(summary: Summary, timings: Timings) -> str:
    """Write a table and a verdict per facet; of a contestant with a policy, its training range."""
    parts = list(_trained(summary))
    for name, facet in summary.facets.items():
        timed = timings.facets.get(name)
        facets = [facet] if timed is None else [facet, timed]
        if any(one.figures or one.verdict for one in facets):
            parts.append(f"## {name}: {facet.title}")
            parts += [table for one in facets if (table := facet_table(one, summary))]
            lines = (line for one in facets for line in (one.elsewhere, *one.verdict) if line)
            parts.append("\n".join(f"- {line}" for line in lines))
    return "\n\n".join([*parts, *_arbiters(summary)])


def _trained(summary: Summary) -> Iterator[str]:
    for one in summary.contestants:
        if one.policy is not None:
            ranges = one.policy["trained_for"]
            told = ", ".join(
                f"{key} {low:.3g} to {high:.3g}" for key, (low, high) in ranges.items()
            )
            policy = f"policy {one.policy['name']} ({one.policy['licence']})"
            yield f"{one.name}: {policy}, trained for {told}"
        for what, count in one.offences.items():
            yield f"{one.name}: {what}, in {count} of its episodes"


def _arbiters(summary: Summary) -> Iterator[str]:
    """Say what the interventions of each hybrid were worth."""
    for name, one in summary.arbiters.items():
        shares = (("precision", one.precision), ("recall", one.recall), ("harm", one.harm))
        told = ", ".join(f"{what} {_cell(number, '')}" for what, number in shares if number.n)
        lead = "" if one.lead_p50 is None else f", lead {one.lead_p50:.2f} s (median)"
        drives = f"preferred drives {one.preferred_share:.3f} of the time"
        yield f"{name} beside {one.beside} alone: {told or 'no rescue'}{lead}, {drives}"


def facet_table(facet: FacetTold, summary: Summary) -> str:
    """Tabulate figures over contestants, with their intervals."""
    if not facet.figures:
        return ""
    names = [one.name for one in summary.contestants]
    rows = [
        (
            f"{figure.title}{f' [{figure.unit}]' if figure.unit else ''}",
            *(_cell(figure.contestants.get(name), figure.unit) for name in names),
            figure.selection,
        )
        for figure in facet.figures
    ]
    return markdown_table(("figure", *names, "of"), rows)


def _cell(number: Number | None, unit: str) -> str:
    if number is None or number.value is None:
        return "-"
    counted = f"{number.events} of {number.n}" if number.events is not None and unit == "" else ""
    value = counted or f"{number.value:.3g}"
    if number.low is None or number.low != number.low:
        return value
    return f"{value} ({number.low:.3g} to {number.high:.3g})"
