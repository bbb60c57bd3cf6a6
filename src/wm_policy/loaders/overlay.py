"""Overlays: what a foreign file does not say, said explicitly by the user, bound to a network.

::

    overlay_version: 1
    weights_sha256: c29d...        # of the network it belongs to, or sha256: of the file
    fill: {rate: 50.0}             # fields of the manifest that the file must not contradict
    override: {gains: {...}}       # fields of the manifest that replace what the file says
    terms: {base_ang_vel: {scale: 0.25}}   # what the file leaves open of a term, by its own name
    ignore: ["observations.*.size"]        # keys of the file that mean nothing

``terms`` may also say what a term, or an input of the network, is:
``{name: constant, value: 0.74}``, ``{name: velocity_command, pick: [0, 1]}``, or ``{terms: [...]}``
of several. Values about joints may be one number, a list, or a mapping from names or patterns
(joints.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from wm_policy.errors import ConflictError, FieldError, HashMismatchError, MissingValueError
from wm_policy.loaders.fields import Fields
from wm_policy.loaders.joints import check_names, match_joints, of_bodies, per_joint
from wm_policy.loaders.refusal import Refusal
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile

LEFT_OPEN: Final = ("scale", "clip", "history_length", "frame")
"""What a file may leave open of a term."""

MEANING: Final = ("name", "value", "width", "pick", "joints", "terms")
"""What a term is, in terms of the manifest."""

TERM_FIELDS: Final = LEFT_OPEN + MEANING
"""What ``terms`` may say about a term."""

_PER_JOINT: Final = (("default_position",),)
_PER_ACTION: Final = (
    ("action", "scale"),
    ("action", "offset"),
    ("gains", "stiffness"),
    ("gains", "damping"),
)


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay; ``file`` is for messages. ``network``: path of the network it names, if any."""

    file: Path
    sha256: str | None = None
    weights_sha256: str | None = None
    network: Path | None = None
    fill: Mapping[str, Any] = field(default_factory=dict)
    override: Mapping[str, Any] = field(default_factory=dict)
    terms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()

    @property
    def applies(self) -> bool:
        """Whether there is an overlay at all."""
        return self.sha256 is not None or self.weights_sha256 is not None

    def says(self) -> tuple[str, ...]:
        """Name the fields that it fills or overrides."""
        said = [*_fields(self.fill), *(f"{name} (override)" for name in _fields(self.override))]
        said += [f"terms.{name}" for name in self.terms]
        return (*said, *(f"{name} (ignored)" for name in self.ignore))

    def said(self, *path: str) -> Any:  # noqa: ANN401 - whatever the overlay holds
        """Return what it says of a field of the manifest, None when nothing."""
        over = _at(self.override, path)
        return _at(self.fill, path) if over is None else over

    def overrides(self, *path: str) -> Any:  # noqa: ANN401
        """Return what it overrides a field of the manifest with, None when it does not."""
        return _at(self.override, path)

    def overridden_joints(self, *path: str) -> tuple[str, ...]:
        """Return the joint names that it overrides a field with, empty when it does not."""
        return _names(self.overrides(*path))

    def of_term(self, name: str) -> Mapping[str, Any]:
        """Return what it says about a term, by its foreign name; ``"*"`` means every term."""
        return {**self.terms.get("*", {}), **self.terms.get(name, {})}

    def means(self, name: str) -> bool:
        """Whether it says what a term, or an input of the network, is."""
        return bool({"name", "terms"} & set(self.terms.get(name, ())))

    def check_network(self, network: NetworkFile) -> None:
        """HashMismatchError unless it belongs to this network."""
        pairs = (
            ("sha256", self.sha256, network.sha256),
            ("weights_sha256", self.weights_sha256, network.weights_sha256),
        )
        for name, stated, found in pairs:
            if stated is not None and stated != found:
                raise HashMismatchError(self.file, name, stated, f"{found} of {network.path}")


NOTHING: Final = Overlay(Path("no overlay"))


def is_overlay(content: Mapping[str, Any]) -> bool:
    """Whether a YAML file's content is meant as an overlay."""
    return "overlay_version" in content


def read_overlay(path: Path) -> Overlay:
    """Read an overlay; FieldError or MissingValueError for what it must not hold or lacks."""
    fields = Fields(read_yaml_file(path), path)
    if fields.required("overlay_version") != 1:
        raise FieldError(path, "overlay_version", "1", fields.optional("overlay_version"))
    sha256 = fields.text("sha256") if fields.has("sha256") else None
    weights = fields.text("weights_sha256") if fields.has("weights_sha256") else None
    if sha256 is None and weights is None:
        expected = "the hash of the network it belongs to"
        raise MissingValueError(path, "weights_sha256 or sha256", expected, "neither")
    network = path.parent / fields.text("network") if fields.has("network") else None
    for key in ("note", "ignore"):
        fields.optional(key)
    overlay = Overlay(
        path,
        sha256,
        weights,
        network,
        _mapping(fields, "fill"),
        _mapping(fields, "override"),
        _terms(fields),
        fields.texts("ignore") if fields.has("ignore") else (),
    )
    fields.nothing_else()
    return overlay


def _mapping(fields: Fields, key: str) -> dict[str, Any]:
    if not fields.has(key):
        fields.optional(key)
        return {}
    fields.fields(key)
    content = fields.required(key)
    return dict(content)


