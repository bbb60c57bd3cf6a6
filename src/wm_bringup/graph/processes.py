"""The graph of processes, described once: ``wm run`` and launch/sim.launch.py both start this.

control (robot, state_estimator, whole_body_controller, arbiter)   one process, 500 Hz
mpc                                                                 the planner, 125 Hz
policy                                                              when one drives or is in shadow
recorder, velocity_source, view                                     when asked for
"""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Literal

from pydantic import Field, TypeAdapter, field_validator
from pydantic.dataclasses import dataclass as validated

from wm_bringup.faults.fault import Fault, parse_all
from wm_bringup.faults.meanings import PLAN, TIMING
from wm_bringup.host import cores
from wm_bringup.host.log_directory import log_directory
from wm_bringup.robots.simulated import EngineName
from wm_bringup.scenarios.scenario import load_scenario
from wm_bringup.wire.topics import RECORDED, Topic
from wm_control.configuration.parameters import STRICT, load_parameters
from wm_control.configuration.share import DEFAULT_ROBOT, ROBOT_HELP, config_file
from wm_control.drivers import DRIVERS, HYBRID, MPC, POLICY, preference_of, read_preference
from wm_control.errors import ParameterError

FAULTS_ALLOWED = ("simulated", "mock")
"""Backends whose processes may be asked for faults; one that is not here is a real robot."""

LOCALHOST, VIEW_PORT = "127.0.0.1", 8080
"""Where the page of a robot is unless asked otherwise: reached from this machine only."""

RECORD_ANYWHERE = ("true", "auto")
"""Values of ``record`` and ``trips`` that leave the folder's name to us."""


def _known_driver(name: str) -> str:
    if name not in DRIVERS:
        raise ValueError(f"must be one of {', '.join(DRIVERS)}")
    return name


