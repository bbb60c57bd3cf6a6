"""Watches a recording in the browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from wm_bringup.view.acting import in_loop
from wm_bringup.view.from_bag import BagRun
from wm_bringup.view.page import Page, address, run_until, serve
from wm_bringup.view.player import Player
from wm_bringup.view.playing import PlayerControls

if TYPE_CHECKING:
    import viser

    from wm_bringup.view.from_trace import TraceRun


def open_run(path: Path, robot: str = "") -> BagRun | TraceRun:
    """Open a bag, or the trace of an episode; WmError for what is neither."""
    if path.suffix == ".npz":
        from wm_bringup.view.from_trace import TraceRun

        return TraceRun(path, robot)
    return BagRun(path, robot)


class Watch:
    """A recording on a page: frame by frame, as its player goes; all in viser's thread."""

    def __init__(self, server: viser.ViserServer, run: BagRun | TraceRun) -> None:
        """Lay out the page at the begin of the recording."""
        self.player = Player(run.seconds)
        self._controls: PlayerControls | None = None
        self._page = Page(server, run, self._add_controls(run))
        self._before: float | None = None
        self._shown: float | None = None

    def _add_controls(self, run: BagRun | TraceRun) -> Callable[[viser.GuiApi], None]:
        def add(gui: viser.GuiApi) -> None:
            self._controls = PlayerControls(gui, self.player, run.story.interventions)

        return add

    def frame(self, clock: float) -> None:
        """Show where the player is now; clock: [s]."""
        elapsed = 0.0 if self._before is None else clock - self._before
        self._before = clock
        at = self.player.advance(elapsed)
        self._page.show(at, clock)
        if self._controls is not None:
            self._controls.show()


def watch(
    run: BagRun | TraceRun,
    host: str,
    port: int,
    stopped: Callable[[], bool],
    say: Callable[[str], None] = print,
) -> None:
    """Serve a recording until ``stopped()``."""
    server = serve(host, port, run.story.title)
    try:
        page = in_loop(server, lambda: Watch(server, run))
        say(f"{run.story.title}, {run.seconds:.1f} s: {address(server)}  (Ctrl-C ends)")
        run_until(server, stopped, page.frame)
    finally:
        server.stop()
