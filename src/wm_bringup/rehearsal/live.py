"""One rehearsal: the emulated robot, the graph for a real one, and an operator beside them.

The operator does what the documents say. Nothing is judged here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wm_bringup.demo.course import Segment
from wm_bringup.demo.live import with_children
from wm_bringup.emulator.control_socket import STATUS, ask
from wm_bringup.graph.processes import describe, graph_arguments
from wm_bringup.graph.runner import GraphRunner
from wm_bringup.host import clock
from wm_bringup.host.realtime import raised
from wm_bringup.rehearsal.endurance import Looks
from wm_bringup.rehearsal.outcome import Seen
from wm_bringup.rehearsal.plan import Mishap
from wm_bringup.rehearsal.wire_tap import TAP_PRIORITY, WireTap
from wm_bringup.robots.network import LOOPBACK
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.wire.topics import ARM, GIVE_BACK, READY, STOP
from wm_control.errors import WmError
from wm_control.types import VelocityCommand

if TYPE_CHECKING:
    from wm_bringup.nodes.operator import Operator

PATIENCE = 60.0
"""For each step on the way [s]."""

AFTERWARDS = 1.0
"""How long is looked on after a mishap that ends in damping, and after the stop [s]."""

COMMAND_PERIOD = 0.05

LATENCY = "latency.npz"
"""File in a run's folder, of all latency samples."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who drives, what the body is made of, where: folder for log and socket, domain of DDS."""

    controller: str
    engine: str
    scenario: str
    robot: str
    seed: int
    folder: Path
    domain: int


class RehearsalError(WmError):
    """A step on the way was not taken; the text says which."""


