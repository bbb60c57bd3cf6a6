"""Every topic and service of the graph, once: docs/interfaces.md is printed from these tables.

Names without a leading slash live in the robot's namespace, so that two robots share a domain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from wm_control.drivers import ARBITER, MPC, POLICY
from wm_control.errors import ParameterError


class Flow(Enum):
    """How a topic flows, and the quality of service that follows for publisher and consumers.

    STREAM: fast samples; the publisher keeps a second for a reliable recorder, control takes the
    newest and never waits for an old one. PROPOSED: as a stream, but control takes all, so that a
    rival's message does not push out the one that counts before it is taken. EVENT: rare, none may
    be lost. LATCHED: the last one is delivered to whoever comes later. COMMAND: from people and
    tools, any reliability is heard.
    """

    STREAM = "stream"
    PROPOSED = "proposed"
    EVENT = "event"
    LATCHED = "latched"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Quality:
    """DDS quality of service in plain words."""

    reliable: bool
    depth: int
    latched: bool = False

    def __str__(self) -> str:
        """For tables."""
        reliability = "reliable" if self.reliable else "best effort"
        return f"{reliability}, {self.depth}{', latched' if self.latched else ''}"


PUBLISHER = {
    Flow.STREAM: Quality(True, 500),
    Flow.PROPOSED: Quality(True, 500),
    Flow.EVENT: Quality(True, 50),
    Flow.LATCHED: Quality(True, 1, latched=True),
    Flow.COMMAND: Quality(True, 1),
}
SUBSCRIBER = {
    Flow.STREAM: Quality(False, 1),
    Flow.PROPOSED: Quality(False, 20),
    Flow.EVENT: Quality(True, 50),
    Flow.LATCHED: Quality(True, 1, latched=True),
    Flow.COMMAND: Quality(False, 1),
}


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: what it carries, how often, from whom, for whom."""

    name: str
    type: str
    flow: Flow
    rate: str
    publisher: str
    subscribers: str
    carries: str


