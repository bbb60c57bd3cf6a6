"""Tests mirror ``src`` and so may share names; what they share with each other may not.

pytest imports test modules by path (``--import-mode=importlib`` in pyproject.toml), so that
``wm_control/estimation/test_sensors.py`` and ``wm_bringup/backends/test_sensors.py`` live side by
side. Helpers, the modules here that are not tests, are imported by their plain names.
"""

import sys
from pathlib import Path

HELPERS = [
    path
    for path in Path(__file__).parent.glob("*/**/*.py")
    if not path.name.startswith("test_") and path.name != "conftest.py"
]

sys.path.extend(sorted({str(path.parent) for path in HELPERS}))
