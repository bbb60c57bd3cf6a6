"""Controls of a live robot: they ask the graph, by the topics and services that it has for all."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Protocol

from wm_bringup.scenarios.disturbance import push_text
from wm_bringup.view.acting import on_change, on_click
from wm_control.types import VelocityCommand

if TYPE_CHECKING:
    import viser

PHASES = ("now", *(f"{k / 8:g}" for k in range(8)))

EXAMPLES = (
    "plan:off@0+1",
    "policy:scale=3@0+1",
    "mpc:nan@0+0.2",
    "gyro:bias=0.2@0+0.5",
    "observation:off@0+0.05",
    "command:delay=0.02@0+1",
)
"""Faults that show something; any other can be typed."""


class Graph(Protocol):
    """What a page can ask of a graph; every call returns at once, and is answered by ``said``."""

    def call(self, service: str) -> None:
        """Ask for a service, by name."""

    def disturb(self, text: str) -> None:
        """Ask for a disturbance."""

    def inject(self, text: str) -> None:
        """Ask for a fault."""

    def kill(self, process: str) -> None:
        """Kill a process of the graph."""

    def drive(self, command: VelocityCommand | None) -> None:
        """Ask for this velocity from now on; None: leave that to others."""

    def processes(self) -> Sequence[str]:
        """Names of the processes that are running."""


@dataclass(frozen=True, slots=True)
class Able:
    """What can be asked of this graph. drivers: who may drive. simulated: it can be disturbed.

    real: nothing is broken on purpose.
    """

    drivers: tuple[str, ...]
    simulated: bool
    real: bool


class Controls:
    """The part of the panel that acts."""

    def __init__(self, gui: viser.GuiApi, graph: Graph, able: Able) -> None:
        """Put it where the panel is now."""
        self._graph, self._gui, self._able = graph, gui, able
        self._driven_by: int | None = None
        self._said = gui.add_html("")
        self._buttons("robot", ["STOP", "clear", "arm"], self._operate)
        extra = ["reset"] if able.simulated else ["ready", "give back"] if able.real else []
        if extra:
            self._buttons("", extra, self._operate)
        if len(able.drivers) > 1:
            self._buttons("prefer", list(able.drivers), lambda d: graph.call(f"arbiter/prefer_{d}"))
        with gui.add_folder("Velocity"):
            self._add_velocity()
        if able.simulated:
            with gui.add_folder("Push, load, ground", expand_by_default=False):
                self._add_disturbances()
        if not able.real:
            with gui.add_folder("Faults", expand_by_default=False):
                self._add_faults()

    def say(self, text: str) -> None:
        """Show what came of what was asked for."""
        self._said.content = (
            f'<div style="padding:0 8px;font-size:12px"><i>{escape(text)}</i></div>'
        )

    def _buttons(self, label: str, names: Sequence[str], act: Callable[[str], None]) -> None:
        on_click(self._gui.add_button_group(label, names), lambda event: act(event.target.value))

    def _operate(self, name: str) -> None:
        if name == "STOP":
            self._let_go()  # once cleared and armed it must not go on at once
        node = "arbiter" if name in ("STOP", "clear", "arm") else "robot"
        self._graph.call(f"{node}/{name.lower().replace(' ', '_')}")

    def _add_velocity(self) -> None:
        gui = self._gui
        self._drives = gui.add_checkbox("drive from here", False)
        self._velocity = [
            gui.add_slider(label, min=low, max=high, step=0.05, initial_value=0.0)
            for label, low, high in (
                ("ahead, m/s", -0.8, 1.1),
                ("left, m/s", -0.3, 0.3),
                ("turn, rad/s", -0.9, 0.9),
            )
        ]
        for handle in (self._drives, *self._velocity):
            on_change(handle, lambda event: self._drive(event.client_id))
        on_click(gui.add_button("halt"), lambda event: self._halt(event.client_id))

    def _drive(self, who: int | None) -> None:
        """Ask for what the sliders say. who: the client that changed them."""
        self._graph.drive(self.velocity_wanted if self._drives.value else None)
        self._driven_by = who if self._drives.value else None

    @property
    def velocity_wanted(self) -> VelocityCommand:
        """What the sliders say."""
        return VelocityCommand(*(float(slider.value) for slider in self._velocity))

    def _halt(self, who: int | None) -> None:
        for slider in self._velocity:
            slider.value = 0.0
        self._drives.value = True
        self._drive(who)

    def gone(self, who: int) -> None:
        """Hear that a client has left: who drove cannot stop the robot any more."""
        if who == self._driven_by:
            self._let_go()

    def _let_go(self) -> None:
        """Ask for nothing more, which stops the robot, and for no velocity when asked again."""
        for slider in self._velocity:
            slider.value = 0.0
        self._drives.value = False
        self._drive(None)

    def _add_disturbances(self) -> None:
        gui = self._gui
        self._size = gui.add_slider("push, N·s", min=1, max=80, step=1, initial_value=20)
        self._towards = gui.add_slider("towards, °", min=-180, max=180, step=5, initial_value=90)
        self._phase = gui.add_dropdown("at phase", PHASES)
        self._button("push", self._push)
        self._payload = gui.add_slider("payload, kg", min=0, max=15, step=0.5, initial_value=0)
        self._friction = gui.add_slider("friction", min=0.05, max=1.5, step=0.05, initial_value=0.6)
        on_change(self._payload, lambda e: self._graph.disturb(f"payload={e.target.value:g}"))
        on_change(self._friction, lambda e: self._graph.disturb(f"friction={e.target.value:g}"))

    def _push(self) -> None:
        self._graph.disturb(self.push_wanted)

    @property
    def push_wanted(self) -> str:
        """The push that the button asks for, as its fields are now."""
        angle, size = math.radians(float(self._towards.value)), float(self._size.value)
        phase = None if self._phase.value == PHASES[0] else float(self._phase.value)
        ahead, left = (round(size * part, 2) for part in (math.cos(angle), math.sin(angle)))
        return push_text(ahead, left, phase)

    @property
    def fault_wanted(self) -> str:
        """The fault that the button asks for."""
        return str(self._fault.value)

    def _add_faults(self) -> None:
        gui = self._gui
        self._example = gui.add_dropdown("example", EXAMPLES)
        self._fault = gui.add_text("fault", EXAMPLES[0])
        on_change(self._example, lambda e: setattr(self._fault, "value", e.target.value))
        self._button("inject", lambda: self._graph.inject(self.fault_wanted))
        self._process = gui.add_dropdown("process", tuple(self._graph.processes()) or ("-",))
        self._button("kill", lambda: self._graph.kill(str(self._process.value)))

    def refresh(self) -> None:
        """Name the processes that are running now."""
        if not self._able.real:
            names = tuple(self._graph.processes()) or ("-",)
            if names != tuple(self._process.options):
                self._process.options = names

    def _button(self, label: str, act: Callable[[], None]) -> None:
        on_click(self._gui.add_button(label), lambda _: act())
