"""Tests mirror ``src`` and so may share names; what they share with each other may not.

pytest imports test modules by path (``--import-mode=importlib`` in pyproject.toml), so that
``wm_control/estimation/readings/test_sensors.py`` and
``wm_bringup/robots/simulation/test_sensors.py`` live side by side. Helpers, the modules here that
are not tests, are imported by their plain names.
"""

import os
import sys
from importlib.util import find_spec
from pathlib import Path

HELPERS = [
    path
    for path in Path(__file__).parent.glob("*/**/*.py")
    if not path.name.startswith("test_") and path.name != "conftest.py"
]

sys.path.extend(sorted({str(path.parent) for path in HELPERS}))


def pytest_report_header() -> list[str]:
    """Say which tests cannot run in this environment, and how to run them."""
    lines = []
    if sys.version_info < (3, 11):
        lines.append("training is not tested: MuJoCo 4 needs Python 3.11 or later")
    elif find_spec("torch") is None:
        lines.append("learning with torch is not tested here: `make test-train` does it")
    if not os.environ.get("WM_WIRE_PYTHON"):
        lines.append("Unitree's own SDK is not met here: `make test-wire` does it")
    if find_spec("viser") is None:
        lines.append("the page in the browser is not tested here: `make test-view` does it")
    if find_spec("ray") is None:
        lines.append("a real Ray cluster is not tested here: it needs the extra `ray`")
    return lines
