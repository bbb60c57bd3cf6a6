"""ROS parameters from the frozen dataclasses that are the schema, and back."""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any, TypeVar

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.exceptions import InvalidParameterTypeException
from rclpy.node import Node
from rclpy.parameter import Parameter

from wm_control.configuration.parameters import load_parameters
from wm_control.errors import ParameterError, WmError

T = TypeVar("T")


def declare(node: Node, values: T, change: Callable[[T], None] | None = None) -> T:
    """Declare every field of a parameter dataclass as ``group.name``; returns those in force.

    values: the configured ones; ``--ros-args -p`` and parameter files override them, bounds are
    checked and an unknown name stops start-up, both with a ParameterError.
    change: takes new values set while running, and refuses them by a WmError; without it all are
    read-only. Tables by name, which ROS cannot hold, stay as configured.
    """
    schema = type(values)
    leaves = _flatten(values)
    defaults = {name: value for name, value, _ in leaves}
    _check_names(node, defaults)
    for name, value, description in leaves:
        descriptor = ParameterDescriptor(description=description, read_only=change is None)
        declare_typed(node, name, _plain(value), descriptor)
    current = {name: node.get_parameter(name).value for name in defaults}
    tables = _tables(values)
    effective: T = load_parameters(
        schema, _nest(current | tables), origin=f"node {node.get_name()}"
    )
    if change is not None:
        _accept_changes(node, schema, list(defaults), tables, change)
    return effective


def declare_typed(
    node: Node,
    name: str,
    default: Any,  # noqa: ANN401 - whatever a ROS parameter may be
    descriptor: ParameterDescriptor | None = None,
) -> Any:  # noqa: ANN401
    """Declare one parameter of the type of its default, and return its value.

    Whole numbers are good for real ones. ParameterError for any other type, and for text that YAML
    cut or changed on its way here.
    """
    overrides = getattr(node, "_parameter_overrides", {})
    if name in overrides:
        value = _as_real(overrides[name].value, default)
        overrides[name] = Parameter(name, value=value)
        if isinstance(default, str):
            _check_text(node, name, value)
    try:
        node.declare_parameter(name, default, descriptor or ParameterDescriptor())
    except InvalidParameterTypeException as error:
        wanted = Parameter.Type.from_parameter_value(default).name.lower().replace("_", " ")
        raise ParameterError(
            name, overrides[name].value, f"must be a {wanted}", node.get_name()
        ) from error
    return node.get_parameter(name).value


def _as_real(value: Any, default: object) -> Any:  # noqa: ANN401
    """Turn whole numbers into real ones where those are wanted: ROS itself would refuse them."""
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if isinstance(default, list) and all(isinstance(item, float) for item in default) and default:
        numbers = list(value) if isinstance(value, (list, array, tuple)) else None
        if numbers and all(type(item) is int for item in numbers):
            return [float(item) for item in numbers]
    return value


def _check_text(node: Node, name: str, value: object) -> None:
    """Refuse text that is not what was typed: YAML takes 1e5 for a number, ' #' for a comment."""
    typed = typed_value(sys.argv, name)
    quoted = typed is not None and typed[:1] in ("'", '"')
    if not isinstance(value, str) or (typed is not None and not quoted and typed != value):
        text = typed if typed is not None else str(value)
        cure = f"in double quotes text stays text: -p '{name}:={json.dumps(text)}'"
        raise ParameterError(name, text, f"YAML reads it as {value!r}; {cure}", node.get_name())


def typed_value(arguments: Sequence[str], name: str) -> str | None:
    """Find what follows ``-p NAME:=`` on a command line, as it was typed; None when nothing does.

    The last one counts, as for ROS; NODE:NAME:=VALUE is one as well.
    """
    found = None
    for flag, rule in pairwise(arguments):
        target, assigned, value = rule.partition(":=")
        if flag in ("-p", "--param") and assigned and target.rpartition(":")[2] == name:
            found = value
    return found


def _accept_changes(
    node: Node,
    schema: type[T],
    names: list[str],
    tables: Mapping[str, object],
    change: Callable[[T], None],
) -> None:
    def on_set(parameters: list[Parameter]) -> SetParametersResult:
        current = {name: node.get_parameter(name).value for name in names}
        current |= {p.name: p.value for p in parameters if p.name in current}
        try:
            change(load_parameters(schema, _nest(current | dict(tables))))
        except WmError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    node.add_on_set_parameters_callback(on_set)


def _check_names(node: Node, known: Mapping[str, object]) -> None:
    """Refuse overrides that no parameter has; ROS itself would ignore them silently."""
    for name in getattr(node, "_parameter_overrides", {}):
        if name not in known and not node.has_parameter(name) and not name.startswith("qos_"):
            nodes_own = ("use_sim_time", "start_type_description_service")
            if name not in nodes_own:
                raise ParameterError(
                    name, "", f"unknown; known: {', '.join(known)}", node.get_name()
                )


def _flatten(values: object, prefix: str = "") -> list[tuple[str, Any, str]]:
    """Name with dots, value and description of every leaf."""
    assert is_dataclass(values)
    described = getattr(type(values), "__pydantic_fields__", {})
    leaves: list[tuple[str, Any, str]] = []
    for field in fields(values):
        value, name = getattr(values, field.name), f"{prefix}{field.name}"
        if isinstance(value, Mapping):
            continue
        if is_dataclass(value):
            leaves += _flatten(value, f"{name}.")
        else:
            leaves.append((name, value, getattr(described.get(field.name), "description", "")))
    return leaves


def _tables(values: object, prefix: str = "") -> dict[str, object]:
    """Name with dots and content of every table by name, however deep."""
    assert is_dataclass(values)
    tables: dict[str, object] = {}
    for field in fields(values):
        value, name = getattr(values, field.name), f"{prefix}{field.name}"
        if isinstance(value, Mapping):
            tables[name] = value
        elif is_dataclass(value):
            tables |= _tables(value, f"{name}.")
    return tables


def _plain(value: object) -> object:
    """As ROS can hold it: tuples become lists."""
    return list(value) if isinstance(value, tuple) else value


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Undo ``_flatten`` and ``_tables``."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        target = nested
        for group in groups:
            target = target.setdefault(group, {})
        target[leaf] = value.tolist() if hasattr(value, "tolist") else value
    return nested
