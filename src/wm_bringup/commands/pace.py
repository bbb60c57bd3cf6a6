"""How fast this machine lets a graph go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from wm_bringup.robots.simulated import EngineName


def pace_of_this_machine(robot: str, engine: EngineName, console: Console) -> float:
    """Find out the slow motion that this machine needs, and say so if it needs any.

    Where the clocks are slowed down already, they stay as they are.
    """
    from wm_bringup.host import clock
    from wm_bringup.judging.pace import slow_motion_needed

    if clock.factor() != 1.0:
        return clock.factor()
    with console.status("how fast is this machine? ..."):
        needed = slow_motion_needed(robot, engine)
    if needed > 1.0:
        console.print(
            f"this machine, or what else it does, is too slow for real time: slow motion by "
            f"{needed:g} (--slow-motion 1 for real time)"
        )
    return needed
