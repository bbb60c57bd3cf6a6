"""From a folder of results to ``report.html`` in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from wm_bringup.page import charts
from wm_bringup.page.colours import Look, css, looks_of
from wm_bringup.page.numbers import interval_text, n_text, p_text, plain, value_text
from wm_bringup.page.replayed import SetupOf, pictures_of
from wm_bringup.page.results import Results, Told, load_results
from wm_bringup.page.telling import facts_of, glance, verdict

REPORT = "report.html"
_HERE = Path(__file__).parent
_BARS = {
    "scalability": ("training_cpu_seconds", "training_samples", "configuration_lines"),
    "compute": ("flop_per_control_step", "bytes_per_control_step", "joules_per_control_step"),
}
"""Facts that are drawn as well, by facet."""

_NOT_WALKED = ("random", "oracle")
"""Kinds of contestants whose episodes are no runs of the suite."""


def write_report(folder: Path, setup_of: SetupOf | None = None) -> Path:
    """Write the page and return its path; ReportError for a folder without a summary.

    setup_of: walks the worst episodes again for film strips and the arbiter's timeline; None: the
    page does without.
    """
    results = load_results(folder)
    path = folder / REPORT
    path.write_text(page_of(results, setup_of), encoding="utf-8")
    return path


def page_of(results: Results, setup_of: SetupOf | None = None) -> str:
    """Make the page."""
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.globals |= {
        "value_text": value_text,
        "interval_text": interval_text,
        "n_text": n_text,
        "p_text": p_text,
        "plain": plain,
    }
    text: str = environment.get_template("page.html.j2").render(context_of(results, setup_of))
    return text


def context_of(results: Results, setup_of: SetupOf | None) -> dict[str, Any]:
    """Gather what the template shows."""
    summary, looks = results.summary, looks_of(results.names)
    facets = [_facet(name, one, results, looks) for name, one in summary["facets"].items()]
    return {
        "summary": summary,
        "manifest": results.manifest,
        "names": results.names,
        "looks": looks,
        "css": _styles(),
        "total": sum(one["episodes"] for one in summary["contestants"] if one["kind"] != "oracle"),
        "facets": facets,
        "glance": [row for name in summary["facets"] for row in glance(name, results)],
        "latency": _latency(results.timings.get("latency") or {}, looks),
        "polar": _polar(summary["pushes"], looks),
        "curves": _curves(summary["time_to_fall"], looks),
        "arbiters": summary.get("arbiters") or {},
        "caught": list(_caught(summary["contestants"])),
        "late": [f"{who}: {why}" for who, why in (results.timings.get("late") or {}).items()],
        "worst": _worst(results, setup_of),
        "origin": list(_origin(results.manifest)),
    }


def _caught(contestants: Sequence[Told]) -> Iterator[str]:
    """Say who was caught at what, and in how many episodes."""
    for one in contestants:
        for what, count in one["offences"].items():
            yield f"{one['name']}: {what}, in {count} of {one['episodes']} episodes"


def _styles() -> str:
    text = (_HERE / "page.css").read_text(encoding="utf-8")
    filled = text.replace("@@light@@", css("light")).replace("@@dark@@", css("dark"))
    return str(filled)


def _facet(name: str, told: Told, results: Results, looks: Mapping[str, Look]) -> dict[str, Any]:
    """Add charts to one facet's numbers."""
    timed = results.timed(name)
    headline = told["headline"] or timed.get("headline")
    rows = facts_of(name, results)
    return {
        "id": name,
        "title": told["title"],
        "verdict": verdict(name, results),
        "headline": headline,
        "winner": headline["better"] if headline and headline["shown"] else "",
        "figures": told["figures"],
        "timed": timed.get("figures", []),
        "facts": rows,
        "estimates": [
            {"title": one["title"], "svg": charts.estimates(one, looks, f"{name} {one['name']}")}
            for one in [*told["figures"], *timed.get("figures", [])]
        ],
        "bars": list(_bars(name, rows, looks)),
        "forests": [*_forests(name, told, looks), *_forests(f"{name} timed", timed, looks)],
    }


