"""What of the training's tests can run here: said, never skipped in silence.

MuJoCo comes with `make venv` where it exists (Python 3.11 and later); torch only with `make train`
or `make test-train`, so that `make test` stays small.
"""

import sys
from importlib.util import find_spec

HAS_MUJOCO, HAS_TORCH = find_spec("mujoco") is not None, find_spec("torch") is not None
collect_ignore_glob = []
if not HAS_MUJOCO and sys.version_info < (3, 11):
    collect_ignore_glob = ["test_*.py", "with_torch/*"]
elif not HAS_TORCH:
    collect_ignore_glob = ["with_torch/*"]
