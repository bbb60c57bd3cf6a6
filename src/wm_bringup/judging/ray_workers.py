"""Runs on a Ray cluster: the same work on the same items, wherever a core is free.

Ray is an optional extra (``pip install "wm_humanoid[ray]"``). Other computers of a cluster need the
same version of this package.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

from wm_bringup.judging.runner import SINGLE_THREAD, RunnerError, Spread

T = TypeVar("T")
R = TypeVar("R")

PREFIX = "ray"


def read_workers(text: str, jobs: int) -> Spread | None:
    """Read ``local``, ``ray`` (a cluster of ``jobs`` workers on this computer) or ``ray://ADDRESS``.

    None for local processes. RunnerError for anything else, and where Ray is not installed.
    """
    if text == "local":
        return None
    if text != PREFIX and not text.startswith(f"{PREFIX}://"):
        raise RunnerError(f"--workers {text}: must be local, ray or ray://ADDRESS")
    if find_spec("ray") is None:
        raise RunnerError('--workers ray: needs Ray, pip install "wm_humanoid[ray]"')
    return RaySpread("" if text == PREFIX else text, jobs)


class RaySpread:
    """Spreads work over a Ray cluster; see ``runner.Spread``."""

    def __init__(self, address: str, jobs: int) -> None:
        """address: of a cluster that is there; empty: one of ``jobs`` workers, begun and ended."""
        self._address, self._jobs = address, jobs

    def __call__(self, work: Callable[[T], R], items: Sequence[T]) -> Iterator[tuple[int, R]]:
        """Yield (index, ``work(item)``) as they finish; whatever ends the iteration ends the work.

        RunnerError when a worker dies; what the work itself raises is raised here.
        """
        import ray
        from ray.exceptions import RayError, RayTaskError

        if not items:
            return
        ray.init(**self._options())
        try:
            remote = ray.remote(max_retries=0)(work)
            pending = {remote.remote(item): index for index, item in enumerate(items)}
            while pending:
                (done, *_), _ = ray.wait(list(pending), num_returns=1)
                yield pending.pop(done), ray.get(done)
        except RayTaskError as error:
            raise (error.cause or error) from error
        except RayError as error:
            raise RunnerError(
                f"a Ray worker was lost ({error}); with --resume the same command goes on from the "
                "episodes that were done"
            ) from error
        finally:
            ray.shutdown()

    def _options(self) -> dict[str, Any]:
        """How to begin: one core for each run, and the code of this very process."""
        environment = dict.fromkeys(SINGLE_THREAD, "1")
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        options: dict[str, Any] = {
            "runtime_env": {"env_vars": environment},
            "log_to_driver": False,
            "include_dashboard": False,
        }
        if self._address:
            del options["include_dashboard"]
            return {**options, "address": self._address}
        return {**options, "num_cpus": self._jobs}
