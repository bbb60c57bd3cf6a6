"""Reach a Unitree humanoid over its network, with the guard of the wire beside."""

from __future__ import annotations

import numpy as np

from wm_bringup.host import clock, realtime
from wm_bringup.robots.network import Network
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import Frame
from wm_bringup.robots.unitree.guard import Guard
from wm_bringup.robots.unitree.robot import UnitreeRobot
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription
from wm_control.types import Command


def connect(robot: str, description: RobotDescription, network: Network) -> UnitreeRobot:
    """Join the robot's network; nothing is sent there yet. Raises WmError for what cannot be.

    robot: name, folder or file, whose folder says how the motors are wired.
    """
    if not network.interface:
        raise ParameterError(
            "interface", "", "must name the network interface on which the robot is (ip link)"
        )
    body = load_body(robot)
    frames = JointFrames(description.joint_names, body.wiring)
    zero = np.zeros(len(description.joint_names))
    damping = Command(0.0, 0, zero, zero, zero, description.damping, zero)

    def damping_frame(machine: int) -> Frame:
        return frames.command_frame(damping, machine)

    with realtime.raised(realtime.CONTROL_PRIORITY):
        link = open_link(network.domain, network.interface)
    guard = Guard(damping_frame, network)
    return UnitreeRobot(description, body, link, guard, clock=clock.monotonic)
