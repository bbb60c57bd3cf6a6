"""How long each control cycle of a walk takes, for tails: 4,000 cycles in eight seconds."""

from __future__ import annotations

from wm_bringup.bench.measure import undisturbed
from wm_bringup.cycle.loop import TickRecord
from wm_bringup.judging.episodes import WalkSetup, build
from wm_bringup.robots.simulated import simulate
from wm_control.mpc.plan import WalkingPlan
from wm_control.robot.description import load_robot


def node_times(setup: WalkSetup, seed: int = 0) -> list[float]:
    """CPU seconds from measurement to decision of every cycle of an episode, in order.

    That is the path without its communication, which lock-step has none of; planners and networks
    work beside the loop, as in the graph, and are not on the path. Without garbage collection, as
    in the real-time process.
    """
    times: list[float] = []

    def watch(record: TickRecord, plan: WalkingPlan | None) -> None:
        del plan
        times.append(record.stamps.decided - record.stamps.start)

    description = load_robot(setup.robot)
    robot = simulate(description, setup.scenario, setup.engine)
    try:
        with undisturbed():
            build(setup, description, robot, seed, watch).run(seed)
    finally:
        robot.close()
    return times