class _Emulated:
    """The emulated robot in its process."""

    def __init__(self, choice: Choice) -> None:
        self._socket = choice.folder / "robot"
        words = {
            "--robot": choice.robot,
            "--engine": choice.engine,
            "--scenario": choice.scenario,
            "--seed": str(choice.seed),
            "--start": "hanging",
            "--domain": str(choice.domain),
            "--control": str(self._socket),
            "--json": str(choice.folder / "robot.json"),
        }
        command = [sys.executable, "-m", "wm_bringup.cli", "emulate"]
        with (choice.folder / "robot.txt").open("w", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [*command, *(f"{key}={value}" for key, value in words.items() if value)],
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def ask(self, request: Mapping[str, Any]) -> None:
        """Have something happen to it; RehearsalError when that is refused."""
        answer = ask(self._socket, json.dumps(request))
        if "refused" in answer:
            raise RehearsalError(str(answer["refused"]))

    @property
    def status(self) -> dict[str, Any]:
        """How it is; empty while it does not answer."""
        with suppress(WmError):
            return dict(ask(self._socket, STATUS))
        if self._process.poll() is not None:
            raise RehearsalError("the emulated robot could not start; see robot.txt")
        return {}

    @property
    def fell(self) -> bool:
        """Whether it has fallen since it was let down."""
        return self.status.get("fell_at") is not None

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(clock.real(PATIENCE))


@contextmanager
def _scene(choice: Choice) -> Iterator[tuple[_Emulated, WireTap, GraphRunner, Operator]]:
    """Robot, ear on the wire, graph and operator; all are gone afterwards."""
    from wm_bringup.nodes.operator import Operator

    given = {
        "backend": "unitree",
        "interface": LOOPBACK,
        "robot_domain": choice.domain,
        "controller": choice.controller,
        "robot": choice.robot,
        "trips": "",
        "latency": str(choice.folder / LATENCY),
    }
    graph = describe(graph_arguments(given))
    os.environ.update(graph.environment)
    robot = _Emulated(choice)
    try:
        with raised(TAP_PRIORITY):
            link = open_link(choice.domain, LOOPBACK)
        tap = WireTap(link)
        with (choice.folder / "graph.txt").open("w", encoding="utf-8", buffering=1) as lines:
            runner = GraphRunner(graph, lambda line: print(line, file=lines))
            operator = Operator(graph.namespace)
            try:
                runner.start()
                yield robot, tap, runner, operator
            finally:
                operator.close()
                runner.stop()
                tap.close()
                link.close()
    finally:
        robot.close()


def rehearse(
    choice: Choice,
    segments: tuple[Segment, ...],
    mishap: Mishap | None,
    stopped: Callable[[], bool] = lambda: False,
) -> Seen:
    """Take the robot over, drive it, let something happen, stop it and give it back."""
    with _scene(choice) as (robot, tap, runner, operator):
        seen, looks = Seen(), None
        try:
            _take_over(robot, runner, operator, stopped)
            seen = replace(seen, armed=True)
            looks = _looks(choice.folder, robot, runner, operator)
            seen = _drive(seen, segments, mishap, robot, runner, operator, looks, stopped)
            if mishap is None or mishap.ends == "walking":
                seen = _end(seen, robot, tap, operator, runner)
        except RehearsalError as error:
            seen = replace(seen, problem=str(error))
        return replace(
            seen,
            sent=tuple(tap.sent),
            commands=tap.heard,
            looks=tuple(looks.kept) if looks else (),
            ended=tuple(str(one) for one in runner.exits if one.failed),
        )


def _wait(
    what: str,
    operator: Operator,
    runner: GraphRunner,
    done: Callable[[], bool],
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Wait for something; RehearsalError when it does not come."""
    end = clock.monotonic() + PATIENCE
    while not done():
        operator.spin(COMMAND_PERIOD)
        runner.poll()
        if stopped():
            raise KeyboardInterrupt
        if runner.over:
            raise RehearsalError(f"{what}: the graph ended; see graph.txt")
        if clock.monotonic() > end:
            raise RehearsalError(f"{what}: not within {PATIENCE:g} s; {operator.view.said}")


def _take_over(
    robot: _Emulated, runner: GraphRunner, operator: Operator, stopped: Callable[[], bool]
) -> None:
    """As docs/deployment.md has it: ready, down from the crane, arm."""
    view = operator.view
    _wait("robot there", operator, runner, lambda: bool(robot.status), stopped)
    _wait("made ready", operator, runner, lambda: not operator.call(READY), stopped)
    _wait("standing", operator, runner, lambda: view.phase.startswith("ready"), stopped)
    _wait("on the ground", operator, runner, lambda: robot.status["crane"] == "slack", stopped)
    _wait("armed", operator, runner, lambda: view.armed or not _asked(operator), stopped)


def _asked(operator: Operator) -> bool:
    """Ask for arming; what comes of it is seen in the decisions."""
    operator.call(ARM)
    return True


def _drive(
    seen: Seen,
    segments: tuple[Segment, ...],
    mishap: Mishap | None,
    robot: _Emulated,
    runner: GraphRunner,
    operator: Operator,
    looks: Looks,
    stopped: Callable[[], bool],
) -> Seen:
    """Drive segment by segment; the mishap comes after the first one."""
    for number, segment in enumerate(segments):
        if mishap is not None and number == 1:
            seen = replace(seen, mishap_at=_let_happen(mishap, robot, runner))
            if mishap.ends == "damped":
                operator.spin(max(AFTERWARDS, mishap.within))
                return replace(seen, fell=robot.fell, finished=True)
        end = clock.monotonic() + segment.seconds
        while clock.monotonic() < end:
            operator.command(segment.velocity)
            operator.spin(COMMAND_PERIOD)
            runner.poll()
            if looks.look() and robot.fell:
                return replace(seen, fell=True)
            if stopped():
                raise KeyboardInterrupt
            if runner.over:
                raise RehearsalError("the graph ended while driving; see graph.txt")
    rejected = sum(robot.status.get("rejected", {}).values())
    return replace(seen, fell=robot.fell, finished=True, rejected=rejected)


def _looks(folder: Path, robot: _Emulated, runner: GraphRunner, operator: Operator) -> Looks:
    """Look at the graph's processes, at the robot's, and at what the loop says of its path."""
    view = operator.view
    processes = with_children({**runner.running, "robot": robot.pid})
    return Looks(processes, folder, lambda: view.path_ms)


def _let_happen(mishap: Mishap, robot: _Emulated, runner: GraphRunner) -> float:
    """Let it happen, and return when it began [s]: as soon as it can, whoever else wants a core."""
    act = _act(mishap, robot, runner)
    with raised(TAP_PRIORITY):
        began = clock.monotonic()
        act()
    return began


def _act(mishap: Mishap, robot: _Emulated, runner: GraphRunner) -> Callable[[], None]:
    """Find whom it happens to; return what lets it happen."""
    if mishap.ask is not None:
        return partial(robot.ask, mishap.ask)
    name = mishap.kill or mishap.stop
    process = with_children(runner.running).get(str(name))
    if process is None:
        raise RehearsalError(f"{mishap.name}: there is no process {name}")
    if mishap.kill is not None:
        return process.kill

    def stand_still() -> None:
        process.send_signal(signal.SIGSTOP)
        clock.sleep(mishap.lasts)
        process.send_signal(signal.SIGCONT)

    return stand_still


def _end(
    seen: Seen, robot: _Emulated, tap: WireTap, operator: Operator, runner: GraphRunner
) -> Seen:
    """Back into the crane, stop, give back."""
    operator.command(VelocityCommand())
    robot.ask({"crane": "lift"})
    operator.call(STOP)
    operator.spin(AFTERWARDS)
    stopped = bool(tap.sent) and not tap.sent[-1].stiff
    seen = replace(seen, stopped=stopped)
    operator.call(GIVE_BACK)
    _wait("given back", operator, runner, lambda: robot.status["mode"] != "")
    return replace(seen, given_back=True)
