"""Tables between markers come from the summary, and what is committed is what it says."""

from __future__ import annotations

import json

import pytest
from example import NASTY, example_folder
from working_tree import ROOT

from wm_bringup.page.markdown import bring_up_to_date, suites_in, with_results
from wm_bringup.page.results import ReportError, load_results

RESULTS = ROOT / "docs" / "results"
WRITTEN = (ROOT / "README.md", *RESULTS.glob("*.md"))
PAGES = [path for path in WRITTEN if suites_in(path.read_text(encoding="utf-8"))]

TEXT = """before
<!-- results of example: table -->
old
<!-- end of results -->
between
<!-- results of example: verdicts -->
<!-- end of results -->
after
"""


@pytest.fixture
def folder(tmp_path):
    return example_folder(tmp_path / "example")


def test_only_what_stands_between_markers_changes_and_a_second_time_nothing(tmp_path, folder):
    page = tmp_path / "page.md"
    page.write_text(TEXT)
    assert bring_up_to_date(page, folder)
    text = page.read_text()
    assert "old" not in text
    assert [word in text for word in ("before\n", "between\n", "after\n")] == [True] * 3
    assert not bring_up_to_date(page, folder)


def test_a_row_holds_value_interval_and_count_of_every_contestant(folder):
    text = with_results(TEXT, load_results(folder), "page")
    row = next(line for line in text.splitlines() if "episodes without a fall" in line)
    assert [cell.strip() for cell in row.split("|")[1:4]] == [
        "performance",
        "episodes without a fall",
        "57.7\N{NARROW NO-BREAK SPACE}% [50.9, 64.2], 120 of 208",
    ]
    assert "- **safety**: " in text


def test_a_headline_that_could_not_be_judged_leaves_its_figure_in_the_table(folder):
    path = folder / "summary.json"
    summary = json.loads(path.read_text())
    facet = summary["facets"]["performance"]
    facet |= {"headline": None, "headline_figure": facet["figures"][0]["name"]}
    path.write_text(json.dumps(summary))
    text = with_results(TEXT, load_results(folder), "page")
    assert "| performance | episodes without a fall |" in text


def test_everything_tells_losses_and_what_shows_no_difference(folder):
    text = with_results(TEXT.replace(": table", ": all"), load_results(folder), "page")
    assert "mpc is better" in text
    assert "no difference shown" in text
    assert "not measured" in text


def test_of_a_contestants_own_change_it_is_told_to_which_side_it_is(folder):
    summary = json.loads((folder / "summary.json").read_text())
    facet = summary["facets"]["performance"]
    first = next(one for one in facet["differences"] if one["one"] == "policy")
    figure = next(one for one in facet["figures"] if one["name"] == first["figure"])
    worse = -1.0 if figure["more_is_better"] else 1.0
    facet["differences"] = [first | {"other": first["one"], "value": worse, "shown": True}]
    (folder / "summary.json").write_text(json.dumps(summary))
    text = with_results(TEXT.replace(": table", ": all"), load_results(folder), "page")
    row = next(line for line in text.splitlines() if "policy vs policy" in line)
    assert row.split("|")[-2].strip() == "gets worse"


def test_all_tells_what_was_measured_on_a_clock_too(folder):
    results = load_results(folder)
    text = with_results(TEXT.replace(": table", ": all"), results, "page")
    part = text[text.index("### compute") :].partition("\n### ")[0]
    timed = [figure["title"] for figure in results.timed("compute")["figures"]]
    assert timed
    assert all(f"| {title} |" in part for title in timed)


def test_a_name_is_no_markup_in_markdown_either(folder):
    text = with_results(TEXT, load_results(folder), "page")
    assert NASTY not in text
    assert "&lt;script>" in text


def test_other_comparisons_and_unknown_blocks_are_refused_by_name(folder):
    results = load_results(folder)
    with pytest.raises(ReportError, match="results of example"):
        with_results(TEXT.replace("of example", "of other"), results, "page")
    with pytest.raises(ReportError, match="'poem' must be one of table"):
        with_results(TEXT.replace(": verdicts", ": poem"), results, "page")


def test_what_is_committed_says_what_the_committed_summaries_say():
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for suite in suites_in(text):
            assert with_results(text, load_results(RESULTS / suite), path.name) == text, path
