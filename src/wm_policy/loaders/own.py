"""Our own manifest as a YAML file, for networks that carry nothing.

The same fields as ``manifest.Manifest``; values about joints may be one number for all, a list, or
a mapping from joint names or patterns, and ``action.joints`` may be left out when they are
``joints``. ``network.file`` is relative to the manifest's folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wm_policy.errors import HashMismatchError
from wm_policy.loaders.fields import Fields
from wm_policy.loaders.overlay import JointOrders, Overlay, expand, overridden
from wm_policy.loaders.terms import Plain
from wm_policy.loaders.yaml_file import read_yaml_file
from wm_policy.network import NetworkFile

FAMILY: Final = "manifest"


def is_own(keys: Sequence[str]) -> bool:
    """Whether a YAML file with these keys is one of our manifests."""
    return "manifest_version" in keys


def network_path(file: Path) -> Path:
    """Return the path of the network that a manifest means."""
    network = Fields(read_yaml_file(file), file).fields("network")
    return file.parent / network.text("file")


def translate(
    network: NetworkFile, file: Path, robot_joints: Sequence[str], overlay: Overlay
) -> Plain:
    """Read ``file`` for ``network``; HashMismatchError unless it is the network that is meant."""
    content: dict[str, Any] = overridden(read_yaml_file(file), overlay)
    check_hashes(content, network, file)
    content.setdefault("family", FAMILY)
    action = content.get("action")
    if isinstance(action, Mapping) and "joints" not in action and "joints" in content:
        content["action"] = {**action, "joints": content["joints"]}
    return expand(content, JointOrders.of(content), robot_joints, file)


def check_hashes(content: Mapping[str, Any], network: NetworkFile, file: Path) -> None:
    """Compare the hashes of network and external data with those of the files."""
    stated = Fields(content, file).fields("network")
    if stated.text("sha256") != network.sha256:
        found = f"{network.sha256} of {network.path}"
        raise HashMismatchError(file, "network.sha256", stated.text("sha256"), found)
    data = stated.fields("data") if stated.has("data") else Fields({}, file, "network.data")
    for name, found in network.data.items():
        if data.text(name) != found:
            raise HashMismatchError(file, data.at(name), data.text(name), f"{found} of '{name}'")
    data.nothing_else()
