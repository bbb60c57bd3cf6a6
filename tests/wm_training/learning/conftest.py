"""What of the training's tests can run here: said, never skipped in silence.

MuJoCo's batches came with version 4, which exists for Python 3.11 and later; torch comes only with
`make train` or `make test-train`, so that `make test` stays small.
"""

import sys
from importlib.util import find_spec

HAS_BATCH, HAS_TORCH = find_spec("mujoco.batch") is not None, find_spec("torch") is not None
collect_ignore_glob = []
if not HAS_BATCH and sys.version_info < (3, 11):
    collect_ignore_glob = ["test_*.py", "with_torch/*"]
elif not HAS_TORCH:
    collect_ignore_glob = ["with_torch/*"]
