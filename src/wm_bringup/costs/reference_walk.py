"""One walk that says how hard the model-based controller's problems are to solve."""

from __future__ import annotations

from collections import Counter

import daqp

from wm_bringup.bench.measure import intercepted
from wm_bringup.bench.walking import record_walk
from wm_bringup.costs.model_based_work import Usage
from wm_bringup.costs.qp_work import SolvedQp
from wm_bringup.robots.simulated import EngineName
from wm_control.types import Array

SECONDS = 8.0
"""Length of the walk [s]: four strides of each kind, 4,000 control steps."""


class _Seen:
    """Counts what is handed to the solver, and hands it on."""

    def __init__(self) -> None:
        self.qps: Counter[SolvedQp] = Counter()
        self._solve = daqp.solve

    def solve(self, *problem: Array, **options: float) -> object:
        """Stand in for ``daqp.solve``: Hessian, gradient, rows, bounds."""
        answer = self._solve(*problem, **options)
        iterations = int(answer[3]["iterations"])
        self.qps[SolvedQp(len(problem[1]), len(problem[2]), iterations)] += 1
        return answer


def walked(robot: str, engine: EngineName = "mujoco", seconds: float = SECONDS) -> Usage:
    """Walk at 0.6 m/s, half of the time turning, as ``wm bench`` does; the same at every call."""
    seen = _Seen()
    with intercepted(daqp, "solve", seen.solve):
        walk = record_walk(seconds, robot=robot, engine=engine)
    plans = len({plan.stamp for plan in walk.plans})
    return Usage(plans, seen.qps)
