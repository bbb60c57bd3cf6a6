"""Isaac LEAPP: a YAML file that names every tensor of the network, its meaning and its feedback.

Observation and action processing are inside the graph: raw measurements go in, absolute joint
targets and gains come out, histories are tensors fed back from the step before, zero at first. The
file does not say the command ranges, and not always the rate: an overlay says them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from wm_policy.errors import (
    FieldError,
    HashMismatchError,
    JointMismatchError,
    MissingValueError,
    UnknownTermError,
    WidthMismatchError,
)
from wm_policy.loaders.common import licence_beside
from wm_policy.loaders.fields import Fields, finite_number
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.refusal import judged
from wm_policy.loaders.terms import ForeignTerm, Plain, overlay_terms
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile
from wm_policy.terms import TERMS

FAMILY: Final = "leapp"

_TENSOR_KEYS: Final = ("dtype", "type")
_JOINT_KINDS: Final = {
    "state/joint/position": "joint_position",
    "state/joint/velocity": "joint_velocity",
}
_VECTOR_KINDS: Final = {
    "state/body/angular_velocity": "base_angular_velocity",
    "state/body/linear_velocity": "base_linear_velocity",
}
_TARGET: Final = "target/joint/position"
_GAINS: Final = {"kp": "stiffness", "kd": "damping"}
"""Kinds of outputs, and the gains that they are."""

_COMMAND_KINDS: Final = ("velocity_command", "command/body/velocity")
_COMMAND_ELEMENTS: Final = (
    ["lin_x", "lin_y", "ang_z"],
    ["lin_vel_x", "lin_vel_y", "ang_vel_z"],
    ["x", "y", "yaw"],
)
_BASE_LINKS: Final = ("pelvis", "base_link", "base", "root")


def is_leapp(keys: Sequence[str]) -> bool:
    """Whether a YAML file with these keys is a LEAPP description."""
    return "models" in keys and "pipeline" in keys


def network_name(file: Path) -> str:
    """Return the file name of the network that a LEAPP description means."""
    _, model = _model(Fields(read_yaml_file(file), file))
    return model.fields("parameters").text("model_path")


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read ``file`` for ``network``; errors name the file's own fields."""
    del robot_joints  # the file names its joints
    fields = Fields(read_yaml_file(file), file, ignore=overlay.ignore)
    name, model = _model(fields)
    _check_hash(model, network)
    states = _states(fields, name, model)
    inputs, joints = _inputs(model, {state["input"] for state in states}, overlay)
    action, gains = _outputs(model, {state["output"] for state in states}, overlay)
    content: Plain = {
        "manifest_version": 1,
        "name": name,
        "family": FAMILY,
        "licence": licence_beside(file),
        "joints": list(joints),
        "default_position": [0.0] * len(joints),
        "inputs": inputs,
        "states": states,
        "action": action,
        "gains": gains,
    }
    rate = judged(lambda: _rate(fields))
    return content if rate is None else {**content, "rate": rate}


def _model(fields: Fields) -> tuple[str, Fields]:
    models = fields.fields("models")
    if len(models.names()) != 1:
        raise FieldError(fields.file, "models", "one model", ", ".join(models.names()) or "none")
    name = models.names()[0]
    return name, models.fields(name)


def _check_hash(model: Fields, network: NetworkFile) -> None:
    parameters = model.fields("parameters")
    stated = parameters.text("sha256sum")
    if stated != network.sha256:
        place = parameters.at("sha256sum")
        raise HashMismatchError(model.file, place, stated, f"{network.sha256} of {network.path}")


def _rate(fields: Fields) -> float | None:
    """Return the number of policy steps in a second, where the file says their distance."""
    scene: object = fields.optional("semantic")
    for key in ("scene", "dt"):
        if not isinstance(scene, dict) or key not in scene:
            return None
        scene = scene[key]
    step = finite_number(scene, fields.file, "semantic.scene.dt")
    if not step > 0.0:
        raise FieldError(fields.file, "semantic.scene.dt", "a time above zero [s]", step)
    return round(1.0 / step, 6)


