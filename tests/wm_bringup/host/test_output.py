"""Files and folders for results are looked at before the work whose results they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from wm_bringup.host.output import OutputError, check_file, check_folder


def test_places_that_are_not_there_yet_will_be_made(tmp_path: Path) -> None:
    check_file(tmp_path / "a" / "b" / "walk.json", "--json")
    check_folder(tmp_path / "a" / "b", "--output")
    check_folder(tmp_path, "--output")
    check_file(None, "--json")


@pytest.mark.parametrize(
    ("name", "suffixes", "said"),
    [
        ("folder", (), "is a folder, not a file"),
        ("file/walk.json", (), "file is a file, not a folder"),
        ("film.jpg", (".png",), "must end in .png"),
        ("film", (".png",), "must end in .png"),
    ],
)
def test_a_file_that_cannot_be_written_is_refused_with_its_option(
    tmp_path: Path, name: str, suffixes: tuple[str, ...], said: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=said) as error:
        check_file(tmp_path / name, "--json", *suffixes)
    assert str(error.value).startswith(f"--json {tmp_path / name}: ")


def test_a_folder_that_may_not_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(OutputError, match="may not be written; name another"):
        check_file(tmp_path / "new" / "walk.json", "--json")
    with pytest.raises(OutputError, match="may not be written; name another"):
        check_folder(tmp_path, "--output")


def test_a_new_folder_must_be_new(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    with pytest.raises(OutputError, match="is there already"):
        check_folder(tmp_path / "bag", "record", new=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        check_folder(tmp_path / "file", "--output")
