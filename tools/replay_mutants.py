"""Change the code in twenty ways and ask wm replay: ``python tools/replay_mutants.py [NAME ...]``.

A replay that does not notice a changed gain is worthless. Each mutant is one change of estimator,
arbiter or controller, its size drawn from the seed: a gain, a sign, a delay, a limit, a scale, two
joints swapped. Of the first two kinds a recorded hybrid episode with a push and a hand-over is
audited under the mutant; under one of a controller a short episode is walked again, and its bag
compared with the one of the unchanged code. Says the first field and time for each, and how many
were caught; exits with 1 when fewer than ``LEAST`` were.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from wm_bringup.cycle.loop import OverrunCounter
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.lockstep.lockstep import DrawnComputeTimes
from wm_bringup.replay.against import against
from wm_bringup.replay.audit import Parted, audit
from wm_bringup.replay.differences import Tolerances
from wm_bringup.scenarios.scenario import Push, Scenario, VelocitySegment
from wm_control.arbiter import arbiter, balance
from wm_control.arbiter.blending import HandOver
from wm_control.arbiter.command_filter import CommandFilter
from wm_control.arbiter.joint_loads import LoadMeter
from wm_control.arbiter.latch import Latch
from wm_control.arbiter.velocity_envelope import VelocityEnvelope
from wm_control.constants import CONTROL_PERIOD
from wm_control.controllers.beside import ControllerBeside, PlannerBeside
from wm_control.estimation.body.contact import ContactFilter
from wm_control.estimation.body.momentum import MomentumObserver
from wm_control.estimation.guarded import GuardedEstimator
from wm_control.estimation.invariant.estimator import InvariantEkfEstimator
from wm_control.types import Command
from wm_control.wbc.leaky_integrator import LeakyIntegrator
from wm_control.wbc.whole_body_controller import WholeBodyController
from wm_policy.models import shipped_policy

LEAST = 19
"""Mutants that have to be caught."""

Change = Callable[[float], AbstractContextManager[Any]]
"""Puts a change in force; the number is its size, about 0.01."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. part: estimator, arbiter, or the controller that is changed."""

    name: str
    part: str
    change: Change