def _terms(fields: Fields) -> dict[str, Mapping[str, Any]]:
    if not fields.has("terms"):
        fields.optional("terms")
        return {}
    terms = fields.fields("terms")
    for name in terms.names():
        for said in terms.fields(name).names():
            known = LEFT_OPEN if name == "*" else TERM_FIELDS
            if said not in known:
                place = terms.at(f"{name}.{said}")
                raise FieldError(fields.file, place, f"one of {', '.join(known)}", said)
    return dict(fields.required("terms"))


def apply_overlay(
    content: Mapping[str, Any], overlay: Overlay, robot_joints: Sequence[str]
) -> dict[str, Any]:
    """Return a manifest's plain content, completed and overridden.

    ConflictError when ``fill`` says something else than the file. What the file says wrongly is
    still a ``Refusal`` in it, unless it was overridden.
    """
    named = _merge(content, overlay.fill, overlay.file, "", override=True)
    order = JointOrders.of(_merge(named, overlay.override, overlay.file, "", override=True))
    fill = expand(overlay.fill, order, robot_joints, overlay.file, "fill.")
    override = expand(overlay.override, order, robot_joints, overlay.file, "override.")
    filled = _merge(content, fill, overlay.file, "", override=False)
    return _merge(filled, override, overlay.file, "", override=True)


def overridden(content: Mapping[str, Any], overlay: Overlay) -> dict[str, Any]:
    """Return content with what ``override`` says of it; the hashes of its files stay its own."""
    override = {key: value for key, value in overlay.override.items() if key != "network"}
    merged = _merge(content, override, overlay.file, "", override=True)
    for *way, last in (*_PER_JOINT, *_PER_ACTION):  # patterns replace, they do not add to others
        inner = merged.get(way[0]) if way else merged
        if overlay.overrides(*way, last) is not None and isinstance(inner, dict):
            inner[last] = overlay.overrides(*way, last)
    return merged


@dataclass(frozen=True, slots=True)
class JointOrders:
    """The two joint orders of a manifest."""

    observed: tuple[str, ...]
    commanded: tuple[str, ...]

    @staticmethod
    def of(content: Mapping[str, Any]) -> JointOrders:
        """Read them from plain content, whatever is wrong with the rest of it."""
        observed = _names(content.get("joints"))
        action = content.get("action")
        commanded = _names(action.get("joints")) if isinstance(action, Mapping) else ()
        return JointOrders(observed, commanded or observed)


def expand(
    content: Mapping[str, Any],
    order: JointOrders,
    robot_joints: Sequence[str],
    file: Path,
    prefix: str = "",
) -> dict[str, Any]:
    """Turn values about joints, given for all or by name, into lists in the joints' order.

    JointMismatchError when the orders do not hold different joints of the robot.
    """
    for place, names in (("joints", order.observed), ("action.joints", order.commanded)):
        problem = check_names(names, robot_joints, file, place)
        if problem:
            raise problem
    result = _copy(content)
    for paths, names in ((_PER_JOINT, order.observed), (_PER_ACTION, order.commanded)):
        for path in paths:
            parent = result if len(path) == 1 else result.get(path[0])
            if isinstance(parent, dict) and parent.get(path[-1]) is not None:
                place = prefix + ".".join(path)
                parent[path[-1]] = list(per_joint(parent[path[-1]], names, file, place))
    if result.get("robot") is not None:
        result["robot"] = of_bodies(result["robot"], order.commanded, file, f"{prefix}robot")
    if isinstance(result.get("held"), dict) and result["held"]:
        free = [name for name in robot_joints if name not in order.commanded]
        keys = match_joints(result["held"], free, file, f"{prefix}held", all_joints=False)
        result["held"] = {joint: result["held"][key] for joint, key in keys.items()}
    return result


def _names(names: object) -> tuple[str, ...]:
    return tuple(n for n in names if isinstance(n, str)) if isinstance(names, (list, tuple)) else ()


def _at(content: Any, path: Sequence[str]) -> Any:  # noqa: ANN401
    for key in path:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def _copy(content: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _copy(v) if isinstance(v, Mapping) else v for k, v in content.items()}


def _merge(
    base: Mapping[str, Any], more: Mapping[str, Any], file: Path, place: str, *, override: bool
) -> dict[str, Any]:
    merged = _copy(base)
    for key, value in more.items():
        here = f"{place}{key}"
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merge(old, value, file, f"{here}.", override=override)
        elif old is None or override or (isinstance(old, Refusal) and old.missing):
            merged[key] = value
        elif isinstance(old, Refusal):
            continue  # what the file says is wrong, which ``fill`` does not change
        elif _listed(old) != _listed(value):
            expected = f"{old!r} as the policy's own file says (use override to change it)"
            raise ConflictError(file, f"fill.{here}", expected, value)
    return merged


def _listed(value: object) -> object:
    return [_listed(v) for v in value] if isinstance(value, (list, tuple)) else value


def _fields(content: Mapping[str, Any]) -> Iterator[str]:
    """Names of what a mapping says, two levels deep where that is still a manifest's field."""
    for key, value in content.items():
        if isinstance(value, Mapping) and key in ("action", "gains", "phase", "command"):
            yield from (f"{key}.{name}" for name in value)
        else:
            yield key
