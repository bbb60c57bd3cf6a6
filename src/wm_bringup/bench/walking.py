"""Realistic states to time on: one lock-step walk, recorded, and replayed to each part alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from wm_bringup.cycle.loop import TickRecord
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import RobotDescription, load_robot


@dataclass(slots=True)
class RecordedWalk:
    """Every tick's record, and the plan that it followed."""

    description: RobotDescription
    setup: WalkSetup
    ticks: list[TickRecord] = field(default_factory=list)
    plans: list[WalkingPlan] = field(default_factory=list)

    def watch(self, record: TickRecord, plan: WalkingPlan | None) -> None:
        """Take in one tick."""
        if plan is not None:
            self.ticks.append(record)
            self.plans.append(plan)

    def arrivals(self) -> Iterator[tuple[TickRecord, WalkingPlan | None]]:
        """Every tick with the plan that came in before it; None where none did, as mostly."""
        before: WalkingPlan | None = None
        for tick, plan in zip(self.ticks, self.plans, strict=True):
            yield tick, None if plan is before else plan
            before = plan


def record_walk(
    seconds: float, speed: float = 0.6, robot: str = DEFAULT_ROBOT, engine: EngineName = "pybullet"
) -> RecordedWalk:
    """Walk with nominal noise and an 8 ms delay, half of the time turning, and record it."""
    begin = min(0.5, 0.25 * seconds)
    scenario = Scenario(
        name="bench",
        duration=seconds,
        velocity=(VelocitySegment(begin, speed), VelocitySegment(0.5 * seconds, speed, 0.0, 0.3)),
        noise="nominal",
        delay=0.008,
        initial_joint_noise=0.005,
    )
    description = load_robot(robot)
    walk = RecordedWalk(description, WalkSetup(scenario, robot=robot, engine=engine))
    simulated = simulate(description, scenario, engine)
    try:
        build(walk.setup, description, simulated, 0, walk.watch).run(0)
    finally:
        simulated.close()
    return walk