def around(owner: object, name: str, wrapped: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Put ``wrapped(original, *arguments)`` in a function's place."""
    original = getattr(owner, name)

    def changed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - of any function
        return wrapped(original, *arguments, **named)

    return patch.object(owner, name, changed)


def swapped(values: np.ndarray, a: int, b: int) -> np.ndarray:
    """Return values with two of them exchanged."""
    order = np.arange(len(values))
    order[[a, b]] = b, a
    return values[order]


TOO_FAST_FROM = 2.3
"""When more than the velocity gate admits is asked for [s]."""

LEFT_ROLL, RIGHT_ROLL = 5, 11
"""Joints of the G1's ankles."""


def _joint_swap(f: Any, self: Any, observation: Any) -> Any:  # noqa: ANN401 - wraps a method
    position = swapped(observation.joint_position, LEFT_ROLL, RIGHT_ROLL)
    return f(self, replace(observation, joint_position=position))


def _late_joints() -> AbstractContextManager[Any]:
    kept: list[Any] = []

    def update(f: Any, self: Any, observation: Any) -> Any:  # noqa: ANN401 - wraps a method
        before = kept[-1] if kept else observation.joint_velocity
        kept[:] = [observation.joint_velocity]
        return f(self, replace(observation, joint_velocity=before))

    return around(GuardedEstimator, "update", update)


def _scaled_torque(size: float) -> Callable[..., Any]:
    def joint_command(f: Any, *given: Any) -> Command:  # noqa: ANN401 - wraps a method
        command: Command = f(*given)
        return replace(command, torque=(1.0 + size) * command.torque)

    return joint_command


def _filtered(change: Callable[[Command], Command]) -> AbstractContextManager[Any]:
    def apply(f: Any, *given: Any) -> Any:  # noqa: ANN401 - wraps a method
        command, clipped = f(*given)
        return change(command), clipped

    return around(CommandFilter, "apply", apply)


def _published(size: float) -> Callable[..., Any]:
    def advance(f: Any, *given: Any) -> Any:  # noqa: ANN401 - wraps a method
        estimate = f(*given)
        velocity = (1.0 + size) * estimate.base_velocity_in_base
        return replace(estimate, base_velocity_in_base=velocity)

    return advance


MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "gain of the momentum observer",
        "estimator",
        lambda s: around(
            MomentumObserver, "update", lambda f, self, force, dt: f(self, force, (1.0 + s) * dt)
        ),
    ),
    Mutant(
        "sign of the gyro's y axis",
        "estimator",
        lambda _: around(
            InvariantEkfEstimator,
            "_advance",
            lambda f, self, o, readings, dt: f(
                self, o, replace(readings, gyro=readings.gyro * (1.0, -1.0, 1.0)), dt
            ),
        ),
    ),
    Mutant("joint velocities one sample late", "estimator", lambda _: _late_joints()),
    Mutant(
        "probability of a contact changes faster",
        "estimator",
        lambda s: around(
            ContactFilter, "update", lambda f, self, *a: f(self, *a[:-1], (1.0 + s) * a[-1])
        ),
    ),
    Mutant(
        "scale of the published velocity",
        "estimator",
        lambda s: around(InvariantEkfEstimator, "_advance", _published(1e-3 * s)),
    ),
    Mutant(
        "ankle rolls swapped in the observation",
        "estimator",
        lambda _: around(GuardedEstimator, "update", _joint_swap),
    ),
    Mutant(
        "scale of the accelerometer",
        "estimator",
        lambda s: around(
            InvariantEkfEstimator,
            "_advance",
            lambda f, self, o, r, dt: f(
                self, o, replace(r, specific_force=(1.0 + 0.1 * s) * r.specific_force), dt
            ),
        ),
    ),
    Mutant(
        "gain of damping",
        "arbiter",
        lambda s: around(arbiter, "damping_command", lambda f, o, gains: f(o, (1.0 + s) * gains)),
    ),
    Mutant(
        "sign of the capture margin",
        "arbiter",
        lambda _: around(balance, "capture_margin", lambda f, *a: -f(*a)),
    ),
    Mutant(
        "a rule's limit is met one sample later",
        "arbiter",
        lambda _: around(
            Latch,
            "update",
            lambda f, self, holds: f(self, holds or (self.bad == 0 and not self.active)),
        ),
    ),
    Mutant(
        "a hand-over begins one cycle late",
        "arbiter",
        lambda _: around(HandOver, "share", lambda f, self, now: f(self, now - CONTROL_PERIOD)),
    ),
    Mutant(
        "scale of the joints' power",
        "arbiter",
        lambda s: around(
            LoadMeter,
            "__call__",
            lambda f, self, e: replace(f(self, e), power=(1.0 + 200.0 * s) * f(self, e).power),
        ),
    ),
    Mutant(
        "stiffness passed on by the filter",
        "arbiter",
        lambda s: _filtered(lambda c: replace(c, stiffness=(1.0 + 1e-3 * s) * c.stiffness)),
    ),
    Mutant(
        "ankle rolls swapped by the filter",
        "arbiter",
        lambda _: _filtered(lambda c: replace(c, torque=swapped(c.torque, LEFT_ROLL, RIGHT_ROLL))),
    ),
    Mutant(
        "limit of the velocity gate",
        "arbiter",
        lambda s: around(VelocityEnvelope, "excess", lambda f, self, v: (1.0 + s) * f(self, v)),
    ),
    Mutant(
        "the share of late cycles counts none",
        "arbiter",
        lambda _: around(OverrunCounter, "_count_one", lambda f, self, late: f(self, False)),
    ),
    Mutant(
        "gain of the leaky integrator",
        "mpc",
        lambda s: around(
            LeakyIntegrator, "step", lambda f, self, *a: f(self, *a[:-1], (1.0 + s) * a[-1])
        ),
    ),
    Mutant(
        "sign of the planner's yaw rate",
        "mpc",
        lambda _: around(
            PlannerBeside,
            "hear",
            lambda f, self, v: f(
                self,
                replace(v, command=replace(v.command, angular_z=-v.command.angular_z)),
            ),
        ),
    ),
    Mutant(
        "torques of the whole body a little larger",
        "mpc",
        lambda s: around(WholeBodyController, "_joint_command", _scaled_torque(1e-3 * s)),
    ),
    Mutant(
        "scale of the policy's velocity command",
        "policy",
        lambda s: around(
            ControllerBeside,
            "hear",
            lambda f, self, v: f(
                self,
                replace(v, command=replace(v.command, linear_x=(1.0 + s) * v.command.linear_x)),
            ),
        ),
    ),
)
"""All of them."""