JOINT_STATES = Topic(
    "joint_states",
    "sensor_msgs/msg/JointState",
    Flow.STREAM,
    "500 Hz",
    "robot",
    "state_estimator (alone), any tool",
    "name; position [rad], velocity [rad/s], effort: torque estimated by the drives [N·m]; "
    "stamp of measurement",
)
IMU = Topic(
    "imu/data",
    "sensor_msgs/msg/Imu",
    Flow.STREAM,
    "500 Hz",
    "robot",
    "state_estimator (alone)",
    "frame `imu_link`: orientation xyzw (heading arbitrary), angular velocity [rad/s], specific "
    "force [m/s²]; covariances zero: unknown (REP-145)",
)
STARTED = Topic(
    "robot/started",
    "std_msgs/msg/Header",
    Flow.LATCHED,
    "once, and when it is reset",
    "robot",
    "state_estimator (alone)",
    "stamp that a run begins with: samples from there on are of a robot that was put somewhere "
    "else, and whoever estimates begins anew; no frame",
)
ODOM = Topic(
    "odom",
    "nav_msgs/msg/Odometry",
    Flow.STREAM,
    "500 Hz",
    "state_estimator",
    "any tool",
    "frame `odom`, child `base_link` (pelvis): pose in odom, twist in base_link axes, both with "
    "covariance (REP-105)",
)
LEFT_WRENCH = Topic(
    "l_sole/wrench",
    "geometry_msgs/msg/WrenchStamped",
    Flow.STREAM,
    "125 Hz; alone or with a policy 500",
    "state_estimator",
    "any tool",
    "frame `l_sole`: ESTIMATED force [N] and torque [N·m] of the ground on the left sole, in that "
    "frame and about its origin; the robot has no force sensors",
)
RIGHT_WRENCH = Topic(
    "r_sole/wrench",
    "geometry_msgs/msg/WrenchStamped",
    Flow.STREAM,
    "125 Hz; alone or with a policy 500",
    "state_estimator",
    "any tool",
    "frame `r_sole`: as l_sole/wrench, right sole",
)
ESTIMATE = Topic(
    "state_estimator/estimate",
    "std_msgs/msg/Float64MultiArray",
    Flow.STREAM,
    "125 Hz; alone or with a policy 500",
    "state_estimator",
    "mpc, policy, whole_body_controller (alone), arbiter (alone)",
    "the whole estimate with the observation it belongs to, see Layouts",
)
PLAN = Topic(
    "mpc/plan",
    "std_msgs/msg/Float64MultiArray",
    Flow.PROPOSED,
    "125 Hz",
    "mpc",
    "whole_body_controller",
    "footsteps, timing and centre of pressure, see Layouts",
)
PROPOSAL = Topic(
    "mpc/joint_command",
    "std_msgs/msg/Float64MultiArray",
    Flow.PROPOSED,
    "125 Hz; alone 500",
    "whole_body_controller",
    "arbiter (alone)",
    "what the model-based controller proposes, driving or in shadow, see Layouts; composed, the "
    "arbiter has it in memory",
)
POLICY_PROPOSAL = Topic(
    "policy/joint_command",
    "std_msgs/msg/Float64MultiArray",
    Flow.PROPOSED,
    "50 Hz, the policy's own rate",
    "policy",
    "arbiter",
    "the learned policy's proposal, see Layouts; its figures: novelty, steps, clock, which policy",
)
JOINT_COMMAND = Topic(
    "joint_command",
    "std_msgs/msg/Float64MultiArray",
    Flow.STREAM,
    "500 Hz",
    "arbiter",
    "robot (alone), policy, whole_body_controller (alone)",
    "q, dq, kp, kd, tau of all joints in one message, see Layouts",
)
CMD_VEL = Topic(
    "cmd_vel",
    "geometry_msgs/msg/Twist",
    Flow.COMMAND,
    "at least 2 Hz",
    "wm teleop, teleop_twist_keyboard, velocity_source, you",
    "arbiter",
    "linear.x forward, linear.y left [m/s], angular.z [rad/s] in the heading-aligned base frame; "
    "silent for 0.5 s: stop; not finite: refused, stop; of Twist and "
    "TwistStamped the type heard first, as long as anybody sends it",
)
EMERGENCY_STOP = Topic(
    "emergency_stop",
    "std_msgs/msg/Empty",
    Flow.COMMAND,
    "when you want it",
    "you",
    "arbiter",
    "does what `arbiter/stop` does, for who cannot wait for an answer; heard reliably as well, "
    "where it is offered so",
)
VELOCITY = Topic(
    "arbiter/velocity",
    "std_msgs/msg/Float64MultiArray",
    Flow.STREAM,
    "125 Hz; alone or with a policy 500",
    "arbiter",
    "mpc, policy, whole_body_controller (alone)",
    "the velocity that drivers follow: cmd_vel as the gate admits it, see Layouts",
)
DECISION = Topic(
    "arbiter/decision",
    "diagnostic_msgs/msg/DiagnosticArray",
    Flow.EVENT,
    "on change, else 10 Hz",
    "arbiter",
    "any tool",
    "status[0]: level, message = action and worst cause, values action, source, armed ...; then "
    "one status per active rule with value and limit, and one per controller with what it proposes",
)
ROBOT_DESCRIPTION = Topic(
    "robot_description",
    "std_msgs/msg/String",
    Flow.LATCHED,
    "once",
    "robot",
    "robot_state_publisher, RViz",
    "URDF, with meshes",
)
GROUND_TRUTH = Topic(
    "ground_truth/odom",
    "nav_msgs/msg/Odometry",
    Flow.STREAM,
    "50 Hz, simulation only, on request",
    "robot",
    "evaluators; never a controller",
    "true pose of `base_link` in the simulator's world, true twist in base_link axes",
)
LATENCY = Topic(
    "control/latency",
    "std_msgs/msg/Float64MultiArray",
    Flow.STREAM,
    "10 Hz",
    "robot",
    "recorder",
    "latency samples of 50 control cycles at a time, see Layouts",
)
DIAGNOSTICS = Topic(
    "/diagnostics",
    "diagnostic_msgs/msg/DiagnosticArray",
    Flow.EVENT,
    "1 Hz per node",
    "all nodes",
    "rqt_robot_monitor, any tool",
    "health of every node with its numbers; hardware_id is the robot's namespace and name",
)
CLOCK = Topic(
    "/clock",
    "rosgraph_msgs/msg/Clock",
    Flow.STREAM,
    "500 Hz, simulation only, on request",
    "robot",
    "nodes with use_sim_time",
    "simulated time since the robot was first reset; the stamps of all samples are then simulated "
    "time as well",
)

