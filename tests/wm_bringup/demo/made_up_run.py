"""A made-up run: a robot that glides over a course, and the bag it would have left."""

import numpy as np
from rosbags.typesys import Stores, get_typestore

from wm_bringup.bags.writer import BagWriter
from wm_bringup.cycle.latency import LatencyLog, LatencySample
from wm_control.gait.state import Gait, Mode
from wm_control.mpc.plan import WalkingPlan, pack
from wm_control.robot.description import load_robot
from wm_control.types import SolveReport, Status

T = get_typestore(Stores.ROS2_JAZZY)
START = 1_700_000_000_000_000_000
EPOCH = 1_700_000_000.0
STRIDE = 0.8
ROBOT = load_robot("g1")
JOINTS = len(ROBOT.joint_names)


def message(name, *values):
    return T.types[name](*values)


def header(time, frame=""):
    stamp = EPOCH + time
    seconds = int(stamp)
    return message(
        "std_msgs/msg/Header",
        message("builtin_interfaces/msg/Time", seconds, round(1e9 * (stamp - seconds))),
        frame,
    )


def vector(x=0.0, y=0.0, z=0.0):
    return message("geometry_msgs/msg/Vector3", x, y, z)


def twist(velocity):
    x, y, yaw = velocity
    return message("geometry_msgs/msg/Twist", vector(x, y), vector(0.0, 0.0, yaw))


def odometry(time, position, yaw, velocity):
    pose = message(
        "geometry_msgs/msg/Pose",
        message("geometry_msgs/msg/Point", *position),
        message("geometry_msgs/msg/Quaternion", 0.0, 0.0, np.sin(yaw / 2), np.cos(yaw / 2)),
    )
    return message(
        "nav_msgs/msg/Odometry",
        header(time, "world"),
        "base_link",
        message("geometry_msgs/msg/PoseWithCovariance", pose, np.zeros(36)),
        message("geometry_msgs/msg/TwistWithCovariance", twist(velocity), np.zeros(36)),
    )


def imu(time):
    """At rest, level."""
    level = message("geometry_msgs/msg/Quaternion", 0.0, 0.0, 0.0, 1.0)
    nine = np.zeros(9)
    return message(
        "sensor_msgs/msg/Imu", header(time, "imu"), level, nine, vector(), nine,
        vector(0.0, 0.0, 9.81), nine,
    )  # fmt: skip


def plan(time):
    """The planner's clock: a stride of 0.8 s, left support in its first half."""
    stamp, half = EPOCH + time, 0.5 * STRIDE
    step = int(time / half)
    zeros = np.zeros(2)
    gait = Gait(
        Mode.WALK, step % 2, EPOCH + half * step, EPOCH + half * (step + 1), 0.04, True,
        np.zeros(4), np.zeros(4), zeros, np.zeros(3), zeros, 0.0, step,
    )  # fmt: skip
    report = SolveReport("footstep_mpc", Status.OK, 0.0, 0.0, 1, 0.0002)
    made = WalkingPlan(stamp, 0, gait, np.zeros((3, 4)), zeros, half, zeros, zeros, report)
    return multi_array(pack(made))


def multi_array(numbers):
    """Two numbers of header, then the rest."""
    layout = message("std_msgs/msg/MultiArrayLayout", [], 2)
    return message("std_msgs/msg/Float64MultiArray", layout, np.asarray(numbers))


def diagnostics(name, values, text="", robot="/"):
    """An array with one status, of a robot in that namespace."""
    pairs = [message("diagnostic_msgs/msg/KeyValue", k, str(v)) for k, v in values.items()]
    status = message("diagnostic_msgs/msg/DiagnosticStatus", 0, name, text, robot, pairs)
    return message("diagnostic_msgs/msg/DiagnosticArray", header(0.0), [status])


def write_bag(folder, course, *, gain=1.0, fall_at=None, slow=1.0, lost=0, decisions=(), acted=()):
    """The robot moves with ``gain`` times the command; ``slow``: wall time per simulated time.

    decisions: (time, action, text, and who drives unless it is mpc). acted: times by fault.
    """
    writer = BagWriter(folder)
    types = {
        "/ground_truth/odom": "nav_msgs/msg/Odometry",
        "/cmd_vel": "geometry_msgs/msg/Twist",
        "/joint_states": "sensor_msgs/msg/JointState",
        "/imu/data": "sensor_msgs/msg/Imu",
        "/mpc/plan": "std_msgs/msg/Float64MultiArray",
        "/diagnostics": "diagnostic_msgs/msg/DiagnosticArray",
        "/arbiter/decision": "diagnostic_msgs/msg/DiagnosticArray",
    }
    for topic, name in types.items():
        writer.add_topic(topic, name)

    def write(topic, time, content):
        stamp = START + round(1e9 * slow * time)
        writer.write(topic, stamp, bytes(T.serialize_cdr(content, types[topic])))

    x, y, yaw, dt = 0.0, 0.0, 0.0, 0.02
    for k in range(round(course.seconds / dt) + 1):
        time = k * dt
        segment = course.at(time)
        command = np.array([segment.x, segment.y, segment.yaw])
        vx, vy, wz = gain * command
        height = 0.3 if fall_at is not None and time >= fall_at else 0.7
        write("/cmd_vel", time, twist(command))
        write("/ground_truth/odom", time, odometry(time, (x, y, height), yaw, (vx, vy, wz)))
        names = list(ROBOT.joint_names)
        joints = [np.full(JOINTS, time), np.zeros(JOINTS), np.zeros(JOINTS)]
        write(
            "/joint_states",
            time,
            message("sensor_msgs/msg/JointState", header(time), names, *joints),
        )
        write("/imu/data", time, imu(time))
        write("/mpc/plan", time, plan(time))
        x += dt * (np.cos(yaw) * vx - np.sin(yaw) * vy)
        y += dt * (np.sin(yaw) * vx + np.cos(yaw) * vy)
        yaw += dt * wz
    for time, action, text, *driver in decisions:
        source = driver[0] if driver else "mpc"
        told = diagnostics("arbiter: decision", {"action": action, "source": source}, text)
        write("/arbiter/decision", time, told)
    write("/diagnostics", course.seconds, diagnostics("recorder: recording", {"lost": lost}))
    write("/diagnostics", course.seconds, diagnostics("mpc: faults", dict(acted)))
    of_another = {"recorder: recording": {"lost": 4711}, "mpc: faults": dict.fromkeys(acted, 7)}
    for name, values in of_another.items():
        write("/diagnostics", course.seconds, diagnostics(name, values, robot="/r1"))
    writer.close()


def write_latencies(path, seconds, begun=1e-9 * START, missed=(), woken_late=()):
    """Cycles of 0.7 ms; those missed spend 3 ms in the controller or, if woken late, waiting."""
    log = LatencyLog(1 << 15)
    for k in range(round(seconds / 0.002)):
        t = begun + 0.002 * k
        wait = 3e-3 if k in woken_late else 1e-4
        controller = 3e-3 if k in missed and k not in woken_late else 4e-4
        late = k in missed or k in woken_late
        end = t + wait + 6e-4
        log.append(
            LatencySample(
                k, "mpc", t, t, t + wait, end, end + 1e-4, late, 5, controller_time=controller
            )
        )
    log.save(path)
