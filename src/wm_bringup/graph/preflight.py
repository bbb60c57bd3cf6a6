"""What would fail once the processes of a graph run, looked at before the first of them starts."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

from wm_bringup.cycle.stack import safety_parameters
from wm_bringup.faults.presence import check_fault
from wm_bringup.faults.sensors import SensorLayout
from wm_bringup.graph.processes import RECORD_ANYWHERE, GraphArguments, path_faults
from wm_bringup.host.extras import remedy
from wm_bringup.host.log_directory import check_log_directory
from wm_bringup.host.output import check_file, check_folder
from wm_bringup.robots.simulated import check_engine
from wm_bringup.robots.simulation.body import SimulatedBody, mismatches
from wm_bringup.scenarios.scenario import load_scenario
from wm_control.arbiter.velocity_gate import reduction
from wm_control.drivers import MPC, POLICY
from wm_control.errors import ParameterError, WmError
from wm_control.robot.description import load_robot
from wm_control.types import Action, VelocityCommand

ORIGIN = "arguments"

LAST_DOMAIN = 232
"""Beyond it the ports of DDS would be higher than any port is."""


class PreflightError(WmError):
    """The graph could start, but not come up."""


def preflight(arguments: GraphArguments, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse what cannot come up or would have no effect; the WmError says why and the cure."""
    _check_ros(environment)
    for check in CHECKS:
        check(arguments)
    if arguments.gui and not environment.get("DISPLAY"):
        raise PreflightError(
            "gui: there is no display (DISPLAY is not set): run without it, or log in with ssh -X"
        )


def _check_ros(environment: Mapping[str, str]) -> None:
    if find_spec("rclpy") is None:
        raise PreflightError(
            "there is no rclpy: source /opt/ros/jazzy/setup.bash, or without ROS 2 run 'make venv'"
        )
    check_log_directory(environment)
    domain = environment.get("ROS_DOMAIN_ID", "") or "0"
    if not (domain.isdecimal() and int(domain) <= LAST_DOMAIN):
        raise PreflightError(
            f"ROS_DOMAIN_ID={domain}: must be a whole number from 0 to {LAST_DOMAIN}"
        )


def _check_policy(arguments: GraphArguments) -> None:
    """See that the policy is there, and that an overlay has something to lie over."""
    if arguments.overlay and POLICY not in arguments.controllers:
        expected = "no effect without a policy to complete: name one, or take it away"
        raise ParameterError("overlay", arguments.overlay, expected, ORIGIN)
    if arguments.policy and not Path(arguments.policy).exists():
        raise ParameterError(
            "policy", arguments.policy, f"no such file or folder (from {Path.cwd()})", ORIGIN
        )
    if arguments.overlay and not Path(arguments.overlay).is_file():
        raise ParameterError(
            "overlay", arguments.overlay, f"no such file (from {Path.cwd()})", ORIGIN
        )


def _check_shadow(arguments: GraphArguments) -> None:
    for name in arguments.drivers:
        if name in arguments.shadow.split():
            expected = f"no effect: {name} drives already"
            raise ParameterError("shadow", arguments.shadow, expected, ORIGIN)


def _check_robot(arguments: GraphArguments) -> None:
    scenario, description = load_scenario(arguments.scenario), load_robot(arguments.robot)
    if arguments.backend == "simulated":
        SimulatedBody(description, scenario)
        check_engine(arguments.engine, gui=arguments.gui)
    waiting = [push.phase for push in scenario.pushes if push.phase is not None]
    if MPC not in arguments.controllers and waiting:
        expected = "no phase: it is not known when a policy steps"
        raise ParameterError("pushes.phase", waiting[0], expected, arguments.scenario)
    if scenario.tour is not None:
        expected = "no effect: whoever asks for velocities in real time goes by no tour"
        raise ParameterError("tour", "waypoints", expected, arguments.scenario)
    if scenario.wishes:
        expected = "no effect: an operator in real time wishes for himself"
        raise ParameterError("wishes.0", scenario.wishes[0].driver, expected, arguments.scenario)


def _check_faults(arguments: GraphArguments) -> None:
    """Refuse a fault of what is not in this graph."""
    layout = SensorLayout(load_robot(arguments.robot).joint_names)
    for fault in path_faults(arguments):
        check_fault(fault, arguments.controllers, layout, origin=ORIGIN)