def _forests(name: str, told: Told, looks: Mapping[str, Look]) -> Iterator[dict[str, Any]]:
    """One chart for each figure that was compared."""
    for figure in told.get("figures", ()):
        compared = [one for one in told["differences"] if one["figure"] == figure["name"]]
        if compared:
            svg = charts.forest(compared, figure, looks, f"{name} {figure['name']} forest")
            main = any(one["headline"] for one in compared)
            yield {"title": figure["title"], "svg": svg, "differences": compared, "main": main}


def _bars(facet: str, rows: Sequence[Told], looks: Mapping[str, Look]) -> Iterator[dict[str, Any]]:
    for row in rows:
        if row["name"] in _BARS.get(facet, ()):
            values = {who: fact["value"] for who, fact in row["facts"].items()}
            svg = charts.bars(values, looks, row["unit"], f"{facet} {row['name']} bars")
            yield {"title": row["title"], "svg": svg}


def _latency(told: Told, looks: Mapping[str, Look]) -> dict[str, Any] | None:
    if not told:
        return None
    return {
        "svg": charts.latency(told, looks, "latency"),
        "method": next(iter(told.values()))["method"],
        "counts": [(name, one["n"]) for name, one in told.items()],
    }


def _polar(pushes: Told, looks: Mapping[str, Look]) -> dict[str, Any] | None:
    if not any(pushes["contestants"].values()):
        return None
    ring = charts.outer_ring(pushes)
    return {
        "half": charts.half_survived(pushes, looks, "half"),
        "survival": [
            (name, charts.survival(told, looks[name], ring, f"survival {name}"))
            for name, told in pushes["contestants"].items()
            if told and name in looks
        ],
    }


def _curves(told: Told, looks: Mapping[str, Look]) -> str | None:
    return charts.time_to_fall(told, looks, "curves") if told["contestants"] else None


def _worst(results: Results, setup_of: SetupOf | None) -> list[dict[str, Any]]:
    """Add pictures to the worst episodes, and to one that another driver saved."""
    shown = [{**one, "fell": True} for one in results.summary["worst"]]
    if setup_of is None:
        return [{**one, "pictures": None} for one in shown]
    episodes = results.episodes()
    saved = _saved(results, episodes)
    shown += [saved] if saved else []
    return [
        {
            **one,
            "pictures": pictures_of(
                one["key"], one["seed"], episodes.get(one["key"], {}), results.folder, setup_of
            ),
        }
        for one in shown
    ]


def _saved(results: Results, episodes: Mapping[str, Told]) -> dict[str, Any] | None:
    """Find an episode in which another driver took the robot, and it stayed up."""
    walked = (one for one in results.summary["contestants"] if one["kind"] not in _NOT_WALKED)
    several = {one["name"] for one in walked if len(one["drivers"]) > 1}
    for key, one in episodes.items():
        if one["contestant"] in several and one.get("rescues") and not one["fell"]:
            case, _, world = one["case"].rpartition(" in ")
            told = f"Another driver took the robot {one['rescues']:g} times, and it stayed up."
            return {
                "key": key,
                "case": case or one["case"],
                "world": world,
                "contestant": one["contestant"],
                "seed": one["seed"],
                "seconds": one["seconds"],
                "cause": told,
                "fell": False,
            }
    return None


def _origin(manifest: Told) -> Iterator[tuple[str, str]]:
    """Flatten the manifest into lines; what each policy is stands with its contestant."""
    for key, value in manifest.items():
        if key == "policies" or value is None:
            continue
        if isinstance(value, Mapping):
            prefix = "counted by: " if key == "counted" else ""
            yield from ((f"{prefix}{name}", told) for name, told in _origin(value))
        else:
            yield key, plain(value) if isinstance(value, float) else str(value)
