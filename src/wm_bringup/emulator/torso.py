"""Where the second IMU sits: a link of the URDF that descriptions have folded away."""

from __future__ import annotations

from wm_control.configuration.extending import load_extending
from wm_control.errors import ParameterError
from wm_control.robot.altering import altered
from wm_control.robot.config import RobotConfig
from wm_control.robot.folding import fold_fixed_joints
from wm_control.robot.geometry import ImuPlacement
from wm_control.robot.sources import robot_file, urdf_file
from wm_control.robot.urdf import read_urdf


def torso_imu(source: str, link: str) -> ImuPlacement:
    """Place of the IMU in the moving link that carries it.

    source: the robot's name or file. ParameterError when its URDF has no such link.
    """
    path = robot_file(source)
    config = load_extending(RobotConfig, path)
    urdf = altered(read_urdf(urdf_file(config.urdf, path)), config, str(path))
    folded = fold_fixed_joints(urdf, config.locked)
    if link not in folded.frames:
        raise ParameterError("torso_imu", link, f"is no link of {config.urdf}; empty: no such IMU")
    frame = folded.frames[link]
    return ImuPlacement(frame.body, frame.placement.position, frame.placement.rotation)
