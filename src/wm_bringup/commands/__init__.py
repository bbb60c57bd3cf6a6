"""The subcommands of ``wm``, one module each, imported only when their name is typed.

To add ``wm bench``, write ``src/wm_bringup/commands/bench.py`` with one function named as the
module, annotated for typer::

    from typing import Annotated
    import typer
    from wm_bringup.commands import HELD, NOT_HELD

    def bench(
        what: Annotated[str, typer.Argument(help="loop, estimator, mpc, wbc or sim.")],
        json: Annotated[Path | None, typer.Option(help="Write the result here.")] = None,
    ) -> int:
        \"\"\"Time one part of the control path beside its bare-library bound.

        Example: wm bench wbc --json results/wbc.json
        \"\"\"
        ...
        return HELD

and its line in ``COMMANDS`` below, whose order is that of ``wm --help``. The rules:

- The function returns the exit code: ``HELD``, ``NOT_HELD`` (what was asked for did not hold: the
  robot fell, a check failed). What makes a run impossible is raised as a ``WmError``, whose text is
  the one line the user sees on stderr, with exit code 2.
- ``KeyboardInterrupt`` may simply pass through: ``wm`` says "interrupted" and exits with 130. A
  command that owns a robot or a bag brings them to rest in a ``finally``.
- What cannot happen, or would have no effect, is refused before any work is done, and so are files
  that could not be written afterwards (``wm_bringup.host.output``). What was asked for and did not
  happen is ``NOT_HELD``. Numbers that are not finite, and options given twice, never get here.
- Its docstring is its ``--help`` and holds one line starting with ``Example: wm``.
- Keep its module's own imports light; import pinocchio, casadi, pybullet and rclpy inside the
  function, so that ``wm bench --help`` is quick as well.
- An option that other commands have is said once, in ``wm_bringup.commands.options``.
- A function with a parameter like ``json`` shadows nothing but itself: that is allowed here.

A command with subcommands of its own exposes a ``typer.Typer`` under that name instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import typer

from wm_control.drivers import DRIVERS, HYBRID, read_preference

HELD: Final = 0
NOT_HELD: Final = 1
COULD_NOT_RUN: Final = 2
INTERRUPTED: Final = 130

COMMANDS: Final[Mapping[str, str]] = {
    "demo": "Walk a velocity course in real time and leave a report.",
    "run": "Start the whole ROS 2 graph without ros2cli.",
    "emulate": "Be a Unitree humanoid on the network, with a simulated body.",
    "walk": "Run lock-step episodes of one scenario.",
    "suite": "Run cases x seeds x contestants of a file, and hold them to its limits.",
    "compare": "Compare model, policy and both on five facets.",
    "report": "Write a comparison's results for people.",
    "twins": "Replay a suite's episodes without the arbiter's interventions, and score it.",
    "rehearse": "Do with the emulated robot what will be done with the real one.",
    "replay": "Judge a bag again: audit, compare, what if, shadow, estimate.",
    "bench": "Time the parts of the control path.",
    "robot": "Draft, check and show the robot file of a humanoid.",
    "policy": "Check, describe and pin a learned policy.",
    "train": "Make a walking policy on the CPU, and judge it.",
    "recoverability": "Learn whether a driver will still save a pushed robot.",
    "doctor": "Say what this machine has, lacks, and how to get it.",
}
"""Name of each command (and of its module here) and its line in ``wm --help``."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "train": "wm_training.command",
    "recoverability": "wm_training.recoverability.command",
}
"""Modules of commands that belong to packages above this one."""

DRIVER_NAMES: Final = "|".join(DRIVERS)
"""For the help of an option that takes a driver of the robot."""


PREFERENCES: Final = f"{DRIVER_NAMES}|{HYBRID}|A+B"
"""For the help of an option that takes an order of preference."""


def known_driver(name: str) -> str:
    """Accept the name of a driver; the callback of such an option."""
    if name not in DRIVERS:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(DRIVERS)}")
    return name


def known_preference(text: str | None) -> str | None:
    """Accept who may drive, the most wanted first; see ``read_preference``. None stays None."""
    if text is None:
        return None
    try:
        return "+".join(read_preference(text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def known_drivers(names: list[str] | None) -> list[str] | None:
    """Accept names of drivers; the callback of an option that may be repeated."""
    for name in names or ():
        known_driver(name)
    return names