AGGREGATED = Topic(
    "diagnostics_agg",
    "diagnostic_msgs/msg/DiagnosticArray",
    Flow.EVENT,
    "1 Hz",
    "robot",
    "rqt_robot_monitor, any tool",
    "/diagnostics of this robot as a tree, `/PROCESS/NODE/PART`: each branch as bad as its worst "
    "leaf; what has not been heard for 5 s is STALE, which is worse than WARN and better than "
    "ERROR",
)
TF = Topic(
    "tf",
    "tf2_msgs/msg/TFMessage",
    Flow.STREAM,
    "62.5 Hz while anybody subscribes",
    "state_estimator",
    "RViz, Foxglove, any tool",
    "`odom` to `base_link` and every moving link in its parent, by one estimate and with its stamp",
)
TF_STATIC = Topic(
    "tf_static",
    "tf2_msgs/msg/TFMessage",
    Flow.LATCHED,
    "once",
    "state_estimator",
    "RViz, Foxglove, any tool",
    "`base_link` to the root of the URDF (`pelvis`), `imu_link`, `l_sole` and `r_sole`",
)
PLAN_MARKERS = Topic(
    "mpc/markers",
    "visualization_msgs/msg/MarkerArray",
    Flow.STREAM,
    "10 Hz while anybody subscribes",
    "mpc",
    "RViz, Foxglove",
    "`footsteps`: the sole that carries and the three to come; `dcm`: now and at touchdown; "
    "`pressure`: where its centre is wanted",
)
BALANCE_MARKERS = Topic(
    "state_estimator/markers",
    "visualization_msgs/msg/MarkerArray",
    Flow.STREAM,
    "10 Hz while anybody subscribes",
    "state_estimator",
    "RViz, Foxglove",
    "whoever drives: `dcm`, and `capture_region`: outlines, in any of which it is still caught by "
    "steps (`capture_margin` not negative)",
)

FAULTS = Topic(
    "faults/inject",
    "std_msgs/msg/String",
    Flow.EVENT,
    "when you want one",
    "you",
    "robot, mpc, policy",
    "a fault, TARGET:VERB[=VALUE]@T[+DURATION], T seconds from when it is heard; injected by the "
    "node whose path it is on, where its process was started with `--faults`",
)

DISTURBANCES = Topic(
    "disturbances/inject",
    "std_msgs/msg/String",
    Flow.EVENT,
    "when you want one",
    "you",
    "robot",
    "simulation only: push=FORWARD,LEFT[,UP][@PHASE] [N·s] at the pelvis within 0.1 s, now or "
    "at a phase of the stride; payload=MASS [kg], its weight at the torso; friction=VALUE of the "
    "ground; both until the robot is reset",
)

TOPICS: tuple[Topic, ...] = (
    JOINT_STATES,
    IMU,
    STARTED,
    ODOM,
    LEFT_WRENCH,
    RIGHT_WRENCH,
    ESTIMATE,
    PLAN,
    PROPOSAL,
    POLICY_PROPOSAL,
    JOINT_COMMAND,
    CMD_VEL,
    EMERGENCY_STOP,
    VELOCITY,
    DECISION,
    ROBOT_DESCRIPTION,
    GROUND_TRUTH,
    LATENCY,
    DIAGNOSTICS,
    AGGREGATED,
    TF,
    TF_STATIC,
    PLAN_MARKERS,
    BALANCE_MARKERS,
    FAULTS,
    DISTURBANCES,
    CLOCK,
)

FOR_VIEWERS: tuple[Topic, ...] = (TF, TF_STATIC, PLAN_MARKERS, BALANCE_MARKERS)
"""Topics without which the robot walks as well: left out where their types cannot be had."""

