"""Parameters of nodes keep the type of their default, and text stays the text that was typed."""

from __future__ import annotations

import sys

import pytest
import rclpy
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.nodes.support.parameters import declare, typed_value
from wm_control.configuration.parameters import STRICT
from wm_control.errors import ParameterError


@dataclass(frozen=True, config=STRICT)
class Inner:
    limit: float = Field(default=0.5, gt=0.0, le=3.0)
    count: int = 3
    deeper: dict[str, float] = Field(default_factory=dict)


TABLES = {"mpc": Inner(limit=2.0)}
DEEPER = {"mpc": 2.5}


@dataclass(frozen=True, config=STRICT)
class Parameters:
    file: str = ""
    on: bool = False
    levels: tuple[float, ...] = (1.0, 2.0)
    names: tuple[str, ...] = ("a",)
    inner: Inner = Field(default_factory=Inner)
    tables: dict[str, Inner] = Field(default_factory=dict)


@pytest.fixture
def declared(domain, monkeypatch):
    """Declare the parameters in a node started with ``-p`` and these rules."""
    opened = []

    def start(*rules):
        arguments = ["--ros-args", *(part for rule in rules for part in ("-p", rule))]
        monkeypatch.setattr(sys, "argv", ["node", *arguments])
        context = rclpy.Context()
        rclpy.init(args=arguments, context=context)
        node = rclpy.create_node("reader", context=context)
        opened.append((node, context))
        return declare(node, Parameters(inner=Inner(deeper=DEEPER), tables=TABLES))

    yield start
    for node, context in opened:
        node.destroy_node()
        rclpy.shutdown(context=context)


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("inner.limit:=1", "inner.limit", 1.0),
        ("levels:=[1, 2, 3]", "levels", (1.0, 2.0, 3.0)),
        ("levels:=[0.5]", "levels", (0.5,)),
        ('file:="walk #1"', "file", "walk #1"),
        ("file:='1e5'", "file", "1e5"),
        ("file:=walk", "file", "walk"),
        ("on:=true", "on", True),
        ('names:=["1", "no"]', "names", ("1", "no")),
    ],
)
def test_what_is_meant_is_taken(declared, rule, name, value):
    found = declared(rule)
    for part in name.split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("file:=walk #1", r"'walk #1' - YAML reads it as 'walk'; .* -p 'file:=\"walk #1\"'"),
        ("file:=20261125", r"'20261125' - YAML reads it as 20261125; .*file:=\"20261125\""),
        ("file:=1e5", r"'1e5' - YAML reads it as 100000\.0"),
        ("file:=yes", "'yes' - YAML reads it as True"),
        ("reader:file:=1.10", r"'1\.10' - YAML reads it as 1\.1"),
        ("inner.limit:=fast", "'inner.limit'.*'fast' - must be a double"),
        ("inner.limit:=9", "'inner.limit'.*9.0 - .*less than or equal to 3"),
        ("inner.count:=1.5", "'inner.count'.*1.5 - must be a integer"),
        ("on:=1", "'on'.*1 - must be a bool"),
        ("names:=[1, 2]", "'names'.*must be a string array"),
        ("limit:=1.0", "'limit'.*unknown; known: file"),
    ],
)
def test_anything_else_is_refused_by_name_with_what_was_read(declared, rule, said):
    with pytest.raises(ParameterError, match=said):
        declared(rule)


def test_of_several_rules_for_a_parameter_the_last_counts():
    arguments = ["n", "-p", "a:=1", "--param", "n:a:=x:=y", "-p", "b:=2", "a:=3"]
    assert typed_value(arguments, "a") == "x:=y"
    assert typed_value(arguments, "c") is None


def test_tables_by_name_stay_as_configured_and_are_no_parameters(declared):
    found = declared("inner.limit:=1")
    assert found.tables == TABLES
    assert found.inner.deeper == DEEPER
    with pytest.raises(ParameterError, match=r"tables\.mpc\.limit.*unknown"):
        declared("tables.mpc.limit:=1.0")
