"""Shadow: what a controller would have commanded on the recorded estimates, beside what was sent.

Open loop: the robot did what it was sent, and the controller is told so, as one that runs in
another's shadow. Nothing follows from this about success or falls, and nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle import stack
from wm_bringup.cycle.latency import percentiles
from wm_bringup.cycle.loop import Call
from wm_bringup.judging.episodes import CONTESTANTS, WalkSetup, compute_times
from wm_bringup.lockstep.contestants import Contestant
from wm_bringup.record.cycle_bag import dumped
from wm_bringup.replay.audit import walk_setup
from wm_bringup.replay.differences import EXACT, Difference, differences
from wm_bringup.replay.recording import Cycle, Recording, Setup
from wm_bringup.scenarios.scenario import Scenario
from wm_bringup.wire.vectors import COMMAND_FIELDS
from wm_control.arbiter.blending import torque_of
from wm_control.arbiter.command_watch import torque_distance
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.proposal import propose
from wm_control.drivers import MPC, POLICY
from wm_control.types import Array, Command, ControllerResult, Estimate, Executed, Status


@dataclass(frozen=True, slots=True)
class Shadow:
    """How far a controller's commands are from others.

    sent: from those that were sent; own: from those that it proposed then, None where it did not.
    distance: of torques at the measured state, by the joints' limits (``torque_distance``). notes:
    of what differs here from where it was recorded.
    """

    controller: str
    cycles: int
    failed: int
    sent: dict[str, Any]
    own: dict[str, Any] | None
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {
            "controller": self.controller,
            "open_loop": "says nothing of success or falls",
            "cycles": self.cycles,
            "without_command": self.failed,
            "from_what_was_sent": self.sent,
            "from_what_it_proposed": self.own,
            "notes": list(self.notes),
            "problems": list(self.problems),
        }


class _Distances:
    """Collects how far commands are from each other."""

    def __init__(self, joints: tuple[str, ...], limit: Array) -> None:
        self._joints, self._limit = joints, limit
        self._far: list[float] = []
        self._squared = np.zeros(len(joints))
        self._first: tuple[float, Difference] | None = None
        self._alike = 0

    def add(self, now: float, mine: Command, other: Command, estimate: Estimate) -> None:
        """Compare two commands for one instant."""
        found = differences(_body(other), _body(mine), "command", EXACT, self._joints)
        difference = next(found, None)
        if difference is None:
            self._alike += 1
        elif self._first is None:
            self._first = (now, difference)
        self._far.append(torque_distance(mine, other, estimate, self._limit))
        self._squared += (_torque(mine, estimate) - _torque(other, estimate)) ** 2

    def as_json(self) -> dict[str, Any]:
        """Return percentiles, worst joints [N·m RMS], and the first difference."""
        n = len(self._far)
        tail, rms = percentiles(np.array(self._far)), np.sqrt(self._squared / max(n, 1))
        worst = np.argsort(-rms)[:5]
        return {
            "n": n,
            "bit_identical": self._alike,
            "distance": {
                name: getattr(tail, name) for name in ("p50", "p95", "p99", "p99_9", "max")
            },
            "torque_rms": {self._joints[k]: float(rms[k]) for k in worst},
            "first": self._first and {"time": self._first[0], "field": str(self._first[1])},
        }


def _body(command: Command) -> dict[str, Array]:
    """Without stamp and sequence, which are those of the proposal's instant."""
    return {name: getattr(command, name) for name in COMMAND_FIELDS}


def _torque(command: Command, estimate: Estimate) -> Array:
    """(n,) at the measured state [N·m]."""
    return torque_of(command, estimate.joint_position, estimate.joint_velocity)


class _Shadowing:
    """One contestant led through the recorded cycles, in the order of lock-step."""

    def __init__(self, contestant: Contestant) -> None:
        self._contestant = contestant
        self._prepared = False
        self._executed: Executed | None = None

    def do(self, cycle: Cycle) -> ControllerResult:
        """Propose in a cycle."""
        one, tick = self._contestant, cycle.tick
        begun = any(call is Call.RESET for call, _ in tick.heard.calls)
        if begun or tick.heard.anew:
            self._executed = None
            one.controller.reset(tick.estimate)
            one.start()
        one.deliver(cycle.now)
        result = propose(
            one.controller, tick.estimate, tick.velocity, CONTROL_PERIOD, self._executed
        )
        if not self._prepared:
            one.prepare(tick.estimate)
            self._prepared = True
        if not cycle.held:
            seen = replace(tick, results={**tick.results, result.controller: result})
            one.work_ahead(seen)
            one.think(seen)
        self._executed = tick.executed
        return result


def shadow(
    path: Path, controller: str, policy: Path | None = None, overlay: Path | None = None
) -> Shadow:
    """Lead a controller through a recorded run; PolicyError or ParameterError where it may not."""
    recording = Recording(path)
    setup = recording.setup
    asked = _walk_setup(recording, controller, policy, overlay)
    contestant = CONTESTANTS[controller](asked, setup.description, compute_times(setup.seed))
    shadowing = _Shadowing(contestant)
    limit = setup.description.torque_limit
    sent, own = (_Distances(setup.joints, limit) for _ in range(2))
    cycles = failed = proposed = 0
    for cycle in recording.cycles(evaluated=False):
        result = shadowing.do(cycle)
        tick, command = cycle.tick, result.command
        if cycle.held:
            continue
        cycles += 1
        failed += command is None or result.status == Status.FAILED
        if command is None:
            continue
        sent.add(cycle.now, command, tick.decision.command, tick.estimate)
        then = tick.results.get(controller)
        if then is not None and then.command is not None:
            proposed += 1
            own.add(cycle.now, command, then.command, tick.estimate)
    problems = list(recording.problems)
    if failed == cycles:
        problems.append(f"{controller} gave no command in any of {cycles} cycles")
    return Shadow(
        controller,
        cycles,
        failed,
        sent.as_json(),
        own.as_json() if proposed else None,
        tuple(problems),
        (*setup.notes, *(_gain_notes(setup) if controller == MPC else ())),
    )


def _gain_notes(setup: Setup) -> Iterator[str]:
    """Say which gains of this checkout's model-based controller are not the recorded ones."""
    then = setup.content.get("model_based")
    if then is not None:
        here = dumped(stack.model_based_parameters(setup.robot))
        for one in differences(then, here, "model_based", EXACT):
            yield f"recorded with {one.field} {one.mine}; it is {one.other} here, and is used"


def _walk_setup(
    recording: Recording, controller: str, policy: Path | None, overlay: Path | None
) -> WalkSetup:
    setup = recording.setup
    base = WalkSetup(Scenario(), robot=setup.robot)
    if "episode" in setup.content:
        base = walk_setup(setup)
    if controller == POLICY and policy is None and base.policy is None:
        from wm_policy.models import shipped_policy

        policy = shipped_policy()
    return replace(
        base,
        controller=controller,
        policy=policy or base.policy,
        overlay=overlay or (None if policy else base.overlay),
        step_in_place=base.step_in_place and controller != POLICY,
    )
