"""ROS parameters from the frozen dataclasses that are the schema, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from wm_control.errors import ParameterError, WmError
from wm_control.parameters import load_parameters

T = TypeVar("T")


def declare(node: Node, values: T, change: Callable[[T], None] | None = None) -> T:
    """Declare every field of a parameter dataclass as ``group.name``; returns those in force.

    values: the configured ones; ``--ros-args -p`` and parameter files override them, bounds are
    checked and an unknown name stops start-up, both with a ParameterError.
    change: takes new values set while running, and refuses them by a WmError; without it all are
    read-only.
    """
    schema = type(values)
    leaves = _flatten(values)
    defaults = {name: value for name, value, _ in leaves}
    _check_names(node, defaults)
    for name, value, description in leaves:
        descriptor = ParameterDescriptor(description=description, read_only=change is None)
        node.declare_parameter(name, _plain(value), descriptor)
    current = {name: node.get_parameter(name).value for name in defaults}
    effective: T = load_parameters(schema, _nest(current), origin=f"node {node.get_name()}")
    if change is not None:
        _accept_changes(node, schema, list(defaults), change)
    return effective


def _accept_changes(
    node: Node, schema: type[T], names: list[str], change: Callable[[T], None]
) -> None:
    def on_set(parameters: list[Parameter]) -> SetParametersResult:
        current = {name: node.get_parameter(name).value for name in names}
        current |= {p.name: p.value for p in parameters if p.name in current}
        try:
            change(load_parameters(schema, _nest(current)))
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
        if is_dataclass(value):
            leaves += _flatten(value, f"{name}.")
        else:
            leaves.append((name, value, getattr(described.get(field.name), "description", "")))
    return leaves


def _plain(value: object) -> object:
    """As ROS can hold it: tuples become lists."""
    return list(value) if isinstance(value, tuple) else value


def _nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Undo ``_flatten``."""
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        *groups, leaf = name.split(".")
        target = nested
        for group in groups:
            target = target.setdefault(group, {})
        target[leaf] = value.tolist() if hasattr(value, "tolist") else value
    return nested
