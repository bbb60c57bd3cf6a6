"""What the numbers say in words, the same on the page and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from wm_bringup.page.numbers import plain, value_text
from wm_bringup.page.results import Results, Told

_FIRST = {"scalability": "training_cpu_seconds", "compute": "flop_per_control_step"}
"""The fact that stands for a facet without a headline."""


def verdict(name: str, results: Results) -> list[str]:
    """Sentences of a facet: its headline's first, wherever that was found, the facts' last."""
    told, timed = results.summary["facets"][name], results.timed(name)
    parts = (timed, told) if timed.get("headline") else (told, timed)
    said = [sentence for part in parts for sentence in part.get("verdict", ())]
    return [*said, *map(facts_sentence, facts_of(name, results))]


def facts_of(name: str, results: Results) -> list[dict[str, Any]]:
    """Rows of a facet's facts, counted and measured; the one that stands for it comes first."""
    both = (results.summary["facets"][name], results.timed(name))
    rows = facts_rows(*(part.get("facts") or {} for part in both))
    return sorted(rows, key=lambda row: row["name"] != _FIRST.get(name))


def facts_rows(*by_contestant: Told) -> Iterator[dict[str, Any]]:
    """Turn facts by contestant and name into rows by name."""
    names = dict.fromkeys(name for told in by_contestant for own in told.values() for name in own)
    for name in names:
        facts = {
            who: own[name] for told in by_contestant for who, own in told.items() if name in own
        }
        first = next(iter(facts.values()))
        yield {
            "name": name,
            "title": title_of(name),
            "unit": first["unit"],
            "definition": first["definition"],
            "methods": [(who, fact["method"]) for who, fact in facts.items()],
            "facts": facts,
        }


_SPELLED = {"flop": "FLOP", "cpu": "CPU", "p99": "p99.9", "9": ""}


def title_of(name: str) -> str:
    """Write a fact's name as words."""
    words = " ".join(filter(None, (_SPELLED.get(word, word) for word in name.split("_"))))
    return words[0].upper() + words[1:]


def facts_sentence(row: Told) -> str:
    """Say a fact of all contestants in order, and how many times the least each is."""
    known = {who: fact for who, fact in row["facts"].items() if fact["value"] is not None}
    if not known:
        return f"{row['title']}: not measured."
    ordered = sorted(known.items(), key=lambda pair: pair[1]["value"])
    least = next((fact["value"] for _, fact in ordered if fact["value"] > 0.0), None)
    parts = [_beside(who, fact, row["unit"], least) for who, fact in ordered]
    parts += [f"{who} not measured" for who in row["facts"] if who not in known]
    return f"{row['title']}: {', '.join(parts)}."


def _beside(who: str, fact: Told, unit: str, least: float | None) -> str:
    told = f"{who} {value_text(fact, unit)}"
    if least and fact["value"] > 1.05 * least:
        return f"{told} ({plain(fact['value'] / least)} times)"
    return told


def glance(name: str, results: Results) -> Iterator[dict[str, Any]]:
    """Rows of a facet: its headline's figure, and the fact that stands for it."""
    told = results.summary["facets"][name]
    for part in (told, results.timed(name)):
        headline = part.get("headline")
        for figure in part.get("figures", ()):
            if figure["name"] == (told.get("headline_figure") or (headline or {}).get("figure")):
                winner = headline["better"] if headline and headline["shown"] else None
                yield _row(name, figure, figure["contestants"], winner)
    for row in facts_of(name, results):
        if row["name"] == _FIRST.get(name):
            yield _row(name, row, row["facts"], None)


def _row(facet: str, told: Told, numbers: Told, winner: str | None) -> dict[str, Any]:
    named = {"title": told["title"], "unit": told["unit"]}
    return {"facet": facet, **named, "numbers": numbers, "winner": winner}
