"""Leg policies of one zero matrix, and graphs that run them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from policy_files import leg_manifest, write_yaml
from tiny_networks import linear

POLICIES = {"legs": (47, 100.0), "firm": (47, 150.0), "narrow": (46, 90.0)}
"""Width of the input, of which only 47 is right, and stiffness, by name."""


def write_policies(folder: Path) -> dict[str, str]:
    """Files by name."""
    files = {}
    for name, (inputs, stiffness) in POLICIES.items():
        network = linear(folder / f"{name}.onnx", inputs, 12, matrix=np.zeros((inputs, 12)))
        gains = {"stiffness": stiffness, "damping": 2.0}
        content = {**leg_manifest(network), "name": name, "gains": gains}
        files[name] = str(write_yaml(content, folder / f"{name}.yaml"))
    return files


def drives(bench, source):
    """Wait until ``source`` drives."""

    def nominal():
        assert not bench.runner.exits, bench.text()
        decision = bench.observer.decision()
        return decision.get("action") == "NOMINAL" and decision["source"] == source

    return bench.observer.until(f"{source} to drive", nominal)
