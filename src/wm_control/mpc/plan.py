"""What the footstep MPC hands to the whole-body controller, and how to read it at a given time."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, hypot

import numpy as np

from wm_control.fast_init import fast_init, replace
from wm_control.gait.state import Gait, Mode
from wm_control.types import LEFT, RIGHT, Array, SolveReport, Status


@fast_init
@dataclass(frozen=True, slots=True)
class WalkingPlan:
    """Footsteps, their timing and the centre of pressure, valid from ``stamp`` on.

    stamp: time of the state it was computed from [s]; sequence: of that observation.
    footsteps: (3, 4) coming poses x, y, z, yaw of the swing, support and swing sole in world.
    cop_offset: (2,) from the support sole in world axes [m].
    next_duration: of the step after this one [s].
    dcm: (2,) measured divergent component at ``stamp``; dcm_touchdown: (2,) predicted [m].
    report: status, residual, iterations and time of the solve.
    """

    stamp: float
    sequence: int
    gait: Gait
    footsteps: Array
    cop_offset: Array
    next_duration: float
    dcm: Array
    dcm_touchdown: Array
    report: SolveReport

    @property
    def status(self) -> Status:
        """How the solve went."""
        return self.report.status


@fast_init
@dataclass(frozen=True, slots=True)
class Phase:
    """The plan read at one instant: what whole-body control has to do now.

    contacts: which feet carry load. load: (2,) share of the weight each may carry, 0 to 1.
    cop: (2,) desired centre of pressure in world [m]; None in STAND, where the DCM law rules.
    swing: foot in the air or None. target: (4,) its pose at touchdown. remaining: until then [s].
    elapsed: since it was lifted [s]. reach: from the foot that carries to where the other
    one lands [m].
    """

    mode: Mode
    contacts: tuple[bool, bool]
    load: tuple[float, float]
    cop: Array | None
    swing: int | None
    target: Array
    remaining: float
    elapsed: float
    support: int
    yaw: float
    yaw_rate: float
    reach: float = 0.0


def read_plan(plan: WalkingPlan, now: float) -> Phase:
    """Evaluate a plan at ``now``; beyond its touchdown the next load transfer begins."""
    phase = _phase(plan, now)
    if phase.mode == Mode.STAND:
        return phase
    ahead, aside = (plan.footsteps[0, :2] - plan.gait.support_pose[:2]).tolist()
    return replace(phase, reach=hypot(ahead, aside))


def _phase(plan: WalkingPlan, now: float) -> Phase:
    gait = plan.gait
    yaw_rate = float(gait.velocity[2])
    yaw = gait.yaw + yaw_rate * (now - plan.stamp)
    if gait.mode == Mode.STAND:
        both = (True, True), (1.0, 1.0)
        return Phase(
            Mode.STAND, *both, None, None, plan.footsteps[0], 0.0, 0.0, gait.support, yaw, yaw_rate
        )
    cop_now = gait.support_pose[:2] + plan.cop_offset
    if now >= gait.touch_down:
        progress = min((now - gait.touch_down) / max(gait.double_support, 1e-3), 1.0)
        cop = cop_now + progress * (plan.footsteps[0, :2] - cop_now)
        return _transfer(gait, gait.swing, progress, cop, plan.footsteps[0], yaw, yaw_rate)
    elapsed = now - gait.step_start
    if elapsed < gait.double_support:
        progress = elapsed / gait.double_support
        cop = gait.cop_start + progress * (cop_now - gait.cop_start)
        return _transfer(gait, gait.support, progress, cop, plan.footsteps[0], yaw, yaw_rate)
    if not gait.lifts:
        return _transfer(gait, gait.support, 0.5, cop_now, plan.footsteps[0], yaw, yaw_rate)
    contacts = (gait.support == LEFT, gait.support == RIGHT)
    load = (float(contacts[0]), float(contacts[1]))
    return Phase(
        Mode.WALK,
        contacts,
        load,
        cop_now,
        gait.swing,
        plan.footsteps[0],
        gait.touch_down - now,
        elapsed - gait.double_support,
        gait.support,
        yaw,
        yaw_rate,
    )


def _transfer(
    gait: Gait, to: int, progress: float, cop: Array, target: Array, yaw: float, yaw_rate: float
) -> Phase:
    """Both feet on the ground, the load moving to foot ``to``."""
    load = [1.0, 1.0]
    load[to] = progress
    load[1 - to] = 1.0 - progress
    if not gait.lifts:
        load = [1.0, 1.0]
    return Phase(
        Mode.WALK,
        (True, True),
        (load[0], load[1]),
        cop,
        None,
        target,
        0.0,
        0.0,
        to,
        yaw,
        yaw_rate,
    )


def predict_dcm(dcm: Array, cop: Array, omega: float, duration: float) -> Array:
    """(2,) DCM after ``duration`` with the centre of pressure at rest [m]."""
    return cop + exp(omega * duration) * (dcm - cop)


_GAIT_SCALARS = ("mode", "support", "step_start", "touch_down", "double_support", "lifts")
_GAIT_ARRAYS = (
    ("support_pose", 4),
    ("swing_start", 4),
    ("cop_start", 2),
    ("velocity", 3),
    ("correction", 2),
)


def pack(plan: WalkingPlan) -> Array:
    """Flatten a plan into the float64 vector of ``mpc/plan``; ``LAYOUT`` names its entries."""
    gait, report = plan.gait, plan.report
    return np.concatenate(
        [
            [plan.stamp, plan.sequence],
            [float(getattr(gait, name)) for name in _GAIT_SCALARS],
            *(getattr(gait, name) for name, _ in _GAIT_ARRAYS),
            [gait.yaw, gait.steps],
            plan.footsteps.ravel(),
            plan.cop_offset,
            [plan.next_duration],
            plan.dcm,
            plan.dcm_touchdown,
            [getattr(report, name) for name in _REPORTED],
        ]
    ).astype(np.float64)


_REPORTED = ("status", "age", "residual", "iterations", "solve_time")


def _layout() -> tuple[tuple[str, int], ...]:
    gait = [(f"gait.{name}", 1) for name in _GAIT_SCALARS]
    gait += [(f"gait.{name}", size) for name, size in _GAIT_ARRAYS]
    rest = [
        ("gait.yaw", 1),
        ("gait.steps", 1),
        ("footsteps", 12),
        ("cop_offset", 2),
        ("next_duration", 1),
        ("dcm", 2),
        ("dcm_touchdown", 2),
    ]
    return (("stamp", 1), ("sequence", 1), *gait, *rest, *((f"report.{n}", 1) for n in _REPORTED))


LAYOUT = _layout()
"""(name, number of entries) of the packed vector, in order."""

SIZE = sum(size for _, size in LAYOUT)


def unpack(vector: Array) -> WalkingPlan:
    """Rebuild a plan; ValueError when the vector has the wrong size, is not finite or no plan."""
    if vector.shape != (SIZE,):
        raise ValueError(f"a walking plan has {SIZE} entries, got {vector.shape}")
    if not np.isfinite(vector).all():
        raise ValueError("a walking plan must be finite")
    part: dict[str, Array] = {}
    start = 0
    for name, size in LAYOUT:
        part[name] = vector[start : start + size]
        start += size

    def scalar(name: str) -> float:
        return float(part[name][0])

    gait = Gait(
        mode=Mode(_one_of("gait.mode", scalar("gait.mode"), tuple(Mode))),
        support=_one_of("gait.support", scalar("gait.support"), (LEFT, RIGHT)),
        step_start=scalar("gait.step_start"),
        touch_down=scalar("gait.touch_down"),
        double_support=scalar("gait.double_support"),
        lifts=bool(_one_of("gait.lifts", scalar("gait.lifts"), (0, 1))),
        **{name: part[f"gait.{name}"] for name, _ in _GAIT_ARRAYS},
        yaw=scalar("gait.yaw"),
        steps=int(scalar("gait.steps")),
    )
    report = SolveReport(
        name="footstep_mpc",
        status=Status(_one_of("report.status", scalar("report.status"), tuple(Status))),
        age=scalar("report.age"),
        residual=scalar("report.residual"),
        iterations=int(scalar("report.iterations")),
        solve_time=scalar("report.solve_time"),
    )
    return WalkingPlan(
        stamp=scalar("stamp"),
        sequence=int(scalar("sequence")),
        gait=gait,
        footsteps=part["footsteps"].reshape(3, 4),
        cop_offset=part["cop_offset"],
        next_duration=scalar("next_duration"),
        dcm=part["dcm"],
        dcm_touchdown=part["dcm_touchdown"],
        report=report,
    )


def _one_of(name: str, value: float, allowed: tuple[int, ...]) -> int:
    """Return the whole number that ``value`` is; ValueError when it is none of those allowed."""
    if value not in allowed:
        raise ValueError(
            f"{name} of a walking plan is one of {[*map(int, allowed)]}, got {value:g}"
        )
    return int(value)


def with_age(plan: WalkingPlan, now: float) -> SolveReport:
    """Return the plan's report with its age at ``now``."""
    return replace(plan.report, age=now - plan.stamp)


def gait_phase(plan: WalkingPlan | None, now: float) -> float:
    """Phase of the stride by a plan, see ``Gait.phase``; NaN without one."""
    return float("nan") if plan is None else plan.gait.phase(now)
