"""Node ``teleop``: hands on what keys and sticks say, on ``cmd_vel`` and to the services.

Not ``ros2 run``: ``wm teleop`` starts it, which has the terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.task import Future
from std_srvs.srv import Trigger

from wm_bringup.graph.keyboard import Keyboard
from wm_bringup.host import clock
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.teleop.gamepad import Gamepad, first_gamepad
from wm_bringup.teleop.keys import KeyReader
from wm_bringup.teleop.steering import BUTTONS, CALLS, STANDING, Steering
from wm_bringup.wire.messages import encode_twist, encode_twist_stamped
from wm_bringup.wire.topics import CMD_VEL, DECISION, Service
from wm_control.types import VelocityCommand

PERIOD = 0.05
"""Between two commands [s]."""

FAREWELL = 0.3
"""How long a robot is told to stand before nobody tells it anything [s]."""

PATIENCE = 3.0
"""A service that has not answered for so long does not [s]."""

SEARCH_PERIOD = 1.0
"""Between two looks for a gamepad [s]."""

STAMPED = "geometry_msgs/msg/TwistStamped"


class TeleopLink:
    """The node with its own executor; one thread makes all calls.

    said: newest word of the arbiter.
    """

    def __init__(self, namespace: str = "", *, stamped: bool = False) -> None:
        """Join the graph; stamped: as TwistStamped."""
        self._context = rclpy.Context()
        process.initialise(None, self._context)
        self._node = Node("teleop", context=self._context, namespace=namespace)
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._stamped = stamped
        topic = replace(CMD_VEL, type=STAMPED) if stamped else CMD_VEL
        self._publisher = publisher(self._node, topic)
        self._clients = {s.name: self._node.create_client(Trigger, s.name) for s in CALLS.values()}
        self._asked: list[tuple[Service, float, Future]] = []
        self.said = ""
        relaxed = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._node.create_subscription(DiagnosticArray, DECISION.name, self._see, relaxed)

    def _see(self, message: DiagnosticArray) -> None:
        if message.status:
            self.said = str(message.status[0].message)

    @property
    def heard(self) -> bool:
        """Whether anybody subscribes to our commands."""
        return bool(self._publisher.get_subscription_count())

    def send(self, command: VelocityCommand) -> None:
        """Publish one command."""
        if self._stamped:
            now = clock.wall()
            self._publisher.publish(encode_twist_stamped(command, now, "base_link"))
        else:
            self._publisher.publish(encode_twist(command))

    def call(self, service: Service) -> str:
        """Ask for a service, whose answer comes later; returns why that cannot be, or nothing."""
        client = self._clients[service.name]
        if not client.service_is_ready():
            return f"{service.name}: not there"
        self._asked.append((service, clock.monotonic(), client.call_async(Trigger.Request())))
        return ""

    def answers(self) -> Iterator[str]:
        """Yield what was answered, or has not been for too long, a line each."""
        now, waiting = clock.monotonic(), []
        for service, asked, future in self._asked:
            if future.done():
                answer = future.result()
                done = "done" if answer.success else "refused"
                yield f"{service.name}: {done}: {answer.message}".removesuffix(": ")
            elif now - asked > PATIENCE:
                yield f"{service.name}: no answer"
            else:
                waiting.append((service, asked, future))
        self._asked = waiting

    def spin(self, seconds: float) -> None:
        """Handle what arrives for so long."""
        end = clock.monotonic() + seconds
        while (left := end - clock.monotonic()) > 0.0:
            self._executor.spin_once(timeout_sec=left)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


class Gamepads:
    """The gamepad that is there, if any: one may come and go."""

    def __init__(self, devices: Callable[[], Iterable[Path]], say: Callable[[str], None]) -> None:
        """devices: looks which there are."""
        self._devices, self._say = devices, say
        self._pad: Gamepad | None = None
        self._next_look = 0.0

    @property
    def there(self) -> bool:
        """Whether there is one."""
        return self._pad is not None

    def look(self) -> None:
        """Look for one, once a second."""
        if self._pad is None and clock.monotonic() >= self._next_look:
            self._next_look = clock.monotonic() + SEARCH_PERIOD
            self._pad = first_gamepad(self._devices())
            if self._pad is not None:
                self._say(f"gamepad {self._pad.path}: left stick walks, right stick turns")

    def steer(self, steering: Steering) -> list[str]:
        """Let the sticks steer; returns the keys that its buttons stand for."""
        if self._pad is None:
            return []
        pressed = self._pad.poll()
        if pressed is None:
            self._say(f"gamepad {self._pad.path} is gone: the robot is asked to stand")
            self.close()
            steering.stick(0.0, 0.0, 0.0)
            steering.stand()
            return []
        steering.stick(*self._pad.sticks)
        return [BUTTONS[number] for number in pressed if number in BUTTONS]

    def close(self) -> None:
        """Give it back."""
        if self._pad is not None:
            self._pad.close()
            self._pad = None


def teleoperate(
    link: TeleopLink,
    steering: Steering,
    keyboard: Keyboard,
    gamepads: Gamepads,
    *,
    stopped: Callable[[], bool],
    show: Callable[[VelocityCommand, str], None],
    say: Callable[[str], None],
) -> None:
    """Send until ``stopped()`` or the terminal is gone, then ask the robot to stand.

    show: what is sent and what the arbiter says, every time; say: lines that stay.
    """
    reader = KeyReader()
    try:
        while not stopped() and not keyboard.gone:
            gamepads.look()
            keys = [*gamepads.steer(steering), *reader.keys(keyboard.read())]
            for service in filter(None, map(steering.press, keys)):
                say(link.call(service) or f"{service.name}: asked")
            if keyboard.there and not keyboard.in_hand and not gamepads.there:
                steering.stand()  # in the background nobody could stop it
            link.send(steering.command)
            show(steering.command, link.said if link.heard else f"nobody hears {CMD_VEL.name}")
            link.spin(PERIOD)
            for line in link.answers():
                say(line)
    finally:
        _stand(link)


def _stand(link: TeleopLink) -> None:
    for _ in range(round(FAREWELL / PERIOD)):
        link.send(STANDING)
        link.spin(PERIOD)