RECORDED: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic is not CLOCK)
"""What goes into a bag unless other topics are named: everything but the clock."""

SETUP = Topic(
    "control/setup",
    "std_msgs/msg/String",
    Flow.LATCHED,
    "once, first",
    "whoever records cycles",
    "wm replay",
    "JSON: what the loop was built from: robot, joints, drivers, all parameters, seed, versions",
)
CYCLES = Topic(
    "control/cycles",
    "std_msgs/msg/UInt8MultiArray",
    Flow.STREAM,
    "500 Hz",
    "whoever records cycles",
    "wm replay",
    "all that one cycle heard, believed and decided, exactly, see Layouts",
)
EVALUATION = Topic(
    "evaluation/cycles",
    "std_msgs/msg/UInt8MultiArray",
    Flow.STREAM,
    "500 Hz, lock-step only",
    "wm walk",
    "wm replay",
    "what the evaluator knew of that cycle, with the whole truth where it looked, see Layouts",
)
VERDICT = Topic(
    "evaluation/verdict",
    "std_msgs/msg/String",
    Flow.LATCHED,
    "once, last, lock-step only",
    "wm walk",
    "wm replay",
    "JSON: what was said of the episode, and the facts that it was said on",
)

JUDGED: tuple[Topic, ...] = (SETUP, CYCLES, EVALUATION, VERDICT)
"""Of bags alone, in which a run can be judged again; nobody publishes them."""

STEERING: tuple[Topic, ...] = (
    ESTIMATE,
    VELOCITY,
    PLAN,
    PROPOSAL,
    POLICY_PROPOSAL,
    JOINT_COMMAND,
)
"""Topics that the robot is steered by: one publisher each; whoever else publishes is a rival."""

PROPOSALS: Mapping[str, Topic] = {MPC: PROPOSAL, POLICY: POLICY_PROPOSAL}
"""By driver, of those that come with us."""


def proposal_topic(driver: str) -> Topic:
    """Return the topic of a driver's proposals, ours or anybody's: ``DRIVER/joint_command``.

    ParameterError for a name that no driver can have.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", driver) or driver == ARBITER:
        bound = f"must be a lower-case word, and not {ARBITER}"
        raise ParameterError("driver", driver, bound)
    others = replace(PROPOSAL, name=f"{driver}/joint_command", publisher=driver)
    return PROPOSALS.get(driver, others)


def steers(topic: Topic) -> bool:
    """Whether the robot is steered by it: proposals of any driver are among these."""
    return topic in STEERING or topic.flow is Flow.PROPOSED


@dataclass(frozen=True, slots=True)
class Service:
    """One service, all of type std_srvs/srv/Trigger."""

    name: str
    node: str
    does: str


ARM = Service(
    "arbiter/arm",
    "arbiter",
    "let the controller drive; refused, with the cause, while anything is wrong",
)
STOP = Service(
    "arbiter/stop",
    "arbiter",
    "damping in the next cycle, until cleared and then armed; not success "
    "while the control loop does not answer, which heeds it first of all",
)
CLEAR = Service("arbiter/clear", "arbiter", "release latched causes that are no longer true")
PREFER = Service(
    "arbiter/prefer_DRIVER",
    "arbiter",
    "for each of several that may drive: it is wanted most from now on, and takes over as a "
    "preferred driver does, fit and after the dwell",
)
RESET = Service("robot/reset", "robot", "simulation only: start again from the default posture")
READY = Service(
    "robot/ready",
    "robot",
    "real robot only: it is taken from its own controller and led to the standing posture; what "
    "hinders that is on `arbiter/decision` (`not_ready`) and /diagnostics",
)
GIVE_BACK = Service(
    "robot/give_back", "robot", "real robot only: its own controller gets it again, damped"
)

SERVICES: tuple[Service, ...] = (ARM, STOP, CLEAR, PREFER, RESET, READY, GIVE_BACK)


def prefer_service(driver: str) -> Service:
    """Return the service that prefers one driver."""
    return replace(PREFER, name=f"arbiter/prefer_{driver}")
