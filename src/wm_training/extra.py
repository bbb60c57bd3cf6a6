"""Whether this environment can train."""

from __future__ import annotations

from importlib.util import find_spec

from wm_control.errors import WmError


class ExtraMissingError(WmError):
    """Libraries that only training needs are not installed."""


def check_extra() -> None:
    """ExtraMissingError, which says how to get them, unless torch and MuJoCo 4 are there."""
    missing = [name for name in ("torch", "mujoco.batch") if find_spec(name) is None]
    if missing:
        raise ExtraMissingError(
            f"training needs {' and '.join(missing)}, which this environment lacks: run "
            "`make train`, or pip install 'wm_humanoid[train]' (Python 3.11 or 3.12)"
        )
