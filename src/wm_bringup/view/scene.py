"""One instant of a robot, ready to be drawn: the same from a recording and from a live graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot

import numpy as np

from wm_bringup.view.timeline import Told
from wm_control.arbiter.capture import Reach, Sole, capture_margin, capture_rectangle
from wm_control.arbiter.look import Look, Looker
from wm_control.constants import GRAVITY
from wm_control.gait.state import Mode
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription
from wm_control.types import LEFT, RIGHT, Array, Estimate, VelocityCommand

STALE = 0.3
"""Plans and proposals that are older than this are not drawn: their driver is silent [s]."""

_CARRIES = 0.1
"""Share of the weight from which a foot stands."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What the newest message of everything says, at ``time`` since the start [s].

    targets: (n,) joint positions that each driver proposes [rad]. asked: velocity that drivers
    follow. push: (3,) force on the base [N], where it is known. latency: path of the newest cycle,
    measurement to command [s].
    """

    time: float
    estimate: Estimate
    plan: WalkingPlan | None = None
    targets: Mapping[str, Array] = field(default_factory=dict)
    told: Told | None = None
    asked: VelocityCommand | None = None
    push: Array | None = None


@dataclass(frozen=True, slots=True)
class Footstep:
    """Where a sole stands or is to stand: foot, x, y, z [m], yaw [rad]."""

    foot: int
    position: tuple[float, float, float]
    yaw: float


@dataclass(frozen=True, slots=True)
class Force:
    """An arrow: where it acts (3,) [m] and how strong it is (3,) [N], world axes."""

    at: Array
    newton: Array


@dataclass(frozen=True, slots=True)
class Scene:
    """All that is drawn of one instant, in world axes.

    dcm: x, y [m], region: (4, 2) corners that steps still catch it from [m], margin: its distance
    from the edge [m]; None and NaN where the estimate is not finite. standing: soles that carry.
    planned: coming footsteps of the model. landing: x, y of the planned DCM at touchdown [m].
    speed: of the base, ahead and aside in its heading [m/s]. tilt: of the base [rad].
    """

    time: float
    base_position: Array
    base_orientation: Array
    joint_position: Array
    dcm: tuple[float, float] | None
    region: Array | None
    margin: float
    standing: tuple[Footstep, ...]
    planned: tuple[Footstep, ...]
    landing: tuple[float, float] | None
    contacts: tuple[Force, ...]
    push: Force | None
    ghosts: Mapping[str, Array]
    told: Told | None
    asked: VelocityCommand | None
    speed: tuple[float, float]
    tilt: float


class Surveyor:
    """Composes scenes of one robot, on a model of its own; one thread makes all calls."""

    def __init__(self, description: RobotDescription) -> None:
        """Build the model, as the arbiter does to measure its balance."""
        self.description = description
        self._look = Looker(description)
        area = self._look.robot.sole_area(0.0, 0.0, 0.0).upper.tolist()
        self._reach = Reach.of_leg(self._look.robot.leg_length(), (area[0], area[1]))

    def __call__(self, moment: Moment) -> Scene:
        """Compose the scene of a moment."""
        estimate = moment.estimate
        look = self._look(estimate)
        seen = self._seen(look) if look else _Seen()
        plan = moment.plan if _walks(moment.plan) else None
        return Scene(
            moment.time,
            estimate.base_position_in_world,
            estimate.base_orientation,
            estimate.joint_position,
            seen.dcm,
            seen.region,
            seen.margin,
            seen.standing,
            _planned(plan),
            None if plan is None else (float(plan.dcm_touchdown[0]), float(plan.dcm_touchdown[1])),
            seen.contacts,
            _push(estimate, moment.push),
            moment.targets,
            moment.told,
            moment.asked,
            _speed(estimate),
            _tilt(estimate.base_orientation.tolist()),
        )

    def _seen(self, look: Look) -> _Seen:
        """See the balance, from whichever foot that carries has the larger margin."""
        carrying = self.carrying(look)
        views = [self._from(foot, look) for foot in carrying or (look.carrying,)]
        margin, dcm, region = max(views, key=lambda view: view[0])
        soles = zip(look.soles, look.wrenches, strict=True)
        return _Seen(
            dcm,
            np.array(region),
            margin,
            tuple(Footstep(foot, look.soles[foot], look.yaws[foot]) for foot in carrying),
            tuple(Force(np.array(sole), np.array(force)) for sole, (force, _) in soles),
        )

    def carrying(self, look: Look) -> list[int]:
        """Feet that stand."""
        least = _CARRIES * GRAVITY * look.mass
        return [foot for foot in (LEFT, RIGHT) if look.wrenches[foot][0][2] >= least]

    def soles(self, estimate: Estimate) -> tuple[Footstep, ...]:
        """Return the soles that stand, of an estimate."""
        look = self._look(estimate)
        if look is None:
            return ()
        return tuple(
            Footstep(foot, look.soles[foot], look.yaws[foot]) for foot in self.carrying(look)
        )

    def _from(
        self, foot: int, look: Look
    ) -> tuple[float, tuple[float, float], Sequence[tuple[float, float]]]:
        """Margin, DCM and capture region, of the pendulum that stands on a foot."""
        dcm, omega = look.dcm(foot), look.omega(foot)
        stance, swing = Sole(foot, look.soles[foot], look.yaws[foot]), look.soles[1 - foot]
        margin = capture_margin(dcm, omega, stance, swing, self._reach)
        return margin, dcm, capture_rectangle(dcm, omega, stance, swing, self._reach)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a look gives to a scene; nothing where the estimate is not finite."""

    dcm: tuple[float, float] | None = None
    region: Array | None = None
    margin: float = float("nan")
    standing: tuple[Footstep, ...] = ()
    contacts: tuple[Force, ...] = ()


