"""Say that the real-time process stands still while it does, for it cannot say so itself."""

from __future__ import annotations

from rclpy.node import Node

from wm_bringup.cycle.loop_client import LoopClient
from wm_bringup.host import clock
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.wire.messages import Level
from wm_control.constants import DAMP_AFTER

SILENCE = DAMP_AFTER
"""From here on the loop does not answer: the robot's own watchdog damps it by now [s]."""

LOOK_PERIOD = 0.05

REPEAT_PERIOD = 1.0
"""Between two reports of the same silence [s]."""


class StallWatch:
    """Looks at the link twenty times a second; a silence is logged at its begin and its end."""

    def __init__(self, node: Node, loop: LoopClient) -> None:
        """Begin looking, on ``node``, which reports."""
        self._loop, self._node = loop, node
        self._health = Health(node)
        self._silent = self._reported = 0.0
        node.create_timer(clock.real(LOOK_PERIOD), self._look)

    @property
    def unanswered(self) -> str:
        """Why nothing is decided at the moment; empty while the loop answers."""
        silence = self._loop.silence
        if silence <= SILENCE:
            return ""
        return (
            f"the control loop has not answered for {silence:.1f} s; "
            "a robot that gets no commands damps itself"
        )

    def _look(self) -> None:
        silence = self._loop.silence
        if silence > SILENCE:
            self._tell(silence)
        elif self._silent:
            lasted, self._silent = self._silent + LOOK_PERIOD, 0.0
            again = f"the control loop answers again after {lasted:.1f} s"
            self._node.get_logger().error(again)
            self._health.publish("control loop", Level.OK, again)

    def _tell(self, silence: float) -> None:
        if not self._silent:
            self._node.get_logger().error(self.unanswered)
        if not self._silent or silence - self._reported >= REPEAT_PERIOD:
            self._reported = silence
            self._health.publish("control loop", Level.ERROR, self.unanswered)
        self._silent = silence
