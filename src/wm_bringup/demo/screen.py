"""Progress of a demo on the screen: time, command, what is reached, missed deadlines."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from wm_bringup.demo.course import DemoCourse
from wm_control.types import Action

if TYPE_CHECKING:
    from wm_bringup.nodes.operator import LiveView

LINE_PERIOD = 5.0
"""Between two lines where output goes to a file, which cannot show a bar [s]."""


class CourseScreen:
    """A bar that moves with the course; use it as a context manager."""

    def __init__(self, console: Console, course: DemoCourse) -> None:
        """Nothing is shown before the block is entered."""
        self._console, self._course = console, course
        self._next_line = 0.0
        text, bar = TextColumn("{task.description}", markup=False), BarColumn(bar_width=24)
        self._bar = Progress(text, bar, console=console, transient=True)
        self._task = self._bar.add_task("starting the ROS graph ...", total=course.seconds)

    def __enter__(self) -> CourseScreen:
        """Begin to show."""
        if self._console.is_terminal:
            self._bar.start()
        else:
            self._console.print("starting the ROS graph ...")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def show(self, elapsed: float, view: LiveView) -> None:
        """Show the state of the run ``elapsed`` seconds into the course."""
        text = self._text(elapsed, view)
        if self._console.is_terminal:
            self._bar.update(self._task, completed=elapsed, description=text)
        elif elapsed >= self._next_line:
            self._next_line += LINE_PERIOD
            self._console.print(text, highlight=False, soft_wrap=True)

    def _text(self, elapsed: float, view: LiveView) -> str:
        segment = self._course.at(elapsed)
        x, y, yaw = view.speed
        trouble = "" if view.action == Action.NOMINAL.name else f"  {view.said}"
        return (
            f"{elapsed:5.1f} s  {segment.name:<9} commanded {segment.x:+.2f} {segment.y:+.2f} "
            f"{segment.yaw:+.2f}  reached {x:+.2f} {y:+.2f} {yaw:+.2f}  "
            f"missed {view.misses}/{view.cycles}  {view.driver}{trouble}"
        )
