"""Node ``state_estimator``: what it publishes, and the node on its own.

Alone it takes ``joint_states`` and ``imu/data`` and joins what belongs to one instant, anew where
``robot/started`` says so; see sample_joiner.py for samples that are lost, repeated, late, or from a
clock that jumps.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from rclpy.node import Node

from wm_bringup.cycle.stack import estimator_parameters
from wm_bringup.host import clock
from wm_bringup.nodes.support import process
from wm_bringup.nodes.support.arguments import robot_argument
from wm_bringup.nodes.support.diagnostics import Health
from wm_bringup.nodes.support.parameters import declare
from wm_bringup.nodes.support.qos import publisher
from wm_bringup.nodes.support.standalone import StandaloneNode
from wm_bringup.nodes.support.viewers import EstimateForViewers
from wm_bringup.wire.messages import (
    JointStateDecoder,
    Level,
    decode_header,
    decode_imu,
    odometry_encoder,
    wrench_encoder,
)
from wm_bringup.wire.robot_messages import EstimateEncoder
from wm_bringup.wire.sample_joiner import SampleJoiner
from wm_bringup.wire.sole_frames import SoleFrames
from wm_bringup.wire.topics import (
    ESTIMATE,
    IMU,
    JOINT_STATES,
    LEFT_WRENCH,
    ODOM,
    RIGHT_WRENCH,
    STARTED,
)
from wm_control.constants import CONTROL_PERIOD
from wm_control.estimation.factory import make_estimator
from wm_control.robot.description import RobotDescription
from wm_control.types import LEFT, RIGHT, Estimate, Observation


class StateEstimatorInterface:
    """The node's publishers; the same whether it runs composed or alone."""

    def __init__(self, node: Node, description: RobotDescription) -> None:
        """Create the publishers."""
        self._frames = SoleFrames(description)
        self._odom = odometry_encoder("odom", "base_link")
        self._wrenches = (wrench_encoder("l_sole"), wrench_encoder("r_sole"))
        self._estimate = EstimateEncoder(len(description.joint_names))
        self._publish_odom = publisher(node, ODOM)
        self._publish_wrench = (publisher(node, LEFT_WRENCH), publisher(node, RIGHT_WRENCH))
        self._publish_estimate = publisher(node, ESTIMATE)
        self._viewers = EstimateForViewers(node, description)
        self._health = Health(node)

    def publish(self, estimate: Estimate) -> None:
        """Publish the pose and twist of one estimate, and what viewers want of it."""
        self._fill_odom(estimate)
        self._publish_odom.publish(self._odom.encode(estimate.stamp))
        self._viewers.see(estimate)

    def publish_whole(self, estimate: Estimate) -> None:
        """Publish one estimate on the topics that only planners and people read."""
        self._publish_estimate.publish(self._estimate.encode(estimate))
        for foot in (LEFT, RIGHT):
            self._wrenches[foot].floats[:] = self._frames.wrench(estimate, foot)
            self._publish_wrench[foot].publish(self._wrenches[foot].encode(estimate.stamp))

    def _fill_odom(self, estimate: Estimate) -> None:
        floats = self._odom.floats
        floats[0:3] = estimate.base_position_in_world
        floats[3:7] = estimate.base_orientation
        floats[7:43] = estimate.pose_covariance.ravel()
        floats[43:46] = estimate.base_velocity_in_base
        floats[46:49] = estimate.base_angular_velocity_in_base
        floats[49:85] = estimate.twist_covariance.ravel()

    def report(self, estimate: Estimate, figures: Mapping[str, float] | None = None) -> None:
        """Publish the node's health, and the estimator's own figures if they are at hand."""
        level = Level.WARN if estimate.cause else Level.OK
        level = level if estimate.healthy else Level.ERROR
        self._health.publish(
            "estimate",
            level,
            estimate.cause or "healthy",
            {
                "base_height_m": float(estimate.base_position_in_world[2]),
                "velocity_deviation_m_s": float(np.sqrt(estimate.twist_covariance[0, 0])),
                "contact_left": float(estimate.contact_probability[LEFT]),
                "contact_right": float(estimate.contact_probability[RIGHT]),
                **(figures or {}),
            },
        )


class StateEstimatorNode(StandaloneNode):
    """The node on its own, driven by sensor topics."""

    def __init__(self, robot: str) -> None:
        """Build estimator, publishers and subscriptions; WmError when the configuration is bad."""
        super().__init__("state_estimator", robot)
        parameters = declare(self.node, estimator_parameters(robot))
        self._estimator = make_estimator(self.description, parameters)
        self._interface = StateEstimatorInterface(self.node, self.description)
        self._newest: Estimate | None = None
        self._taken = clock.monotonic()
        self._outage_limit = parameters.sensors.outage_limit
        n = len(self.description.joint_names)
        self._joiner = joiner = SampleJoiner(
            self._take, CONTROL_PERIOD, n, first_run=int(1e3 * clock.wall())
        )
        decoder = JointStateDecoder(self.description.joint_names)
        self.listen(STARTED, lambda d: joiner.started(decode_header(d)))
        self.listen(JOINT_STATES, lambda d: joiner.joints(decoder.decode(d), clock.monotonic()))
        self.listen(IMU, lambda d: joiner.imu(decode_imu(d), clock.monotonic()))

    def _take(self, observation: Observation, anew: bool) -> None:
        update = self._estimator.reset if anew else self._estimator.update
        self._taken = clock.monotonic()
        self._newest = update(observation)
        self._interface.publish(self._newest)
        self._interface.publish_whole(self._newest)

    def report(self) -> None:
        """Publish the health, once a second; a robot that has gone silent is no healthy one."""
        if self._newest is None:
            return
        counts = {name: float(n) for name, n in asdict(self._joiner.counts).items()}
        silence = clock.monotonic() - self._taken
        if silence > self._outage_limit:
            cause = f"no observation for {silence:.2f} s"
            self._newest = replace(self._newest, healthy=False, cause=cause)
        self._interface.report(self._newest, {**self._estimator.figures, **counts})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node until SIGINT or SIGTERM."""
    robot = robot_argument("state_estimator", arguments)
    return process.run("state_estimator", arguments, lambda _: StateEstimatorNode(robot).started())


if __name__ == "__main__":
    sys.exit(main())