def _check_backend(arguments: GraphArguments) -> None:
    """Refuse to show, to disturb or to vary by chance a robot that has no physics of ours."""
    if arguments.real and not arguments.interface:
        expected = "must name the network interface on which the robot is (ip link shows them)"
        raise ParameterError("interface", "", expected, ORIGIN)
    network = {"interface": arguments.interface, "robot_domain": arguments.robot_domain}
    if arguments.backend == "simulated":
        _refuse_meaningless(network, arguments.backend)
        return
    meaningless = {
        "scenario": arguments.scenario,
        "engine": arguments.engine if arguments.engine != GraphArguments().engine else "",
        "seed": arguments.seed if not arguments.faults else 0,
        "gui": arguments.gui,
        "truth": arguments.truth,
    }
    of_backend = {"clock": arguments.clock, "fault": arguments.fault} if arguments.real else network
    _refuse_meaningless(meaningless | of_backend, arguments.backend)


def _refuse_meaningless(arguments: Mapping[str, object], backend: str) -> None:
    """Refuse the first argument that was given and has no effect."""
    for name, value in arguments.items():
        if value:
            raise ParameterError(name, value, f"no effect with backend '{backend}'", ORIGIN)


def _check_outputs(arguments: GraphArguments) -> None:
    """Folder of the bag and file of the latencies must be writable."""
    if arguments.record.lower() in RECORD_ANYWHERE:
        check_folder(Path.cwd(), "record")
    elif arguments.record:
        check_folder(Path(arguments.record), "record", new=True)
    if arguments.trips and arguments.trips.lower() not in RECORD_ANYWHERE:
        check_folder(Path(arguments.trips), "trips")
    if arguments.cycles:
        check_folder(Path(arguments.cycles), "cycles", new=True)
    if arguments.latency:
        check_file(Path(arguments.latency), "latency", ".npz")


def _check_view(arguments: GraphArguments) -> None:
    """See that there is what the page is made with, and a page where it is asked for."""
    if arguments.view and find_spec("viser") is None:
        raise PreflightError(f"view: the library viser is not installed: {remedy('viser')}")
    where = {"view_host": arguments.view_host, "view_port": arguments.view_port}
    for name, value in where.items():
        if not arguments.view and value != getattr(GraphArguments(), name):
            raise ParameterError(name, value, "no effect without view", ORIGIN)


CHECKS = (
    _check_shadow,
    _check_policy,
    _check_robot,
    _check_faults,
    _check_backend,
    _check_outputs,
    _check_view,
)
"""What is looked at, in this order."""


def _reduction(arguments: GraphArguments) -> str:
    """Say how much of the velocity argument the gate will give; empty when all of it, or none."""
    if not arguments.velocity:
        return ""
    command = VelocityCommand(*map(float, arguments.velocity.split()))
    safety = safety_parameters(arguments.robot)
    envelope = safety.envelope_of(arguments.drivers[0])
    return reduction(command, safety.velocity, Action.NOMINAL, envelope)


def hints(arguments: GraphArguments) -> Iterator[str]:
    """Say how this robot is driven and stopped, for people in front of ``wm run``."""
    space = f"/{arguments.namespace}" if arguments.namespace else ""
    yield "wm: up; Ctrl-C here damps the robot and stops everything"
    if arguments.real and not arguments.arms:
        yield (
            f"wm: nothing is sent yet; take the robot over and stand it up: {space}/robot/ready "
            f"(std_srvs/Trigger); give it back: {space}/robot/give_back"
        )
    if not arguments.arms:
        yield f"wm: arm it: call {space}/arbiter/arm (std_srvs/Trigger); until then it is held"
    if not arguments.velocity:
        remap = f" --ros-args -r __ns:={space}" if space else ""
        yield (
            f"wm: drive it: geometry_msgs/Twist or TwistStamped on {space}/cmd_vel, at least every "
            "0.5 s, e.g. from another terminal: ros2 run teleop_twist_keyboard "
            f"teleop_twist_keyboard{remap}"
        )
        named = f" --namespace {arguments.namespace}" if space else ""
        yield (
            f"wm: without ros2, keys or a gamepad: {sys.executable} -m wm_bringup.cli teleop{named}"
        )
    yield f"wm: stop it: call {space}/arbiter/stop; go on with {space}/arbiter/clear and arm"
    if less := _reduction(arguments):
        yield f"wm: {less}"
    yield from (f"wm: {arguments.robot}: {line}" for line in load_robot(arguments.robot).assumed)
    scenario = load_scenario(arguments.scenario)
    if arguments.backend == "simulated":
        yield from (f"wm: {line}" for line in mismatches(arguments.robot, scenario))
    if scenario.velocity:
        yield (
            f"wm: the velocities of scenario '{scenario.name}' are for wm walk: here it is driven "
            "by velocity and cmd_vel only"
        )
