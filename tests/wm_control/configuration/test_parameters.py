"""Parameters: the schema is the dataclass, and whatever breaks it is named."""

from pathlib import Path

import pytest
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT, load_parameters, read_yaml
from wm_control.errors import ParameterError, WmError


@dataclass(frozen=True, slots=True, config=STRICT)
class Leg:
    length: float = Field(default=0.7, gt=0.1, lt=2.0, description="[m]")
    toes: int = Field(default=5, ge=0, description="how many")


@dataclass(frozen=True, slots=True, config=STRICT)
class Body:
    name: str
    leg: Leg = Field(default_factory=Leg)
    reach: tuple[float, float] = (0.1, 0.5)


def load(source):
    return load_parameters(Body, source, origin="somewhere")


def test_what_is_not_said_keeps_its_default():
    body = load({"name": "ada", "leg": {"toes": 4}})
    assert body.leg == Leg(length=0.7, toes=4)
    assert body.reach == (0.1, 0.5)


def test_nothing_at_all_is_every_default():
    assert load_parameters(Leg) == load_parameters(Leg, {}) == Leg()


def test_parameters_cannot_be_changed_afterwards():
    with pytest.raises(AttributeError):
        load({"name": "ada"}).name = "eve"


@pytest.mark.parametrize(
    ("source", "key", "value"),
    [
        ({"name": "ada", "leg": {"lenght": 1.0}}, "leg.lenght", 1.0),
        ({"name": "ada", "leg": {"length": 2.5}}, "leg.length", 2.5),
        ({"name": "ada", "leg": {"length": 0.1}}, "leg.length", 0.1),
        ({"name": "ada", "leg": {"length": float("inf")}}, "leg.length", float("inf")),
        ({"name": "ada", "leg": {"toes": -1}}, "leg.toes", -1),
        ({"name": "ada", "leg": {"toes": "many"}}, "leg.toes", "many"),
        ({"name": "ada", "reach": [0.1, "far"]}, "reach.1", "far"),
        ({"name": "ada", "arm": {}}, "arm", {}),
    ],
)
def test_an_unknown_key_or_bad_value_is_named_with_its_place(source, key, value):
    with pytest.raises(ParameterError) as caught:
        load(source)
    assert (caught.value.key, caught.value.value) == (key, value)
    assert key in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "in somewhere" in str(caught.value)


def test_the_bound_that_was_broken_is_named():
    with pytest.raises(ParameterError, match="less than 2"):
        load({"name": "ada", "leg": {"length": 2.5}})


def test_not_a_number_is_not_a_value():
    with pytest.raises(ParameterError, match=r"leg\.length"):
        load({"name": "ada", "leg": {"length": float("nan")}})


def test_a_value_that_must_be_given_and_is_not_is_named():
    with pytest.raises(ParameterError, match=r"'name'.*\(missing\)"):
        load({})


def test_a_file_is_read_and_named_when_it_is_wrong(tmp_path):
    path = tmp_path / "body.yaml"
    path.write_text("name: ada\nleg: {length: 0.9}\n")
    assert load_parameters(Body, path).leg.length == 0.9
    path.write_text("name: ada\nleg: {length: 9}\n")
    with pytest.raises(ParameterError, match=r"leg\.length.*body\.yaml.*9"):
        load_parameters(Body, path)


def test_an_empty_file_overrides_nothing(tmp_path):
    path = tmp_path / "empty.yaml"
    path.write_text("# nothing here\n")
    assert load_parameters(Leg, path) == Leg()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("- a\n- b\n", "mapping"), ("a: [1, 2\n", "not valid YAML"), ("just words", "mapping")],
)
def test_a_file_that_holds_no_mapping_is_refused(tmp_path, text, complaint):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=complaint) as caught:
        read_yaml(path)
    assert "bad.yaml" in str(caught.value)


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ParameterError, match=r"nowhere\.yaml.*No such file"):
        read_yaml(Path("nowhere.yaml"))


def test_a_parameter_error_is_one_of_ours():
    assert issubclass(ParameterError, WmError)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("off", "off"),
        ("yes", "yes"),
        ("n", "n"),
        ("1:30", "1:30"),
        ("2026-11-25", "2026-11-25"),
        ("010", 10),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("=", "="),
        ("true", True),
        ("False", False),
        ("1e-3", 0.001),
        ("-2E4", -20000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-7", -7),
        ("0", 0),
        ("~", None),
        ("", None),
        ("null", None),
        (".inf", float("inf")),
        ("'1e-3'", "1e-3"),
    ],
)
def test_a_value_is_what_yaml_1_2_makes_of_it(tmp_path, written, read):
    file = tmp_path / "leg.yaml"
    file.write_text(f"leg: {written}\n")
    assert read_yaml(file)["leg"] == read
    assert type(read_yaml(file)["leg"]) is type(read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("delay: 0.1\nnoise: off\ndelay: 0.0", "the key 'delay' comes again"),
        ("leg: {toes: 4, toes: 5}", "the key 'toes' comes again"),
        ("a: &a {x: 1}\nb: {<<: *a, x: 2, x: 3}", "the key 'x' comes again"),
        ("[" * 3000, "RecursionError"),
        ("when: !!int abc", "ValueError"),
    ],
)
def test_what_would_be_lost_or_cannot_be_read_is_refused(tmp_path, text, said):
    file = tmp_path / "leg.yaml"
    file.write_text(text)
    with pytest.raises(ParameterError, match=said) as caught:
        read_yaml(file)
    assert "\n" not in str(caught.value)


def test_a_merged_key_may_be_overridden_and_a_mark_of_byte_order_is_no_key(tmp_path):
    file = tmp_path / "leg.yaml"
    file.write_text("\ufeffa: &a {x: 1, y: 1}\nb: {<<: *a, x: 2}\n", encoding="utf-8")
    assert read_yaml(file) == {"a": {"x": 1, "y": 1}, "b": {"x": 2, "y": 1}}


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"name": 20261125}, "must be text; in double quotes"),
        ({"name": "ada", "reach": 0.5}, "must be a list"),
        ({}, "must be said"),
        ({"name": "ada", "arm": 2}, "no such parameter"),
    ],
)
def test_what_is_wrong_is_said_in_the_words_of_who_writes_the_file(source, said):
    with pytest.raises(ParameterError, match=said):
        load(source)