def _states(fields: Fields, name: str, model: Fields) -> list[Plain]:
    """Return the feedback connections; every tensor marked as state must be in one."""
    pipeline = fields.fields("pipeline")
    if pipeline.optional("data_flow"):
        found = pipeline.optional("data_flow")
        raise FieldError(fields.file, "pipeline.data_flow", "nothing: one model alone", found)
    feedback = pipeline.fields("feedback_connections")
    states = []
    for source in feedback.names():
        for target in feedback.texts(source):
            output, tensor = (_own(text, name, feedback, source) for text in (source, target))
            states.append({"input": tensor, "output": output})
    for side in ("input", "output"):
        marked = {t["name"] for t in _tensors(model, f"{side}s") if t.get("is_state")}
        connected = [state[side] for state in states]
        if marked != set(connected) or len(connected) != len(set(connected)):
            odd = sorted(marked ^ set(connected)) or sorted(connected)
            place = "pipeline.feedback_connections"
            expected = f"every state {side} of the model once"
            raise FieldError(fields.file, place, expected, ", ".join(odd))
    return states


def _own(text: str, name: str, feedback: Fields, source: str) -> str:
    model, _, tensor = text.partition("/")
    if model != name or not tensor:
        raise FieldError(feedback.file, feedback.at(source), f"{name}/<tensor>", text)
    return tensor


def _tensors(model: Fields, key: str) -> list[dict[str, Any]]:
    """Return the tensors under ``inputs`` or ``outputs``, with nothing unknown in them."""
    entries = model.required(key, "a list of tensors")
    if not isinstance(entries, list):
        raise FieldError(model.file, model.at(key), "a list of tensors", entries)
    tensors: list[dict[str, Any]] = []
    for index, entry in enumerate(entries):
        fields = Fields(entry, model.file, model.at(f"{key}[{index}]"), model.ignore)
        tensor: dict[str, Any] = {"name": fields.text("name"), "place": fields.place}
        tensor["shape"] = fields.integers("shape")
        for optional in ("kind", "element_names", "is_state"):
            tensor[optional] = fields.optional(optional)
        fields.nothing_else((*_TENSOR_KEYS, "isaaclab_connection"))
        if any(tensor["name"] == other["name"] for other in tensors):
            raise FieldError(model.file, fields.at("name"), "every tensor once", tensor["name"])
        tensors.append(tensor)
    return tensors


def _inputs(
    model: Fields, fed_back: set[str], overlay: Overlay
) -> tuple[list[Plain], tuple[str, ...]]:
    """Return one manifest input per measured tensor, and all joints that are observed."""
    inputs, joints = [], tuple[str, ...]()
    for tensor in _tensors(model, "inputs"):
        if tensor["name"] in fed_back:
            continue
        if overlay.means(tensor["name"]):
            terms = overlay_terms(ForeignTerm(tensor["name"]), overlay)
            inputs.append({"name": tensor["name"], "blocks": [{"terms": list(terms)}]})
            continue
        term = _term(tensor, model.file)
        inputs.append({"name": tensor["name"], "blocks": [{"terms": [term]}]})
        joints = joints or tuple(term.get("joints", ()))
    if not joints:
        raise MissingValueError(model.file, model.at("inputs"), "joint positions", "none")
    return inputs, joints


