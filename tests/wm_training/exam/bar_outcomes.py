"""Results of episodes that meet the bar."""

from dataclasses import replace

from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.criteria.table import CRITERIA
from wm_bringup.judging.episode import EpisodeResult


def changed(result: EpisodeResult, *, case: str = "", seed: int | None = None, **values: object):
    """Return a result with other numbers, of another case or seed."""
    metrics = {n: Measured(value, CRITERIA[n].unit) for n, value in values.items()}
    return replace(
        result,
        case=case or result.case,
        seed=result.seed if seed is None else seed,
        metrics={**result.metrics, **metrics},
    )


GOOD = changed(
    EpisodeResult("forward 0.5", "policy", 0, {}, {"fall_cause": ""}),
    fell=False,
    seconds=15.0,
    mean_velocity=(0.52, 0.1, 0.0),
    command_error=0.02,
    steps=30,
    cost_of_transport=0.4,
    action_rate=0.05,
    torque_rate=300.0,
    apex=0.06,
    foot_slip=0.01,
    velocity_rmse=0.003,
    drift_percent=0.2,
    estimate_lost=False,
)
STANDING = changed(
    GOOD, case="standing", mean_velocity=(0.003, 0.004, 0.0), command_error=0.005, steps=0
)
