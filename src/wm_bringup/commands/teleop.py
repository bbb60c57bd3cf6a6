"""``wm teleop``: drive the robot with keys or a gamepad, without ros2cli."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from wm_bringup.commands import HELD
from wm_bringup.commands.options import Robot
from wm_control.configuration.share import DEFAULT_ROBOT
from wm_control.errors import WmError

if TYPE_CHECKING:
    from wm_bringup.graph.keyboard import Keyboard
    from wm_bringup.nodes.teleop import Gamepads

AUTO, NONE = "auto", "none"


class NothingToDriveWithError(WmError):
    """There are neither keys nor a gamepad."""


def _namespace(text: str) -> str:
    from wm_bringup.graph.processes import ros_namespace

    try:
        return ros_namespace(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def teleop(
    robot: Robot = DEFAULT_ROBOT,
    namespace: Annotated[
        str, typer.Option(callback=_namespace, help="Of the robot, where it has one.")
    ] = "",
    share: Annotated[
        float,
        typer.Option(min=0.05, max=1.0, help="Of the robot's largest velocities, that is used."),
    ] = 0.6,
    stamped: Annotated[
        bool, typer.Option("--stamped", help="Send TwistStamped instead of Twist.")
    ] = False,
    gamepad: Annotated[
        str,
        typer.Option(metavar="auto|none|DEVICE", help="The first that is found, or which one."),
    ] = AUTO,
) -> int:
    """Drive a running robot: w a s d or arrows, q e sideways, space stands; or a gamepad.

    Sends on /cmd_vel 20 times a second, arms (g), stops (x), clears (c) and prefers a driver (1, 2)
    by the arbiter's services, and says what it sends and what the arbiter does. When it ends, the
    robot is asked to stand, and then nothing more is sent.

    Example: wm teleop --share 0.4
    """
    import sys

    from wm_bringup.cycle.stack import safety_parameters
    from wm_bringup.graph.keyboard import Keyboard
    from wm_bringup.graph.runner import StopSignals
    from wm_bringup.nodes.teleop import Gamepads, TeleopLink, teleoperate
    from wm_bringup.teleop.status_line import StatusLine
    from wm_bringup.teleop.steering import HELP, Limits, Steering

    devices = _devices(gamepad)
    steering = Steering(Limits.of(safety_parameters(robot).velocity, share))
    screen = StatusLine(sys.stdout)
    with StopSignals() as signals, Keyboard() as keyboard:
        gamepads = Gamepads(devices, screen.say)
        gamepads.look()
        _check_hands(keyboard, gamepads, gamepad)
        link = TeleopLink(namespace, stamped=stamped)
        try:
            for line in HELP if keyboard.there else ():
                screen.say(line)
            teleoperate(
                link,
                steering,
                keyboard,
                gamepads,
                stopped=lambda: signals.seen,
                show=screen.show,
                say=screen.say,
            )
            screen.say("the robot was asked to stand; nothing more is sent")
        finally:
            gamepads.close()
            link.close()
            screen.close()
    return HELD


def _devices(gamepad: str) -> Callable[[], Iterable[Path]]:
    """Return what looks for gamepads."""
    from wm_bringup.teleop.gamepad import found_devices

    if gamepad == AUTO:
        return found_devices
    named = () if gamepad == NONE else (Path(gamepad),)
    return lambda: named


def _check_hands(keyboard: Keyboard, gamepads: Gamepads, gamepad: str) -> None:
    """Refuse to start where nobody could drive, or without the gamepad that was named."""
    if gamepads.there:
        return
    if gamepad not in (AUTO, NONE):
        raise NothingToDriveWithError(
            f"--gamepad {gamepad}: no gamepad that can be opened: ls -l /dev/input/js* shows which "
            "there are, and who may read them"
        )
    if not keyboard.there:
        raise NothingToDriveWithError(
            "teleop needs a terminal in whose foreground it is, or a gamepad (/dev/input/js*)"
        )