def _term(tensor: dict[str, Any], file: str) -> Plain:
    kind, place = tensor["kind"], tensor["place"]
    if kind in _JOINT_KINDS:
        return {
            "name": _JOINT_KINDS[kind],
            "scale": 1.0,
            "joints": list(_element_names(tensor, file, len(tensor["shape"]) - 1)),
        }
    if kind in _VECTOR_KINDS:
        _check_body(tensor, file)
        _check_axes(tensor, file, [["x", "y", "z"]])
        if not tensor["name"].endswith("_b"):
            found = f"'{tensor['name']}', whose frame is not the base's"
            raise UnknownTermError(file, f"{place}.name", "a tensor in base axes (..._b)", found)
        name = _VECTOR_KINDS[kind]
    elif kind == "state/body/rotation":
        _check_body(tensor, file)
        order = _check_axes(tensor, file, [["w", "x", "y", "z"], ["x", "y", "z", "w"]])
        name = "base_orientation_wxyz" if order[0] == "w" else "base_orientation_xyzw"
    elif kind in _COMMAND_KINDS:
        _check_axes(tensor, file, _COMMAND_ELEMENTS)
        name = "velocity_command"
    else:
        kinds = [*_JOINT_KINDS, *_VECTOR_KINDS, "state/body/rotation", *_COMMAND_KINDS]
        expected = f"one of {', '.join(kinds)}, or terms.{tensor['name']} of an overlay"
        raise UnknownTermError(file, f"{place}.kind", expected, kind)
    return {"name": name, "scale": 1.0, "frame": TERMS[name].frame}


def _element_names(tensor: dict[str, Any], file: str, axis: int) -> list[str]:
    """Return the names along the last axis; WidthMismatchError unless they fill it."""
    place = f"{tensor['place']}.element_names"
    names = tensor["element_names"]
    if names is None:
        raise MissingValueError(file, place, "the name of every element", "nothing")
    good = isinstance(names, list) and names and all(isinstance(group, list) for group in names)
    if not good or not all(isinstance(name, str) for name in names[-1]):
        raise FieldError(file, place, "lists of names", names)
    width = tensor["shape"][axis] if tensor["shape"] else 0
    if len(names[-1]) != width:
        raise WidthMismatchError(file, place, f"{width} names", f"{len(names[-1])}")
    last: list[str] = names[-1]
    return last


def _check_axes(tensor: dict[str, Any], file: str, allowed: Sequence[list[str]]) -> list[str]:
    names = _element_names(tensor, file, -1)
    if names not in list(allowed):
        expected = " or ".join("[" + ", ".join(group) + "]" for group in allowed)
        raise FieldError(file, f"{tensor['place']}.element_names", expected, names)
    return names


def _check_body(tensor: dict[str, Any], file: str) -> None:
    names = tensor["element_names"]
    if isinstance(names, list) and len(names) == 2 and names[0] in [[b] for b in _BASE_LINKS]:
        return
    place = f"{tensor['place']}.element_names"
    raise FieldError(file, place, f"the base ({', '.join(_BASE_LINKS)}) and its axes", names)


def _outputs(model: Fields, handed_on: set[str], overlay: Overlay) -> tuple[Plain, Plain]:
    """Return action and gains from the outputs by kind; gains only as far as they are not said."""
    by_kind: dict[str, dict[str, Any]] = {}
    for tensor in _tensors(model, "outputs"):
        if tensor["name"] in handed_on:
            continue
        kind, place = tensor["kind"], tensor["place"]
        if kind != _TARGET and kind not in _GAINS:
            raise FieldError(model.file, f"{place}.kind", f"{_TARGET}, kp or kd", kind)
        if kind in by_kind:
            raise FieldError(model.file, f"{place}.kind", f"one tensor of kind {kind}", "two")
        by_kind[kind] = tensor
    needed = [kind for kind, gain in _GAINS.items() if overlay.said("gains", gain) is None]
    for kind in (_TARGET, *needed):
        if kind not in by_kind:
            raise MissingValueError(model.file, model.at("outputs"), f"a tensor {kind}", "none")
    joints = _element_names(by_kind[_TARGET], model.file, -1)
    for kind in needed:
        names = _element_names(by_kind[kind], model.file, -1)
        if names != joints:
            place = f"{by_kind[kind]['place']}.element_names"
            raise JointMismatchError(model.file, place, "the joints of the target", names)
    action = {
        "output": by_kind[_TARGET]["name"],
        "joints": joints,
        "target": "absolute",
        "scale": [1.0] * len(joints),
    }
    return action, {f"{_GAINS[kind]}_output": by_kind[kind]["name"] for kind in needed}
