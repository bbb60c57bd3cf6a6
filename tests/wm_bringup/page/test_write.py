"""The page shows every number with n and interval, loads nothing, and lets no name be markup."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from example import NASTY, example_folder, summary, timings

from wm_bringup.page.colours import BAD, INK, MUTED, PAPER, SERIES
from wm_bringup.page.numbers import interval_text, n_text, value_text
from wm_bringup.page.results import ReportError
from wm_bringup.page.write import write_report

LOADING = {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}


class Page(HTMLParser):
    """Elements with their attributes, and the text of each table cell."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.cells, self.text, self._open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag in ("td", "th"):
            self.cells.append("")
            self._open.append(len(self.cells) - 1)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._open.pop()

    def handle_data(self, data):
        self.text.append(data)
        for k in self._open:
            self.cells[k] += data


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return example_folder(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def text(folder):
    return write_report(folder).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def told():
    """Every number of summary and timings with its unit."""
    for content in (summary(), timings()):
        for facet in content["facets"].values():
            for figure in facet["figures"]:
                for number in figure["contestants"].values():
                    yield number, figure["unit"]
            for facts in facet["facts"].values():
                for fact in facts.values():
                    yield fact, fact["unit"]


def test_every_number_stands_in_a_cell_with_its_interval_and_n(page):
    for number, unit in told():
        if number["value"] is None:
            continue
        cell = value_text(number, unit) + interval_text(number, unit) + n_text(number, unit)
        assert cell in page.cells


def test_what_interventions_are_worth_is_told_with_counts(page):
    cells = " ".join(page.cells)
    assert "85\N{NARROW NO-BREAK SPACE}%[75, 92]68 of 80" in cells
    assert "2 of 80" in cells
    assert "0.62 sp10 0.31 s" in cells


def test_a_contestant_that_answers_too_late_is_named(page):
    assert "late: mpc: 3.1 ms for a plan" in "".join(page.text)


def test_what_a_contestant_was_caught_at_is_told(page):
    assert "policy: policy hung for more than 30 s, in 1 of 208 episodes" in "".join(page.text)


def test_what_was_not_measured_is_said_and_not_shown_as_a_number(page):
    assert "not measured" in page.cells


def test_every_difference_is_told_with_its_interval_p_and_n(page):
    for facet in summary()["facets"].values():
        for one in facet["differences"]:
            pair = f"{one['one']} vs {one['other']}" + " headline" * one["headline"]
            row = page.cells.index(pair)
            assert str(one["n"]) in page.cells[row + 3]
            assert "p " in page.cells[row + 2]


def test_every_definition_is_behind_its_figures_name(page):
    for facet in summary()["facets"].values():
        for figure in facet["figures"]:
            assert any(figure["title"] in c and figure["definition"] in c for c in page.cells)


def test_verdicts_are_told_and_no_difference_is_called_that(page):
    words = "".join(page.text)
    for facet in summary()["facets"].values():
        for sentence in facet["verdict"]:
            assert sentence in words
    assert "FLOP per control step: policy 22" in words


def test_nothing_refers_to_the_network(text, page):
    for tag, attributes in page.elements:
        assert tag not in ("link", "iframe", "object", "embed", "script", "base")
        for name, value in attributes.items():
            if name in LOADING:
                assert re.match(r"#|data:image/", value), (tag, name, value[:60])
    assert re.findall(r"url\((?!#)|@import", text) == []


def test_a_contestant_called_script_is_text_everywhere(text, page):
    assert "<script" not in text
    assert any(cell == NASTY for cell in page.cells)
    assert all(not name.startswith("on") for _, attributes in page.elements for name in attributes)


def test_ids_are_used_once_so_that_figures_do_not_borrow_from_each_other(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    clips = [name for name in ids if re.match(r"p[0-9a-f]{8}", name)]
    assert len(clips) == len(set(clips))


def test_every_colour_of_a_figure_follows_the_page(text):
    drawn = re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text)
    assert set(drawn) <= {"#ffffff", "#000000"}
    for colour in SERIES[:3]:
        assert text.count(f"var(--{colour.name})") > 5


@pytest.mark.parametrize("colour", [*SERIES, INK, MUTED, BAD], ids=lambda c: c.name)
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_colours_of_text_and_lines_can_be_told_from_the_ground(colour, ground):

    high, low = sorted((luminance(getattr(c, ground)) for c in (colour, PAPER)), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5


def luminance(colour):
    """Relative luminance, WCAG 2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_equal_results_give_equal_pages(folder, text):
    assert write_report(folder).read_text(encoding="utf-8") == text


def test_a_folder_without_a_summary_or_of_another_schema_is_refused(tmp_path):
    with pytest.raises(ReportError, match="no such file"):
        write_report(tmp_path)
    (tmp_path / "summary.json").write_text(json.dumps({"rows": []}))
    with pytest.raises(ReportError, match="schema"):
        write_report(tmp_path)


def test_a_comparison_without_pushes_falls_or_timings_has_a_page(tmp_path):
    content = summary()
    content["pushes"]["contestants"] = {}
    content["time_to_fall"]["contestants"] = {}
    content["worst"] = []
    del content["arbiters"]
    (tmp_path / "summary.json").write_text(json.dumps(content))
    text = write_report(tmp_path).read_text(encoding="utf-8")
    assert "No episodes with one push." in text
    assert "deadline" not in text
