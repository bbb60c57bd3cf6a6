"""YAML of others: read as data, never executed, nothing in it overlooked."""

from pathlib import Path

import pytest

from wm_policy.errors import FieldError, PolicyError, PolicyFileError, PythonTagError
from wm_policy.loaders.yaml_file import Slice, parse_yaml, read_yaml_file

FILE = Path("deploy.yaml")


def test_a_python_slice_is_read_as_data() -> None:
    content = parse_yaml("ids: !!python/object/apply:builtins.slice [null, 12, null]", FILE)
    assert content["ids"] == Slice(None, 12, None)
    assert content["ids"].indices(29) == tuple(range(12))


def test_a_slice_over_everything_selects_everything() -> None:
    assert Slice(None, None, None).indices(3) == (0, 1, 2)


def test_a_python_tuple_is_read_as_a_list() -> None:
    assert parse_yaml("clip: !!python/tuple [-1.0, 1.0]", FILE) == {"clip": [-1.0, 1.0]}


def test_scientific_notation_without_a_dot_is_a_number() -> None:
    assert parse_yaml("kp: 1e-3", FILE) == {"kp": 0.001}


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch executed']",
        "!!python/object/new:os.system ['touch executed']",
        "!!python/name:os.system",
        "!!python/module:os",
        "!!python/object/apply:builtins.eval ['1']",
        "!!python/object/apply:builtins.slice [a, b]",
        "!!python/object/apply:builtins.slice [0, 9, 0]",
        "!!python/object/apply:builtins.slice2 [0]",
        "!!python/tuple {a: 1}",
    ],
)
def test_any_other_python_tag_is_refused_by_name_and_not_executed(
    tag: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PythonTagError, match=r"deploy\.yaml: line 2.*never executed.*found"):
        parse_yaml(f"step_dt: 0.02\njoint_ids: {tag}", FILE)
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_there_twice_is_refused() -> None:
    with pytest.raises(FieldError, match="line 2, column 1: expected every key once, found 'kp'"):
        parse_yaml("kp: 1\nkp: 2", FILE)


def test_a_merged_key_may_be_overridden() -> None:
    assert parse_yaml("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}", FILE)["b"] == {"x": 1, "y": 3}


@pytest.mark.parametrize(
    "text", ["a: [", "a: *nowhere", "a: &a [*a]", "[" * 5000, "? [1]\n: 2", "a: !!x 1"]
)
def test_broken_yaml_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(PolicyFileError, match=r"deploy\.yaml"):
        parse_yaml(text, FILE)


@pytest.mark.parametrize("text", ["", "- 1", "text", "1"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(FieldError, match="expected a mapping"):
        parse_yaml(text, FILE)


def test_an_absent_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="readable"):
        read_yaml_file(tmp_path / "absent.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(PolicyError, match="readable"):
        read_yaml_file(tmp_path / "binary.yaml")
