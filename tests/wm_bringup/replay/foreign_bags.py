"""Bags as others write them: a G1's own messages, and sensor_msgs in another order of joints."""

from __future__ import annotations

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from wm_bringup.bags.unitree import DEFINITIONS

TYPES = get_typestore(Stores.ROS2_JAZZY)
TYPES.register(
    {k: v for name, text in DEFINITIONS.items() for k, v in get_types_from_msg(text, name).items()}
)
MADE = TYPES.types
SLOTS = 35


def message(kind, /, **fields):
    return MADE[kind](**fields)


def low_state(o):
    """What a G1 would have said: 35 slots, w first, float32, a tick in milliseconds."""
    x, y, z, w = o.imu_orientation
    imu = message(
        "unitree_hg/msg/IMUState",
        quaternion=np.array([w, x, y, z], np.float32),
        gyroscope=o.imu_angular_velocity.astype(np.float32),
        accelerometer=o.imu_linear_acceleration.astype(np.float32),
        rpy=np.zeros(3, np.float32),
        temperature=40,
    )
    spare = np.full(SLOTS - len(o.joint_position), 7.0)
    rows = [
        np.concatenate((values, spare))
        for values in (o.joint_position, o.joint_velocity, o.joint_torque)
    ]
    motors = [
        message(
            "unitree_hg/msg/MotorState",
            mode=1,
            q=float(q),
            dq=float(dq),
            ddq=0.0,
            tau_est=float(tau),
            temperature=np.zeros(2, np.int16),
            vol=48.0,
            sensor=np.zeros(2, np.uint32),
            motorstate=0,
            reserve=np.zeros(4, np.uint32),
        )
        for q, dq, tau in zip(*rows, strict=True)
    ]
    return message(
        "unitree_hg/msg/LowState",
        version=np.zeros(2, np.uint32),
        mode_pr=0,
        mode_machine=5,
        tick=round(1e3 * o.stamp),
        imu_state=imu,
        motor_state=motors,
        wireless_remote=np.zeros(40, np.uint8),
        reserve=np.zeros(4, np.uint32),
        crc=0,
    )


def low_cmd(o, offset=0.0):
    """Hold the measured posture, or one that is off by ``offset`` [rad] in the first joint."""
    position = np.concatenate((o.joint_position, np.zeros(SLOTS - len(o.joint_position))))
    position[0] += offset
    motors = [
        message(
            "unitree_hg/msg/MotorCmd",
            mode=1,
            q=float(q),
            dq=0.0,
            tau=0.0,
            kp=50.0,
            kd=1.0,
            reserve=0,
        )
        for q in position
    ]
    return message(
        "unitree_hg/msg/LowCmd",
        mode_pr=0,
        mode_machine=5,
        motor_cmd=motors,
        reserve=np.zeros(4, np.uint32),
        crc=0,
    )


def header(stamp):
    seconds = int(stamp)
    time = message("builtin_interfaces/msg/Time", sec=seconds, nanosec=round(1e9 * (stamp % 1.0)))
    return message("std_msgs/msg/Header", stamp=time, frame_id="")


def joint_state(o, names, degrees=False):
    """sensor_msgs/JointState with the joints backwards."""
    scale = 180.0 / np.pi if degrees else 1.0
    return message(
        "sensor_msgs/msg/JointState",
        header=header(o.stamp),
        name=list(names[::-1]),
        position=scale * o.joint_position[::-1],
        velocity=scale * o.joint_velocity[::-1],
        effort=o.joint_torque[::-1].copy(),
    )


def vector(values, name="Vector3"):
    return message(
        f"geometry_msgs/msg/{name}", **dict(zip("xyzw", map(float, values), strict=False))
    )


def imu(o, gravity=1.0):
    return message(
        "sensor_msgs/msg/Imu",
        header=header(o.stamp),
        orientation=vector(o.imu_orientation, "Quaternion"),
        orientation_covariance=np.zeros(9),
        angular_velocity=vector(o.imu_angular_velocity),
        angular_velocity_covariance=np.zeros(9),
        linear_acceleration=vector(o.imu_linear_acceleration / gravity),
        linear_acceleration_covariance=np.zeros(9),
    )


def odometry(stamp, x=0.0):
    """nav_msgs/Odometry of a base that stands upright at ``x`` [m]."""
    pose = message(
        "geometry_msgs/msg/Pose",
        position=vector((x, 0.0, 0.8), "Point"),
        orientation=vector((0.0, 0.0, 0.0, 1.0), "Quaternion"),
    )
    twist = message("geometry_msgs/msg/Twist", linear=vector((0, 0, 0)), angular=vector((0, 0, 0)))
    none = np.zeros(36)
    return message(
        "nav_msgs/msg/Odometry",
        header=header(stamp),
        child_frame_id="base_link",
        pose=message("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=none),
        twist=message("geometry_msgs/msg/TwistWithCovariance", twist=twist, covariance=none),
    )


class Foreign:
    """A bag that is written with rosbags alone."""

    def __init__(self, folder, storage="mcap"):
        plugin = StoragePlugin.MCAP if storage == "mcap" else StoragePlugin.SQLITE3
        self.writer = Writer(folder, version=9, storage_plugin=plugin)
        self.connections = {}

    def __enter__(self):
        self.writer.open()
        return self

    def __exit__(self, *_):
        self.writer.close()

    def write(self, topic, made, stamp):
        msgtype = made.__msgtype__
        if topic not in self.connections:
            self.connections[topic] = self.writer.add_connection(topic, msgtype, typestore=TYPES)
        data = TYPES.serialize_cdr(made, msgtype)
        self.writer.write(self.connections[topic], round(1e9 * stamp), data)
