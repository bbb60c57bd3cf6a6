"""Records of motions that can be worked out by hand."""

from __future__ import annotations

import numpy as np

from wm_bringup.cycle.loop import Stamps, TickRecord
from wm_bringup.record.evaluation import Evaluation
from wm_bringup.record.from_lockstep import RunRecorder
from wm_bringup.record.run_record import RunFacts
from wm_bringup.robots.base import GroundTruth
from wm_control.types import (
    Action,
    Command,
    ControllerResult,
    Decision,
    Estimate,
    Observation,
    Status,
    VelocityCommand,
)

N = 3
LEVEL = np.array([0.0, 0.0, 0.0, 1.0])
MASS = 30.0


def truth(time=0.0, x=0.0, height=0.75, orientation=LEVEL, touching=(), torque=0.0, speed=0.0):
    return GroundTruth(
        stamp=time,
        base_position_in_world=np.array([x, 0.0, height]),
        base_orientation=orientation,
        base_velocity_in_world=np.array([speed, 0.0, 0.0]),
        base_velocity_in_base=np.array([speed, 0.0, 0.0]),
        base_angular_velocity_in_base=np.zeros(3),
        joint_position=np.zeros(N),
        joint_velocity=np.ones(N),
        joint_torque=np.full(N, torque),
        sole_position=np.zeros((2, 3)),
        sole_velocity=np.zeros((2, 6)),
        foot_wrench=np.zeros((2, 6)),
        normal_force=np.array([160.0, 160.0]),
        tangential_force=np.zeros(2),
        ground_height=np.zeros(2),
        com_position=np.zeros(3),
        com_velocity=np.zeros(3),
        push_force=np.zeros(3),
        touching=touching,
    )


def estimate(time=0.0, x=0.0, speed=0.0, sequence=0):
    observation = Observation(
        time, sequence, *(np.zeros(N),) * 3, LEVEL, np.zeros(3), np.array([0.0, 0.0, 9.81])
    )
    return Estimate(
        observation=observation,
        base_position_in_world=np.array([x, 0.0, 0.75]),
        base_orientation=LEVEL,
        base_velocity_in_base=np.array([speed, 0.0, 0.0]),
        base_angular_velocity_in_base=np.zeros(3),
        joint_position=np.zeros(N),
        joint_velocity=np.zeros(N),
        contact_probability=np.ones(2),
        foot_wrench=np.zeros((2, 6)),
        pose_covariance=np.eye(6),
        twist_covariance=np.eye(6),
    )


DECISION = Decision(0.0, Action.NOMINAL, "mpc", Command(0.0, 0, *(np.zeros(N),) * 5), armed=True)


def cycle(believed, decision=DECISION, status=Status.OK, cause="", shadow=Status.OK):
    """One control cycle that believes ``believed``; a policy runs in shadow."""
    results = {
        "mpc": ControllerResult("mpc", decision.command, status, cause),
        "policy": ControllerResult("policy", decision.command, shadow, "strange"),
    }
    observation, stamps = believed.observation, Stamps(0.0, 0.0, 0.0, 0.0)
    return TickRecord(observation, believed, VelocityCommand(), results, decision, stamps, "mpc")


def march(
    speed=0.5, seconds=10.0, believed=1.0, torque=2.0, cycles=None, compute_time=1e-3, observe=False
):
    """A robot that glides forward and believes ``believed`` times its speed and way.

    cycles: what decided in the k-th control cycle, by k; NOMINAL otherwise.
    """
    ticks = round(seconds / 0.002) + 1
    recorder = RunRecorder(ticks, ticks, N, observe=observe)
    for k in range(ticks):
        t = 0.002 * k
        belief = estimate(t, x=believed * speed * t, speed=believed * speed, sequence=k)
        options = (cycles or {}).get(k, {})
        record = cycle(belief, **options)
        true = truth(t, x=speed * t, speed=speed, torque=torque)
        command, stance = VelocityCommand(0.4, 0.0, 0.0), np.full(2, np.nan)
        recorder.take(record, Evaluation(k, t, np.nan, compute_time, stance, command, np.nan, true))
    return recorder.finish(RunFacts("made_up", mass=MASS, torque_limit=(5.0,) * N))
