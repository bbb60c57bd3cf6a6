"""What this machine has, lacks, and how to get it: judgements on the facts in ``machine.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rich.table import Table

from wm_bringup.host.extras import remedy
from wm_bringup.host.machine import Library, Machine

PYTHON_VERSIONS: Final = ("3.10", "3.11", "3.12")
MINIMUM_CORES: Final = 2

ROOMY_CORES: Final = 4
"""On so many no core is ever near to all real time."""

IDLE_LOAD_PER_CORE: Final = 0.25
MINIMUM_RESULTS_SPACE: Final = 2.0
"""Free space for bags and reports [GiB]."""

LARGEST_LATENESS: Final = 0.001
"""Half a control period: more than the loop has left of one [s]."""

LIMITS_ADVICE: Final = (
    "add '<your login> - {item} {value}' to /etc/security/limits.d/wm_humanoid.conf and log in "
    "again"
)

MARKS: Final = {
    (True, True): ("ok", ""),
    (True, False): ("ok", ""),
    (False, False): ("--", "yellow"),
    (False, True): ("NO", "bold red"),
}
"""Mark and style of a check in the table, by (ok, required)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    found: what is there. ok: it is as it should be. required: without it nothing runs; otherwise
    things run, less well. advice: what to do, empty when ok.
    """

    name: str
    ok: bool
    found: str
    advice: str = ""
    required: bool = True


def diagnose(machine: Machine) -> tuple[Check, ...]:
    """Judge every fact about this machine."""
    return (
        check_python(machine),
        *(check_library(library) for library in machine.libraries),
        check_rclpy(machine),
        check_node(machine),
        check_middleware(machine),
        check_discovery(machine),
        check_ros2_command(machine),
        check_robot(machine),
        check_configuration(machine),
        check_results_space(machine),
        check_cores(machine),
        check_load(machine),
        check_real_time(machine),
        check_throttling(machine),
        check_memory_lock(machine),
        check_wake_up(machine),
    )


def healthy(checks: tuple[Check, ...]) -> bool:
    """Return True if everything required is there."""
    return all(check.ok for check in checks if check.required)


def check_python(machine: Machine) -> Check:
    """Check that Python is a version that the libraries support."""
    found = ".".join(map(str, machine.python))
    ok = found.rsplit(".", 1)[0] in PYTHON_VERSIONS
    return Check("python", ok, found, "" if ok else f"use Python {', '.join(PYTHON_VERSIONS)}")


def check_library(library: Library) -> Check:
    """Check that a library is there and imports."""
    name = f"library {library.distribution}"
    if not library.error:
        return Check(name, True, library.version or "version unknown", required=library.required)
    advice = remedy(library.distribution)
    return Check(name, False, library.error, advice, required=library.required)


def check_rclpy(machine: Machine) -> Check:
    """Check for exactly one rclpy: of the sourced ROS 2, or without one of the wheels."""
    distribution = machine.environment.get("ROS_DISTRO", "")
    if not machine.rclpy_file:
        return Check(
            "rclpy",
            False,
            machine.node_error,
            "source /opt/ros/jazzy/setup.bash, or without ROS 2 run 'make venv', or "
            "'python3 -m pip install wm_humanoid[ros-wheels]'",
        )
    from_wheels = machine.ros_wheels and machine.rclpy_file.startswith(machine.prefix)
    if from_wheels:
        return Check("rclpy", True, "from wheels (no ROS 2 installation needed)")
    found = f"from ROS 2 {distribution or '(unknown distribution)'}, {machine.rclpy_file}"
    if machine.ros_wheels:
        advice = (
            "ROS wheels lie beside a sourced ROS 2; remove them: 'make clean', then 'make venv'"
        )
        return Check("rclpy", False, found, advice)
    if distribution != "jazzy":
        return Check("rclpy", False, found, "only ROS 2 Jazzy is tested", required=False)
    return Check("rclpy", True, found)


def check_node(machine: Machine) -> Check:
    """Check that a node can be made."""
    if not machine.node_error:
        return Check("ROS node", True, "made and destroyed")
    return Check(
        "ROS node",
        False,
        machine.node_error,
        "if the text above names a middleware, unset RMW_IMPLEMENTATION; if shared memory, "
        "free space in /dev/shm",
    )


def check_middleware(machine: Machine) -> Check:
    """Check for Fast DDS, with which everything was measured."""
    ok = machine.middleware == "rmw_fastrtps_cpp"
    advice = "" if ok else "timing was measured with Fast DDS: RMW_IMPLEMENTATION=rmw_fastrtps_cpp"
    return Check("middleware", ok, machine.middleware or "none", advice, required=False)


def check_discovery(machine: Machine) -> Check:
    """Check that nobody else on the network can command the robot by accident."""
    reach = machine.environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    domain = machine.environment.get("ROS_DOMAIN_ID", "0")
    found = f"{reach}, domain {domain}"
    if "ROS_LOCALHOST_ONLY" in machine.environment:
        advice = "ROS_LOCALHOST_ONLY is deprecated and overrides the discovery range: unset it"
        return Check("DDS discovery", False, found, advice, required=False)
    ok = reach in {"LOCALHOST", "OFF"}
    advice = (
        ""
        if ok
        else "anyone on this network in the same domain can command the robot: export "
        "ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST, or a ROS_DOMAIN_ID of your own"
    )
    return Check("DDS discovery", ok, found, advice, required=False)


def check_ros2_command(machine: Machine) -> Check:
    """Check for the ROS 2 command line tools, which are handy, not needed."""
    ok = bool(machine.ros2_command)
    advice = "" if ok else "without it use 'wm run' in place of 'ros2 launch'"
    return Check("ros2 command", ok, machine.ros2_command or "not on PATH", advice, required=False)


def check_robot(machine: Machine) -> Check:
    """Check that the description of the robot loads that commands mean."""
    ok = not machine.robot_error
    advice = (
        "" if ok else "reinstall: its URDF comes with example-robot-data, the rest with config/"
    )
    return Check("robot description", ok, machine.robot or machine.robot_error, advice)


def check_configuration(machine: Machine) -> Check:
    """Check that every shipped configuration file is readable."""
    errors = machine.configuration_errors
    ok = machine.configuration_files > 0 and not errors
    found = "; ".join(errors) or f"{machine.configuration_files} files"
    return Check("configuration", ok, found, "" if ok else "correct or restore the files named")


def check_results_space(machine: Machine) -> Check:
    """Check that there is room for bags and reports."""
    if machine.results_free < 0:
        return Check("results", False, machine.results, "cannot be written: run elsewhere")
    ok = machine.results_free >= MINIMUM_RESULTS_SPACE
    advice = "" if ok else f"free some space: {MINIMUM_RESULTS_SPACE:.0f} GiB hold a long recording"
    found = f"{machine.results_free:.1f} GiB free for {machine.results}"
    return Check("results", ok, found, advice, required=False)


def check_cores(machine: Machine) -> Check:
    """Check for one core for control and one for simulation and planning."""
    ok = machine.cores >= MINIMUM_CORES
    advice = "" if ok else f"real time needs {MINIMUM_CORES} cores; 'wm walk' runs on one"
    return Check("cores", ok, str(machine.cores), advice, required=False)


def check_load(machine: Machine) -> Check:
    """Check that other programs leave the cores to the robot."""
    ok = machine.load <= IDLE_LOAD_PER_CORE * machine.cores
    advice = "" if ok else "other programs will cost deadlines: close them before 'wm demo'"
    return Check("load", ok, f"{machine.load:.2f}", advice, required=False)


def check_real_time(machine: Machine) -> Check:
    """Check that the control thread can run with SCHED_FIFO."""
    ok = not machine.fifo_error
    advice = "" if ok else LIMITS_ADVICE.format(item="rtprio", value=80)
    found = "SCHED_FIFO granted" if ok else f"SCHED_FIFO refused: {machine.fifo_error}"
    return Check("real-time scheduling", ok, found, advice, required=False)


def check_throttling(machine: Machine) -> Check:
    """Check that, where cores are few, real-time threads are not taken theirs from.

    Linux does so for the rest of a second of which they have used the share.
    """
    ok = machine.real_time_share >= 1.0 or machine.cores >= ROOMY_CORES
    advice = (
        ""
        if ok
        else "a core that real time keeps busy stands still for up to "
        f"{1e3 * (1.0 - machine.real_time_share):.0f} ms a second: "
        "sysctl -w kernel.sched_rt_runtime_us=-1"
    )
    found = f"{100.0 * machine.real_time_share:.0f} % of each second"
    return Check("real-time share", ok, found, advice, required=False)


def check_memory_lock(machine: Machine) -> Check:
    """Check that the control process can keep its memory from being paged out."""
    ok = not machine.memory_lock_error
    advice = "" if ok else LIMITS_ADVICE.format(item="memlock", value="unlimited")
    found = "mlockall granted" if ok else f"mlockall refused: {machine.memory_lock_error}"
    return Check("memory locking", ok, found, advice, required=False)


def check_wake_up(machine: Machine) -> Check:
    """Check that the kernel, and the host of a virtual machine, wake a waiting thread on time."""
    ok = machine.wake_up_worst <= LARGEST_LATENESS
    advice = (
        ""
        if ok
        else "the machine itself stops for longer than a control cycle: such deadlines nobody can "
        "keep; close other programs, or leave a shared virtual machine for one of your own"
    )
    found = (
        f"at most {1e3 * machine.wake_up_worst:.1f} ms late, median "
        f"{1e3 * machine.wake_up_median:.2f} ms, of {machine.wake_ups}"
    )
    return Check("wake-up on time", ok, found, advice, required=False)


def table(checks: tuple[Check, ...]) -> Table:
    """Lay the checks out for a terminal; what is not as it should be carries its advice."""
    result = Table("", "check", box=None, pad_edge=False)
    for heading in ("found", "advice"):
        result.add_column(heading, overflow="fold")
    for check in checks:
        mark, style = MARKS[check.ok, check.required]
        result.add_row(mark, check.name, check.found, check.advice, style=style)
    return result