def scenario(seconds: float, **more: Any) -> Scenario:  # noqa: ANN401 - fields of a scenario
    """Forward and turning from the begin on, later faster than may be; with noise and delay."""
    segments = [VelocitySegment(at=0.1, x=0.5, y=0.0, yaw=0.3)]
    if seconds > TOO_FAST_FROM:
        segments.append(VelocitySegment(at=TOO_FAST_FROM, x=1.3, y=0.0, yaw=0.0))
    return Scenario(
        velocity=tuple(segments), duration=seconds, noise="nominal", delay=0.008, **more
    )


def reference(folder: Path) -> Path:
    """Record the hybrid episode that is audited, on a computer late in every tenth cycle."""
    calls = count()

    def slow(f: Any, self: Any) -> float:  # noqa: ANN401 - wraps a method
        time: float = f(self)
        return time + CONTROL_PERIOD if next(calls) % 10 == 0 else time

    pushed = scenario(2.6, pushes=(Push(impulse=(0.0, 35.0, 0.0), at=1.8),))
    with around(DrawnComputeTimes, "control", slow):
        return recorded(folder / "hybrid", pushed, "mpc+policy")


def recorded(bag: Path, asked: Scenario, controller: str) -> Path:
    """Walk an episode and leave its bag."""
    policy = shipped_policy() if "policy" in controller else None
    run_episode(WalkSetup(asked, controller, engine="mujoco", policy=policy, bag=bag), 0)
    return bag


def judged(mutant: Mutant, size: float, bags: Callable[[str], Path], folder: Path) -> Parted | None:
    """Return where replay sees a mutant first; None where it does not."""
    if mutant.part in ("estimator", "arbiter"):
        bag = bags("hybrid")
        with mutant.change(size):
            return audit(bag, jobs=1).parted
    before = bags(mutant.part)
    with mutant.change(size):
        after = recorded(folder / mutant.name.replace(" ", "_"), scenario(0.8), mutant.part)
    return against(before, after, Tolerances()).parted


class Bags:
    """The bags of the unchanged code, each recorded when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        """folder: where they are left; those that are there are taken."""
        self._folder = folder

    def __call__(self, name: str) -> Path:
        """Return one."""
        bag = self._folder / name
        if not bag.exists():
            print(f"recording {name} ...", flush=True)
            if name == "hybrid":
                reference(self._folder)
            else:
                recorded(bag, scenario(0.8), name)
        return bag


def run(names: Sequence[str], folder: Path, seed: int) -> int:
    """Try the mutants, say what was seen of each; return how many were caught."""
    sizes = 0.01 * (0.5 + np.random.default_rng(seed).random(len(MUTANTS)))
    bags, caught = Bags(folder), 0
    for mutant, size in zip(MUTANTS, sizes.tolist(), strict=True):
        if names and mutant.name not in names:
            continue
        with tempfile.TemporaryDirectory() as changed:
            parted = judged(mutant, size, bags, Path(changed))
        caught += parted is not None
        where = "NOT CAUGHT"
        if parted is not None:
            where = f"{parted.difference.field} at {parted.time:.3f} s"
        print(f"{mutant.part:9} {mutant.name:45} {where}", flush=True)
    return caught


def main() -> int:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of mutants; none: all")
    parser.add_argument("--seed", type=int, default=0, help="of the sizes")
    parser.add_argument("--bags", type=Path, help="folder that keeps the bags")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        caught = run(given.names, given.bags or Path(fresh), given.seed)
    total = len(given.names) or len(MUTANTS)
    print(f"{caught} of {total} caught")
    return int(caught < min(LEAST, total))


if __name__ == "__main__":
    sys.exit(main())