@validated(frozen=True, slots=True, config=STRICT)
class GraphArguments:
    """What can be chosen about a graph; the launch arguments and the options of ``wm run``."""

    controller: str = Field(
        default=MPC,
        description=f"who drives: {', '.join(DRIVERS)}, {HYBRID}, or A+B: the first one while it "
        "can, and the others rescue it",
    )
    policy: str = Field(
        default="",
        description="file of a learned policy: it drives where it may, else it runs in "
        "shadow; empty: our own when a policy drives or is in shadow, else none",
    )
    overlay: str = Field(
        default="", description="manifest that says what the policy's own file does not"
    )
    shadow: str = Field(
        default="",
        description="controllers that propose beside the driver and are not followed, by name; "
        "empty: only a policy that is named and does not drive",
    )
    robot: str = Field(default=DEFAULT_ROBOT, description=ROBOT_HELP)
    backend: Literal["simulated", "mock", "unitree"] = Field(
        default="simulated", description="what the robot is: simulated, mock or unitree"
    )
    interface: str = Field(
        default="",
        description="network interface on which a real robot is, by name; lo: an emulated one here",
    )
    robot_domain: int = Field(
        default=0, ge=0, le=232, description="DDS domain of a real robot; not that of ROS"
    )
    engine: EngineName = Field(
        default="pybullet", description="physics of the simulated robot: pybullet or mujoco"
    )
    scenario: str = Field(default="", description="scenario file by name or path; empty: none")
    seed: int = Field(
        default=0, ge=0, description="of the simulated robot, and of what faults lose"
    )
    gui: bool = Field(default=False, description="open the simulator's window")
    arm: bool | None = Field(
        default=None,
        description="arm without waiting for /arbiter/arm; a real robot is then taken over and "
        "stood up unasked as well; empty: in simulation yes, on a real robot no",
    )
    record: str = Field(
        default="",
        description="folder of a new bag, whatever its name looks like; true or auto: one with the "
        "date in its name; empty: no bag",
    )
    trips: str = Field(
        default="true",
        description="folder for a small bag of the 2 s around each trip of the arbiter, the newest "
        "ten of them; true or auto: 'trips' in the folder of ROS's logs; empty: none",
    )
    cycles: str = Field(
        default="",
        description="folder of a new bag of all control cycles, which wm replay judges again; "
        "empty: none",
    )
    velocity: str = Field(
        default="", description="'VX VY WZ' to drive with [m/s, m/s, rad/s]; empty: listen only"
    )
    namespace: str = Field(
        default="", description="of all nodes, so that robots can share a domain"
    )
    clock: bool = Field(default=False, description="publish /clock, and stamp with simulated time")
    truth: bool = Field(default=False, description="publish ground_truth/odom for evaluators")
    latency: str = Field(default="", description="file (.npz) for all latency samples; empty: none")
    loop_core: str = Field(
        default=cores.AUTO,
        description="core that the control loop has for itself: auto (the last one, if there are "
        "several and the loop may run under SCHED_FIFO), none, or its number",
    )
    fault: str = Field(
        default="",
        description="faults to inject beside those of the scenario, apart by spaces, "
        "TARGET:VERB[=VALUE]@T[+DURATION], T seconds after the robot is let go; empty: none",
    )

    view: bool = Field(
        default=False, description="show the robot in the browser, as it goes; needs the extra view"
    )
    view_host: str = Field(
        default=LOCALHOST,
        min_length=1,
        description="address of that page; another one opens it to the network",
    )
    view_port: int = Field(
        default=VIEW_PORT, ge=1, le=65535, description="port of that page, or the next free one"
    )

    @field_validator("arm", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        """Accept empty text for what depends on the robot."""
        return None if value == "" else value

    @property
    def arms(self) -> bool:
        """Whether it arms unasked."""
        return not self.real if self.arm is None else self.arm

    @property
    def real(self) -> bool:
        """Whether the robot may be one that can hurt somebody."""
        return self.backend not in FAULTS_ALLOWED

    @field_validator("controller")
    @classmethod
    def _a_preference(cls, text: str) -> str:
        """Accept who may drive, the most wanted first."""
        return "+".join(read_preference(text))

    @field_validator("shadow")
    @classmethod
    def _drivers(cls, text: str) -> str:
        """Accept names of drivers apart by spaces or commas."""
        return " ".join(_known_driver(name) for name in text.replace(",", " ").split())

    @property
    def drivers(self) -> tuple[str, ...]:
        """Controllers that may drive, the most wanted first."""
        return preference_of(self.controller)

    @property
    def shadows(self) -> tuple[str, ...]:
        """Controllers that never drive and run in the drivers' shadow, each once."""
        named = self.shadow.split() + [POLICY] * bool(self.policy)
        return tuple(name for name in DRIVERS if name in named and name not in self.drivers)

    @property
    def controllers(self) -> tuple[str, ...]:
        """The drivers, and those in their shadow."""
        return (*self.drivers, *self.shadows)

    @field_validator("fault")
    @classmethod
    def _faults(cls, text: str) -> str:
        """Accept faults apart by spaces."""
        return " ".join(fault.text for fault in parse_all(text.split()))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Faults that are asked for, without those of the scenario."""
        return parse_all(self.fault.split())

    @field_validator("velocity")
    @classmethod
    def _three_numbers(cls, text: str) -> str:
        """Accept three numbers apart by spaces or commas."""
        parts = text.replace(",", " ").split()
        if parts and (len(parts) != 3 or not all(isfinite(float(part)) for part in parts)):
            raise ValueError("must be three finite numbers 'VX VY WZ'")
        return " ".join(format(Decimal(part), "f") for part in parts)  # -1e-5 looks like an option

    @field_validator("namespace")
    @classmethod
    def _a_ros_name(cls, text: str) -> str:
        return ros_namespace(text)


def ros_namespace(text: str) -> str:
    """Accept a ROS namespace, with or without slashes around it; ValueError for what is none."""
    name = text.strip("/")
    if name and not re.fullmatch(r"[A-Za-z_]\w*(/[A-Za-z_]\w*)*", name, re.ASCII):
        raise ValueError("must be letters, digits and underscores, not beginning with a digit")
    return name


STOP_SIGNAL = signal.SIGUSR1
"""Makes the control process stop the robot."""

CONTROL_NODES: Mapping[str, tuple[str, ...]] = {MPC: ("whole_body_controller",), POLICY: ()}
"""Nodes of each controller that the control process composes beside those of the robot."""


def control_nodes(controllers: Iterable[str]) -> tuple[str, ...]:
    """Nodes composed in the control process, for the controllers that are in its loop."""
    theirs = (node for name in controllers for node in CONTROL_NODES[name])
    return ("robot", "state_estimator", *theirs, "arbiter")


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the graph.

    executable: as ``ros2 run wm_humanoid`` knows it; module: the same for ``python -m``.
    arguments: of the program. parameters: ROS parameters of its node. nodes: it brings.
    vital: when it ends, so does everything. loss: what follows, in words, when it ends alone.
    last: stopped only after all others have ended.
    """

    name: str
    executable: str
    module: str
    nodes: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    parameters: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    vital: bool = False
    loss: str = ""
    last: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Processes, the namespace they share, and their environment."""

    processes: tuple[Process, ...]
    namespace: str
    environment: Mapping[str, str]

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of all nodes."""
        return tuple(node for process in self.processes for node in process.nodes)


ENVIRONMENT: Mapping[str, str] = {
    "FASTDDS_BUILTIN_TRANSPORTS": "UDPv4",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
}
"""Set for all processes unless the user's environment already says otherwise.

Thread pools of linear algebra only get in the way of matrices this small; robots are not for the
whole network to find unless one asks for that. Fast DDS's shared memory takes locks that it shares
with every subscriber's process: one that is not scheduled while it holds such a lock stalls the
publisher. Sockets never wait.
"""


def graph_arguments(given: Mapping[str, object] | None = None) -> GraphArguments:
    """Read config/graph.yaml, overridden by ``given``; ParameterError for what is not allowed."""
    configured = load_parameters(GraphArguments, config_file("graph.yaml"))
    values = {f.name: getattr(configured, f.name) for f in fields(GraphArguments)}
    return load_parameters(GraphArguments, values | dict(given or {}), origin="arguments")


def path_faults(arguments: GraphArguments) -> tuple[Fault, ...]:
    """All faults that are asked for but those that a simulated robot's sensors have themselves."""
    scripted = parse_all(load_scenario(arguments.scenario).faults)
    return (*(fault for fault in scripted if not fault.of_sensors), *arguments.faults)


def _fault_arguments(arguments: GraphArguments, faults: Iterable[Fault]) -> tuple[str, ...]:
    """Arguments of a process about its faults, and what they lose is drawn from."""
    allowed = [] if arguments.real else ["--faults"]
    own = (f"--fault={fault.text}" for fault in faults)
    return (*own, *allowed, f"--seed={arguments.seed}")


def _faults_of(arguments: GraphArguments, *targets: str) -> Iterator[Fault]:
    """Faults of the process that owns these targets."""
    return (fault for fault in path_faults(arguments) if fault.target in targets)


def typed_arguments(files: Iterable[str], words: Iterable[str]) -> Iterator[str]:
    """Names of the launch arguments typed for these files.

    Where a file is included the arguments are those of another, and none is named. words: typed
    after the file, ``NAME:=VALUE``.
    """
    if {Path(word).name for word in sys.argv} & set(files):
        yield from (word.partition(":=")[0] for word in words if ":=" in word)


def refuse_unknown(names: Iterable[str], known: Sequence[str] | None = None) -> None:
    """ParameterError for the first name that is no argument, with the one that it resembles.

    known: arguments; None: the graph's.
    """
    known = [f.name for f in fields(GraphArguments)] if known is None else known
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f"; did you mean '{near[0]}'?" if near else ""
            raise ParameterError(
                name, "", f"unknown; known: {', '.join(known)}{meant}", "launch arguments"
            )


def argument_defaults() -> dict[str, str]:
    """Name and configured value of every argument, as text."""
    configured = graph_arguments()
    return {f.name: _text(getattr(configured, f.name)) for f in fields(GraphArguments)}


def argument_descriptions() -> dict[str, str]:
    """Name and one sentence of every argument."""
    schema = TypeAdapter(GraphArguments).json_schema()["properties"]
    return {name: str(entry["description"]) for name, entry in schema.items()}


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def describe(arguments: GraphArguments) -> Graph:
    """Describe the graph for these arguments."""
    processes = [_control(arguments)]
    if MPC in arguments.controllers:
        processes.append(_mpc(arguments))
    if POLICY in arguments.controllers:
        processes.append(_policy(arguments))
    if arguments.record:
        processes.append(_recorder(arguments))
    if arguments.velocity:
        processes.append(_velocity_source(arguments))
    if arguments.view:
        processes.append(_view(arguments))
    divided = cores.divided(arguments.loop_core)
    wanted = {**ENVIRONMENT, **(divided.environment if divided else {})}
    environment = {key: os.environ.get(key, value) for key, value in wanted.items()}
    return Graph(tuple(processes), arguments.namespace, environment)


def _control(arguments: GraphArguments) -> Process:
    chosen = {
        "--robot": arguments.robot,
        "--backend": arguments.backend,
        "--engine": arguments.engine,
        "--interface": arguments.interface,
        "--controller": arguments.controller,
        "--policy": arguments.policy and os.path.abspath(arguments.policy),
        "--overlay": arguments.overlay and os.path.abspath(arguments.overlay),
        "--scenario": arguments.scenario,
        "--latency": arguments.latency,
        "--trips": _trips(arguments),
        "--cycles": arguments.cycles,
        "--estimate-every": "1" if POLICY in arguments.controllers else "",
    }
    switches = {
        "--gui": arguments.gui,
        "--arm": arguments.arms,
        "--clock": arguments.clock,
        "--truth": arguments.truth,
    }
    return Process(
        "control",
        "control",
        "wm_bringup.nodes.control",
        control_nodes(arguments.controllers),
        (
            *(f"{key}={value}" for key, value in chosen.items() if value),
            *(f"--shadow={name}" for name in arguments.shadows),
            *(key for key, on in switches.items() if on),
            f"--robot-domain={arguments.robot_domain}",
            *_fault_arguments(arguments, arguments.faults),
        ),
        vital=True,
    )


def _trips(arguments: GraphArguments) -> str:
    """Folder of the bags of trips; empty: none are left."""
    if arguments.trips.lower() not in RECORD_ANYWHERE:
        return arguments.trips
    logs = log_directory(os.environ)
    return str(logs / "trips") if logs else ""


def _mpc(arguments: GraphArguments) -> Process:
    return Process(
        "mpc",
        "mpc",
        "wm_bringup.nodes.mpc",
        ("mpc",),
        (
            f"--robot={arguments.robot}",
            *_fault_arguments(arguments, _faults_of(arguments, PLAN, TIMING)),
        ),
        loss=_loss(
            arguments,
            MPC,
            alone="the robot steps to a stop and stands with the backup planner",
            shadow="the planner is no longer in shadow; whoever drives goes on",
        ),
    )


def _policy(arguments: GraphArguments) -> Process:
    files = {"file": arguments.policy, "overlay": arguments.overlay}
    return Process(
        "policy",
        "policy",
        "wm_bringup.nodes.policy",
        ("policy", "policy_inference"),
        (f"--robot={arguments.robot}", *_fault_arguments(arguments, _faults_of(arguments, POLICY))),
        parameters={key: os.path.abspath(value) for key, value in files.items() if value},
        loss=_loss(
            arguments,
            POLICY,
            alone="the robot holds its posture and is damped",
            shadow="the policy is no longer in shadow; whoever drives goes on",
        ),
    )


def _loss(arguments: GraphArguments, driver: str, *, alone: str, shadow: str) -> str:
    """Say what follows when a driver's process ends: it was the only one, a shadow, or neither."""
    if driver not in arguments.drivers:
        return shadow
    others = [name for name in arguments.drivers if name != driver]
    return f"{' or '.join(others)} drives, with nobody to rescue it" if others else alone


def _recorder(arguments: GraphArguments) -> Process:
    output = "" if arguments.record.lower() in RECORD_ANYWHERE else arguments.record
    return Process(
        "recorder",
        "recorder",
        "wm_bringup.nodes.recorder",
        ("recorder",),
        parameters={
            "topics": resolved(RECORDED, arguments.namespace),
            **({"output": output} if output else {}),
        },
        loss="the robot goes on, unrecorded; the bag is readable up to here",
        last=True,
    )


def resolved(topics: Iterable[Topic], namespace: str) -> tuple[str, ...]:
    """Full names of topics as seen from a namespace."""
    prefix = f"/{namespace}/" if namespace else "/"
    return tuple(t.name if t.name.startswith("/") else f"{prefix}{t.name}" for t in topics)


def _velocity_source(arguments: GraphArguments) -> Process:
    return Process(
        "velocity_source",
        "velocity_source",
        "wm_bringup.nodes.velocity_source",
        ("velocity_source",),
        ("--velocity", *arguments.velocity.split()),
        loss="the robot stops half a second later",
    )


def _view(arguments: GraphArguments) -> Process:
    return Process(
        "view",
        "view",
        "wm_bringup.nodes.view",
        ("view",),
        (
            f"--robot={arguments.robot}",
            f"--host={arguments.view_host}",
            f"--port={arguments.view_port}",
            *(f"--driver={name}" for name in arguments.drivers),
            *(["--simulated"] if arguments.backend == "simulated" else []),
            *(["--real"] if arguments.real else []),
        ),
        loss="the page is gone; the robot goes on",
    )


def parameter_arguments(process: Process) -> tuple[str, ...]:
    """Arguments of ROS that set the parameters of a process; text stays text.

    ROS reads the value of ``-p NAME:=VALUE`` as YAML, in which 1e5, yes, null or "walk #1" are not
    the text that they look like. In double quotes, as JSON writes them, they are.
    """
    return tuple(
        part
        for key, value in process.parameters.items()
        for part in ("-p", f"{key}:={_quoted(value)}")
    )


def _quoted(value: str | tuple[str, ...]) -> str:
    """Write text as JSON does, and what YAML takes for a line's end or no letter by its number."""
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", text)


def ros_arguments(process: Process, namespace: str) -> tuple[str, ...]:
    """Arguments after ``--ros-args`` that put a process into its namespace and set parameters."""
    remapped = ("-r", f"__ns:=/{namespace}") if namespace else ()
    arguments = (*remapped, *parameter_arguments(process))
    return ("--ros-args", *arguments) if arguments else ()


def command_line(process: Process, namespace: str) -> list[str]:
    """Command that starts a process without ros2cli, in the Python we run in."""
    return [
        sys.executable,
        "-m",
        process.module,
        *process.arguments,
        *ros_arguments(process, namespace),
    ]
