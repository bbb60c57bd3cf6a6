"""``wm run``: the whole graph without ros2cli."""

from __future__ import annotations

from typing import Annotated

import typer

from wm_bringup.commands import DRIVER_NAMES, PREFERENCES
from wm_bringup.commands.options import Faults
from wm_control.configuration.share import ROBOT_HELP


def run(
    controller: Annotated[
        str | None,
        typer.Option(
            metavar=PREFERENCES,
            help="Who drives; of several the first one while it can, rescued by the others.",
        ),
    ] = None,
    shadow: Annotated[
        str | None,
        typer.Option(metavar=DRIVER_NAMES, help="Who proposes beside the driver, unfollowed."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Learned policy: drives where it may, else in shadow."),
    ] = None,
    overlay: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Says what the policy's own file does not."),
    ] = None,
    robot: Annotated[str | None, typer.Option(help=ROBOT_HELP)] = None,
    backend: Annotated[str | None, typer.Option(help="simulated, mock or unitree.")] = None,
    interface: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Network interface of a real robot; lo: wm emulate's."),
    ] = None,
    robot_domain: Annotated[int | None, typer.Option(help="DDS domain of a real robot.")] = None,
    engine: Annotated[str | None, typer.Option(help="Physics: pybullet or mujoco.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Scenario file, by name or path.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the simulated robot.")] = None,
    gui: Annotated[bool | None, typer.Option(help="Open the simulator's window.")] = None,
    arm: Annotated[
        bool | None,
        typer.Option(help="Arm without /arbiter/arm; on a real robot not the default."),
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Folder of a new bag, or 'true' to have one named.")
    ] = None,
    trips: Annotated[
        str | None,
        typer.Option(metavar="DIR", help="Where a small bag of each trip of the arbiter goes."),
    ] = None,
    cycles: Annotated[
        str | None,
        typer.Option(metavar="FOLDER", help="New bag of all control cycles, for wm replay."),
    ] = None,
    velocity: Annotated[
        tuple[float, float, float] | None,
        typer.Option(metavar="VX VY WZ", help="Drive with this (m/s, m/s, rad/s)."),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="Of all nodes, so that robots can share a domain.")
    ] = None,
    clock: Annotated[bool | None, typer.Option(help="Publish /clock; simulated stamps.")] = None,
    truth: Annotated[bool | None, typer.Option(help="Publish ground_truth/odom.")] = None,
    latency: Annotated[
        str | None, typer.Option(help="File (.npz) for all latency samples.")
    ] = None,
    loop_core: Annotated[
        str | None,
        typer.Option(
            metavar="auto|none|CORE",
            help="Core that the control loop has for itself; auto: the last one.",
        ),
    ] = None,
    slow_motion: Annotated[
        float | None,
        typer.Option(
            min=1.0, max=20.0, metavar="FACTOR", help="All clocks slower by this, in simulation."
        ),
    ] = None,
    fault: Faults = None,
    view: Annotated[
        bool | None, typer.Option(help="Show the robot in the browser, see docs/view.md.")
    ] = None,
    view_host: Annotated[
        str | None, typer.Option(help="Of that page; another one opens it to the network.")
    ] = None,
    view_port: Annotated[int | None, typer.Option(help="Of that page, or the next free.")] = None,
) -> int:
    """Start the whole ROS 2 graph; Ctrl-C stops it.

    What is not given comes from config/graph.yaml. The same graph with ROS 2 installed:
    ros2 launch wm_humanoid sim.launch.py. Exit codes: 0 stopped as asked, 1 the robot fell or a
    process failed, 2 could not start.

    Example: wm run --velocity 0.5 0 0 --record walk_bag
    """
    from wm_bringup.graph.preflight import hints, preflight
    from wm_bringup.graph.processes import describe, graph_arguments
    from wm_bringup.graph.runner import run_graph
    from wm_bringup.host import clock as graph_clock

    given = {
        "controller": controller,
        "shadow": shadow,
        "policy": policy,
        "overlay": overlay,
        "robot": robot,
        "backend": backend,
        "interface": interface,
        "robot_domain": robot_domain,
        "engine": engine,
        "scenario": scenario,
        "seed": seed,
        "gui": gui,
        "arm": arm,
        "record": record,
        "trips": trips,
        "cycles": cycles,
        "velocity": None if velocity is None else " ".join(map(repr, velocity)),
        "namespace": namespace,
        "clock": clock,
        "truth": truth,
        "latency": latency,
        "loop_core": loop_core,
        "fault": " ".join(fault) if fault else None,
        "view": view,
        "view_host": view_host,
        "view_port": view_port,
    }
    chosen = {key: value for key, value in given.items() if value is not None}
    arguments = graph_arguments(chosen)
    preflight(arguments)
    with graph_clock.slow_motion(slow_motion or graph_clock.factor()):
        return run_graph(describe(arguments), hints=list(hints(arguments)))
