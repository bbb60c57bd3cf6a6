"""Policies that come with the package: our own weights, each with its manifest and model card."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SHIPPED: Final = "wm_g1_legs"


def shipped_policy() -> Path:
    """Return the manifest of the walking policy that was trained in this repository."""
    return Path(__file__).parent / f"{SHIPPED}.yaml"
