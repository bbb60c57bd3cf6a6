"""The same results as Markdown, between markers in files that people wrote.

A file says where: what stands between ``<!-- results of SUITE: WHAT -->`` and ``<!-- end of results
-->`` is written from the summary of a comparison of that name. WHAT is ``table`` (a row per facet),
``verdicts`` (the sentences about each headline) or ``all`` (table, all sentences, every figure and
every paired difference).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from wm_bringup.judging.markdown import markdown_table
from wm_bringup.page.numbers import interval_text, n_text, p_text, plain, value_text
from wm_bringup.page.results import ReportError, Results, Told, load_results
from wm_bringup.page.telling import facts_of, facts_sentence, glance, verdict

_BLOCK = re.compile(
    r"^(<!-- results of (?P<suite>[\w.-]+): (?P<what>\w+) -->\n).*?^(<!-- end of results -->)",
    re.DOTALL | re.MULTILINE,
)


def bring_up_to_date(path: Path, folder: Path) -> bool:
    """Replace a file's blocks of this comparison; returns whether that changed it.

    ReportError when the file has none, or one that asks for what there is not.
    """
    text = path.read_text(encoding="utf-8")
    new = with_results(text, load_results(folder), str(path))
    if new != text:
        path.write_text(new, encoding="utf-8")
    return new != text


def suites_in(text: str) -> set[str]:
    """Names of the comparisons whose results a text shows."""
    return {found["suite"] for found in _BLOCK.finditer(text)}


def with_results(text: str, results: Results, origin: str) -> str:
    """Fill the blocks of one comparison in a text."""
    suite = results.summary["name"]
    if suite not in suites_in(text):
        marker = f"<!-- results of {suite}: table -->"
        raise ReportError(f"{origin}: no line '{marker}' before one '<!-- end of results -->'")

    def filled(found: re.Match[str]) -> str:
        if found["suite"] != suite:
            return found[0]
        if found["what"] not in BLOCKS:
            wanted = f"must be one of {', '.join(BLOCKS)}"
            raise ReportError(f"{origin}: results '{found['what']}' {wanted}")
        return f"{found[1]}{BLOCKS[found['what']](results)}\n{found[4]}"

    return _BLOCK.sub(filled, text)


def table(results: Results) -> str:
    """One row per facet: the figure of its headline, of every contestant."""
    rows = [row for name in results.summary["facets"] for row in glance(name, results)]
    heads = ["facet", "figure", *results.names]
    return _tabulate(heads, ([row["facet"], row["title"], *_numbers(row, results)] for row in rows))


HEADLINE_SENTENCES = 2
"""The first ones of a facet: the pair that was declared beforehand, and who beats whom."""


def verdicts(results: Results) -> str:
    """One item per facet: the sentences about its headline."""
    return _sentences(results, HEADLINE_SENTENCES)


def _sentences(results: Results, most: int | None = None) -> str:
    """One item per facet: the first of the sentences that its numbers make."""
    return "\n".join(
        f"- **{name}**: {'; '.join(map(_escaped, sentences))}"
        for name in results.summary["facets"]
        if (sentences := verdict(name, results)[:most])
    )


def everything(results: Results) -> str:
    """All figures, facts and paired differences."""
    parts = [table(results), _sentences(results)]
    for name, told in results.summary["facets"].items():
        parts.append(f"### {name}: {told['title']}")
        for part in (told, results.timed(name)):
            figures = {figure["name"]: figure for figure in part.get("figures", ())}
            if figures:
                parts.append(_figures(figures, results))
            if differences := part.get("differences"):
                parts.append(_differences(differences, figures))
        if facts := facts_of(name, results):
            parts.append(_facts(facts, results))
    return "\n\n".join(parts)


BLOCKS: Mapping[str, Callable[[Results], str]] = {
    "table": table,
    "verdicts": verdicts,
    "all": everything,
}
"""What may stand between markers."""


def _figures(figures: Mapping[str, Told], results: Results) -> str:
    rows = (
        [figure["title"], *_numbers({**figure, "numbers": figure["contestants"]}, results)]
        for figure in figures.values()
    )
    return _tabulate(["figure", *results.names], rows)


def _facts(facts: list[dict[str, Any]], results: Results) -> str:
    rows = ([row["title"], *_numbers({**row, "numbers": row["facts"]}, results)] for row in facts)
    told = "\n".join(f"- {_escaped(facts_sentence(row))} {row['definition']}" for row in facts)
    return f"{_tabulate(['counted or logged', *results.names], rows)}\n\n{told}"


def _differences(differences: list[Told], figures: Mapping[str, Told]) -> str:
    rows = (
        [
            figures[one["figure"]]["title"],
            f"{one['one']} vs {one['other']}" + (" (headline)" if one["headline"] else ""),
            f"{plain(one['value'])} [{plain(one['low'])}, {plain(one['high'])}]",
            p_text(one["p"] if one["p_holm"] is None else one["p_holm"]),
            str(one["n"]),
            _verdict(one, figures[one["figure"]]),
        ]
        for one in differences
    )
    return _tabulate(["figure", "pair", "difference", "p, corrected", "n", "verdict"], rows)


def _verdict(one: Told, figure: Told) -> str:
    """Say who is better; of a contestant's own change, to what side it is."""
    if not one["shown"]:
        return "no difference shown"
    if one["one"] != one["other"]:
        return f"{one['better']} is better"
    return "gets better" if (one["value"] > 0.0) == figure["more_is_better"] else "gets worse"


def _numbers(row: Told, results: Results) -> Iterator[str]:
    """One cell per contestant."""
    for name in results.names:
        number = row["numbers"].get(name)
        if number is None:
            yield plain(None)
        elif number["value"] is None and "method" in number:
            yield "not measured"
        else:
            cell = (value_text(number, row["unit"]), interval_text(number, row["unit"]))
            told = " ".join(filter(None, cell))
            yield f"{told}, {n_text(number, row['unit'])}"


def _tabulate(heads: list[str], rows: Any) -> str:  # noqa: ANN401 - rows of cells
    return markdown_table(
        list(map(_escaped, heads)), ([_escaped(cell) for cell in row] for row in rows)
    )


def _escaped(text: str) -> str:
    """Let nothing in a name be taken for markup."""
    return text.replace("|", "\\|").replace("<", "&lt;")
