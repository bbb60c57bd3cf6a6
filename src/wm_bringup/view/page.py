"""The page: a stage with the robot, and a panel that says who drives and why."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from wm_bringup.host.ports import free_port, page_address
from wm_bringup.view.acting import in_loop, on_change
from wm_bringup.view.charts import Charts
from wm_bringup.view.recording import Run
from wm_bringup.view.scene import Surveyor
from wm_bringup.view.stage import Shown, Stage
from wm_bringup.view.telling import status_html, timeline_svg

if TYPE_CHECKING:
    import viser

RATE, WORDS_PERIOD = 25.0, 0.2
"""Pictures a second; from one text or curve to the next [s]."""

RECENT = 60.0
"""Of a run that goes on, what the timeline shows [s]."""

WIDTH = 400
"""Of the panel [pixels]."""


def serve(host: str, port: int, title: str) -> viser.ViserServer:
    """Begin to serve an empty page; AddressError where that address cannot be had.

    port: 0 takes any that is free; one that is taken gives way to the next free one.
    """
    import viser

    server = viser.ViserServer(host=host, port=free_port(host, port), label=title, verbose=False)
    in_loop(server, lambda: _dress(server.gui))
    return server


def _dress(gui: viser.GuiApi) -> None:
    gui.configure_theme(show_logo=False, show_share_button=False)
    gui.main_panel.dock_right()
    gui.main_panel.set_width(WIDTH)


def address(server: viser.ViserServer) -> str:
    """Return what to type into a browser."""
    return page_address(server.get_host(), server.get_port())


class Page:
    """Shows a run; what else belongs on its panel is put there by whoever makes it.

    All calls are made in viser's thread, see ``in_loop``.
    """

    def __init__(
        self,
        server: viser.ViserServer,
        run: Run,
        add_controls: Callable[[viser.GuiApi], None] = lambda _: None,
        *,
        meshes: bool = True,
        slow_motion: float = 1.0,
    ) -> None:
        """Lay the page out. add_controls: puts its own there. meshes: see ``Stage``.

        slow_motion: factor by which all that is seen goes slower.
        """
        self._run, self._server, self._slow_motion = run, server, slow_motion
        self._survey = Surveyor(run.description)
        self.stage = Stage(server, run.description, meshes=meshes)
        gui = server.gui
        self._status = gui.add_html(status_html(None))
        self._timeline = gui.add_html("")
        add_controls(gui)
        with gui.add_folder("Curves"):
            self._charts = Charts(gui)
        with gui.add_folder("Show", expand_by_default=False):
            _add_switches(gui, self.stage.shown)
        self._words_due = 0.0

    def show(self, at: float, clock: float) -> bool:
        """Show the instant ``at`` [s] of the run; False where there is nothing yet.

        clock: says when words and curves are due [s].
        """
        moment = self._run.moment(at)
        if moment is None:
            return False
        scene = self._survey(moment)
        self.stage.show(scene, self._run.footprints(at))
        if clock >= self._words_due:
            self._words_due = clock + WORDS_PERIOD
            self._status.content = status_html(scene, slow_motion=self._slow_motion)
            end = max(self._run.seconds, 1.0)
            begin = max(end - RECENT, 0.0) if self._run.live else 0.0
            self._timeline.content = timeline_svg(self._run.stints(), begin, end, at)
            self._charts.show(self._run.curves(), at)
        return True


def _add_switches(gui: viser.GuiApi, shown: Shown) -> None:
    for name, label in (
        ("follow", "follow the robot"),
        ("footsteps", "footsteps, walked and planned"),
        ("balance", "DCM and capture region"),
        ("forces", "contact forces and pushes"),
        ("ghosts", "what the others propose"),
    ):
        box = gui.add_checkbox(label, getattr(shown, name))
        on_change(box, lambda event, name=name: setattr(shown, name, event.target.value))  # type: ignore[misc]


def run_until(
    server: viser.ViserServer,
    stopped: Callable[[], bool],
    frame: Callable[[float], None],
    rate: float = RATE,
) -> None:
    """Call ``frame(clock)`` in viser's thread, at most ``rate`` times a second."""
    while not stopped():
        begin = time.monotonic()
        in_loop(server, partial(frame, begin))
        time.sleep(max(1.0 / rate - (time.monotonic() - begin), 0.002))