def _walks(plan: WalkingPlan | None) -> bool:
    return plan is not None and plan.gait.mode == Mode.WALK


def _planned(plan: WalkingPlan | None) -> tuple[Footstep, ...]:
    """Coming footsteps: the swing foot's, the support foot's next one, the swing foot's after."""
    if plan is None:
        return ()
    feet = (plan.gait.swing, plan.gait.support, plan.gait.swing)
    rows = plan.footsteps.tolist()
    return tuple(
        Footstep(foot, (x, y, z), yaw) for foot, (x, y, z, yaw) in zip(feet, rows, strict=True)
    )


def _push(estimate: Estimate, force: Array | None) -> Force | None:
    if force is None or not np.any(force):
        return None
    return Force(estimate.base_position_in_world, force)


def _speed(estimate: Estimate) -> tuple[float, float]:
    """Velocity ahead and aside, of a base that is nearly upright."""
    x, y, _ = estimate.base_velocity_in_base.tolist()
    return x, y


def _tilt(orientation: Sequence[float]) -> float:
    """Angle between the base's upward axis and the vertical [rad]."""
    x, y, _, _ = orientation
    return 2.0 * float(np.arcsin(min(1.0, hypot(x, y))))


APART, REST = 0.04, 0.08
"""A new footstep is this far from the one before [m], and stood still for so long [s]."""


class StepFinder:
    """Finds where the robot stepped, look by look; ``found`` holds when and where."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self.found: list[tuple[float, Footstep]] = []
        self._begun: dict[int, tuple[float, Footstep]] = {}
        self._last: dict[int, Footstep] = {}

    def see(self, time: float, standing: Sequence[Footstep]) -> None:
        """Take in the soles that stand at ``time`` [s]."""
        there = {step.foot: step for step in standing}
        for foot in (LEFT, RIGHT):
            step, since = there.get(foot), self._begun.get(foot)
            if step is None:
                self._begun.pop(foot, None)
            elif since is None or _distance(since[1], step) > 0.5 * APART:
                self._begun[foot] = (time, step)
            elif time - since[0] >= REST and self._is_new(step):
                self._last[foot] = step
                self.found.append((since[0], step))

    def _is_new(self, step: Footstep) -> bool:
        last = self._last.get(step.foot)
        return last is None or _distance(last, step) > APART


def footprints(
    soles: Iterable[tuple[float, Sequence[Footstep]]],
) -> tuple[tuple[float, Footstep], ...]:
    """Find where the robot stepped, and when it came to rest there [s]; soles: that stood, when."""
    finder = StepFinder()
    for time, standing in soles:
        finder.see(time, standing)
    return tuple(finder.found)


def _distance(one: Footstep, other: Footstep) -> float:
    return hypot(one.position[0] - other.position[0], one.position[1] - other.position[1])
