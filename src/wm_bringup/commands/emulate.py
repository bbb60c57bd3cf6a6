"""``wm emulate``: a robot that is none, on a real network."""

from __future__ import annotations

import json as json_format
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from wm_bringup.commands import HELD, NOT_HELD
from wm_bringup.commands.options import Engine, Result, Robot
from wm_control.configuration.share import DEFAULT_ROBOT

if TYPE_CHECKING:
    from wm_bringup.emulator.parameters import EmulatorParameters, Start


def emulate(
    robot: Robot = DEFAULT_ROBOT,
    machine: Annotated[
        int | None,
        typer.Option(help="mode_machine that it tells; its body is the robot file that fits."),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(metavar="ROBOT", help="Body, instead: a robot that is not what it says."),
    ] = None,
    start: Annotated[
        Literal["hanging", "standing"] | None,
        typer.Option(help="In the crane, which lets it down once it is held; or standing."),
    ] = None,
    engine: Engine = "pybullet",
    scenario: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="Noise, delays, ground, pushes and so on.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of sensors, ground and network.")] = 0,
    parameters: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What is assumed of the robot, see docs/emulator.md."),
    ] = None,
    interface: Annotated[str, typer.Option(help="Network interface.")] = "lo",
    domain: Annotated[int, typer.Option(min=0, help="Of DDS; a G1's is 0.")] = 0,
    control: Annotated[
        Path | None,
        typer.Option(metavar="SOCKET", help="Take requests there, a line of JSON each."),
    ] = None,
    ask: Annotated[
        str | None,
        typer.Option(metavar="JSON|status", help="Ask the one at --control, and be none oneself."),
    ] = None,
    slow_motion: Annotated[
        float | None,
        typer.Option(
            min=1.0, max=20.0, metavar="FACTOR", help="Its clock slower by this, on lo alone."
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(min=0.0, help="End after this.")] = None,
    gui: Annotated[bool, typer.Option("--gui", help="Open the simulator's window.")] = False,
    json: Result = None,
) -> int:
    """Behave on the network as a Unitree humanoid, in real time, with a simulated body.

    Ctrl-C or SIGTERM ends it with a table of all that it counted. Exits with 1 when the robot fell,
    or a push or fault of the scenario did not happen.
    docs/emulator.md says what is emulated, what is assumed, and what can be asked for by --control.

    Example: wm emulate --engine mujoco --start hanging --control /tmp/g1
    """
    if ask is not None:
        return _ask(control, ask)
    from wm_bringup.emulator.assemble import choose
    from wm_bringup.emulator.assemble import emulate as assemble
    from wm_bringup.emulator.on_link import RobotOnLink
    from wm_bringup.emulator.process import ROBOT_PRIORITY, run
    from wm_bringup.emulator.report import summary, table
    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.host import clock, cores
    from wm_bringup.host.output import check_file
    from wm_bringup.host.realtime import raised
    from wm_bringup.report.screen import make_console
    from wm_bringup.robots.network import Network
    from wm_bringup.robots.simulated import check_engine
    from wm_bringup.robots.unitree.cyclone.link import open_link
    from wm_bringup.scenarios.scenario import load_scenario
    from wm_control.constants import CONTROL_PERIOD

    check_file(json, "--json")
    pace = slow_motion or clock.factor()
    if pace != 1.0 and not Network(interface, domain).is_within:
        raise typer.BadParameter("needs --interface lo", param_hint="--slow-motion")
    check_engine(engine, gui=gui)
    chosen = choose(robot, machine, body or "")
    asked = _parameters(parameters, start)
    world = load_scenario(scenario)
    emulated = assemble(chosen, world, engine, asked, seed=seed, gui=gui)
    console = make_console()
    if world.velocity:
        console.print(f"velocities of '{world.name}' are left out: whoever drives it is asked")
    periods = None if seconds is None else round(seconds / CONTROL_PERIOD)
    with closing(emulated.simulation), cores.kept_off(cores.told() or cores.divided()):
        with raised(ROBOT_PRIORITY):
            link = open_link(domain, interface)
        try:
            attached = RobotOnLink(emulated, link)
            console.print(
                f"{chosen.body.source} on {interface}, domain {domain}: says mode_machine "
                f"{chosen.machine}; Ctrl-C ends it"
            )
            with clock.slow_motion(pace), StopSignals() as signals:
                time = run(attached, lambda: signals.seen, control, periods)
        finally:
            link.close()
    figures = summary(emulated, time)
    console.print(table(figures))
    if json is not None:
        json.parent.mkdir(parents=True, exist_ok=True)
        json.write_text(json_format.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return HELD if emulated.counts.fell_at is None and not figures["missed"] else NOT_HELD


def _ask(control: Path | None, line: str) -> int:
    """Print the answer of an emulated robot that runs; refused: not held."""
    from wm_bringup.emulator.control_socket import ask

    if control is None:
        raise typer.BadParameter("needs --control, where the robot listens", param_hint="--ask")
    answer = ask(control, line)
    print(json_format.dumps(answer))
    return NOT_HELD if "refused" in answer else HELD


def _parameters(file: Path | None, start: Start | None) -> EmulatorParameters:
    """Read the file, if there is one; what the command line says comes last."""
    from dataclasses import replace

    from wm_bringup.emulator.parameters import EmulatorParameters
    from wm_control.configuration.parameters import load_parameters

    read = load_parameters(EmulatorParameters, file)
    return read if start is None else replace(read, crane=replace(read.crane, start=start))
