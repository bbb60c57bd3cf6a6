"""What each verb makes of what travels: joint commands, plans, estimates, the time.

Every function takes (fault, message, last message before the fault began); see ``meanings``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from wm_bringup.faults.fault import Fault
from wm_bringup.faults.meanings import (
    CLOCK,
    COMMAND,
    ESTIMATOR,
    HUGE,
    PLAN,
    TIMING,
)
from wm_bringup.faults.path import Spoil
from wm_control.controllers.proposal import Proposal
from wm_control.drivers import MPC, POLICY
from wm_control.mpc.plan import WalkingPlan
from wm_control.types import Array, Command, ControllerResult, Estimate

VALUE_OF: Mapping[str, float] = {"nan": np.nan, "inf": np.inf, "huge": HUGE}
"""Verbs that put one number in the place of all."""


def factor(fault: Fault) -> float:
    """By what a fault multiplies; one when it does not."""
    if fault.verb == "sign":
        return -1.0
    return fault.value if fault.verb == "scale" else 1.0


def shift(fault: Fault) -> float:
    """Return what a fault adds; nothing when it does not."""
    return fault.value if fault.verb == "bias" else 0.0


def spoil_command(default: Array, fault: Fault, command: Command, last: Command) -> Command:
    """Spoil a joint command; default: posture (n,) that it is mirrored and scaled about [rad]."""
    if fault.verb == "stuck":
        return replace(last, stamp=command.stamp, sequence=command.sequence)
    if fault.verb in VALUE_OF:
        return replace(command, position=np.full(default.shape, VALUE_OF[fault.verb]))
    if fault.verb == "permute":
        rows = ("position", "velocity", "stiffness", "damping", "torque")
        return replace(command, **{name: np.roll(getattr(command, name), 1) for name in rows})
    times = factor(fault)
    return replace(
        command,
        position=default + times * (command.position - default) + shift(fault),
        velocity=times * command.velocity,
        torque=times * command.torque,
    )


def spoil_result(
    default: Array, fault: Fault, result: ControllerResult, last: ControllerResult
) -> ControllerResult:
    """Spoil what a controller proposes; where there is no command there is nothing to spoil."""
    command = result.command
    if fault.verb == "stuck":
        if command is None or last.command is None:
            return last
        return replace(last, command=spoil_command(default, fault, command, last.command))
    if command is None:
        return result
    return replace(result, command=spoil_command(default, fault, command, command))


def spoil_proposal(default: Array, fault: Fault, proposal: Proposal, last: Proposal) -> Proposal:
    """Spoil a proposal; its stamp stays that of the estimate that was answered."""
    return replace(proposal, result=spoil_result(default, fault, proposal.result, last.result))


def spoil_plan(fault: Fault, plan: WalkingPlan, last: WalkingPlan) -> WalkingPlan:
    """Spoil a walking plan: the places, or with the target ``plan.timing`` the times."""
    if fault.target == TIMING:
        return _spoil_timing(fault, plan)
    if fault.verb == "stuck":
        return replace(last, stamp=plan.stamp, sequence=plan.sequence)
    if fault.verb == "permute":
        return replace(plan, gait=replace(plan.gait, support=plan.gait.swing))
    footsteps, support = np.array(plan.footsteps), plan.gait.support_pose[:2]
    if fault.verb in VALUE_OF:
        footsteps[:, :2] = VALUE_OF[fault.verb]
        return replace(plan, footsteps=footsteps, cop_offset=np.full(2, VALUE_OF[fault.verb]))
    footsteps[:, :2] = support + factor(fault) * (footsteps[:, :2] - support) + shift(fault)
    return replace(
        plan, footsteps=footsteps, cop_offset=factor(fault) * plan.cop_offset + shift(fault)
    )


def _spoil_timing(fault: Fault, plan: WalkingPlan) -> WalkingPlan:
    gait, duration = plan.gait, plan.next_duration
    ahead = gait.touch_down - plan.stamp
    if fault.verb in VALUE_OF:
        ahead = duration = VALUE_OF[fault.verb]
    else:
        ahead = factor(fault) * ahead + shift(fault)
        duration = factor(fault) * duration + shift(fault)
    return replace(plan, gait=replace(gait, touch_down=plan.stamp + ahead), next_duration=duration)


def spoil_estimate(fault: Fault, estimate: Estimate, last: Estimate) -> Estimate:
    """Spoil an estimate: its base velocity, or with ``stuck`` all of it but the observation."""
    if fault.verb == "stuck":
        return replace(last, observation=estimate.observation)
    velocity = estimate.base_velocity_in_base
    if fault.verb in VALUE_OF:
        velocity = np.full(3, VALUE_OF[fault.verb])
    elif fault.verb == "permute":
        velocity = np.roll(velocity, 1)
    else:
        velocity = factor(fault) * velocity + shift(fault) * np.array([1.0, 0.0, 0.0])
    return replace(estimate, base_velocity_in_base=velocity)


def spoil_time(fault: Fault, now: float, last: float) -> float:
    """Spoil the time [s]; a clock that runs at another rate is right at the fault's start."""
    if fault.verb == "stuck":
        return last
    if fault.verb in VALUE_OF:
        return VALUE_OF[fault.verb]
    return fault.start + factor(fault) * (now - fault.start) + shift(fault)


SPOILERS: Mapping[str, Callable[[Array], Spoil[Any]]] = {
    POLICY: lambda default: partial(spoil_proposal, default),
    MPC: lambda default: partial(spoil_result, default),
    PLAN: lambda _: spoil_plan,
    ESTIMATOR: lambda _: spoil_estimate,
    COMMAND: lambda default: partial(spoil_command, default),
    CLOCK: lambda _: spoil_time,
}
"""What spoils the messages of each path, for a robot with this default posture."""
