"""Where a result says that it comes from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from wm_bringup.host import provenance


@pytest.fixture
def checkout(tmp_path, monkeypatch) -> Path:
    """A folder under git with one file, taken for the one that runs."""
    (tmp_path / "gain.txt").write_text("1\n")
    name = ("-c", "user.name=n", "-c", "user.email=e@example.org")
    for words in (("init", "-q"), ("add", "."), (*name, "commit", "-qm", "first")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    monkeypatch.setattr(provenance, "share_directory", lambda: tmp_path)
    return tmp_path


def test_two_states_that_were_never_committed_are_not_taken_for_one(checkout):
    clean = provenance._git()
    assert (clean["git_dirty"], clean["git_changes"]) == (False, None)
    (checkout / "gain.txt").write_text("2\n")
    two = provenance._git()
    (checkout / "gain.txt").write_text("3\n")
    three = provenance._git()
    assert two["git"] == three["git"] == clean["git"]
    assert two["git_dirty"]
    assert two["git_changes"] != three["git_changes"]


def test_a_new_file_counts_where_code_and_parameters_lie_and_nowhere_else(checkout):
    (checkout / "walk.jsonl").write_text("{}")
    assert provenance._git()["git_dirty"] is False
    (checkout / "src").mkdir()
    (checkout / "src" / "new.py").write_text("")
    assert provenance._git()["git_dirty"] is True


def test_changes_in_any_encoding_are_told_apart(checkout):
    (checkout / "gain.txt").write_bytes(b"gr\xf6\xdfer\n")
    assert provenance._git()["git_changes"]


def test_a_package_installed_within_somebody_elses_repository_has_no_commit(checkout, monkeypatch):
    inside = checkout / "venv" / "share"
    inside.mkdir(parents=True)
    monkeypatch.setattr(provenance, "share_directory", lambda: inside)
    assert set(provenance._git().values()) == {None}


def test_an_installed_package_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "share_directory", lambda: tmp_path / "nowhere")
    assert set(provenance._git().values()) == {None}
