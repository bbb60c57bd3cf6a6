"""Outcomes that meet the bar."""

from dataclasses import replace

from wm_training.exam.bar import Outcome

GOOD = Outcome(
    name="forward 0.5",
    seed=0,
    fell=False,
    cause="",
    seconds=15.0,
    mean_velocity=(0.52, 0.1, 0.0),
    error=0.02,
    steps=30,
    cost_of_transport=0.4,
    action_rate=0.05,
    torque_rate=300.0,
    apex=0.06,
    foot_slip=0.01,
    velocity_rmse=0.003,
    drift_percent=0.2,
)
STANDING = replace(GOOD, name="standing", mean_velocity=(0.003, 0.004, 0.0), error=0.005, steps=0)
