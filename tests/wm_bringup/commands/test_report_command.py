"""``wm report``: the page and the tables, from the command line."""

from __future__ import annotations

import pytest
from example import example_folder

from wm_bringup.cli import main


@pytest.fixture
def folder(tmp_path):
    return example_folder(tmp_path / "example")


def test_the_page_is_written_into_the_folder_and_its_path_is_told(folder, capsys):
    assert main(["report", str(folder), "--no-pictures"]) == 0
    assert capsys.readouterr().out.strip() == str(folder / "report.html")
    assert (folder / "report.html").stat().st_size > 100_000


def test_tables_are_brought_up_to_date_without_touching_the_page(folder, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- results of example: table -->\n<!-- end of results -->\n")
    assert main(["report", str(folder), "--markdown", str(page)]) == 0
    assert "brought up to date" in capsys.readouterr().out
    assert "| performance |" in page.read_text()
    assert not (folder / "report.html").exists()


def test_a_folder_without_results_exits_with_2_and_one_line(tmp_path, capsys):
    assert main(["report", str(tmp_path), "--no-pictures"]) == 2
    assert "no such file; `wm compare` writes one" in capsys.readouterr().err
