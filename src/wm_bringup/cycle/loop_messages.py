"""What the real-time process and the one that started it say to each other.

Beside these, plans, proposals, velocity commands, operator requests and safety limits go in as they
are, and the record of every cycle comes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from wm_bringup.cycle.control_cycle import CycleOptions
from wm_bringup.faults.schedule import Acted
from wm_bringup.host.realtime import RealTimeReport
from wm_bringup.robots.network import NO_NETWORK, Network
from wm_bringup.robots.simulated import EngineName
from wm_control.arbiter.parameters import SafetyParameters
from wm_control.arbiter.safeguards import SafeguardReport
from wm_control.controllers.model_based import ModelBasedParameters
from wm_control.estimation.parameters import EstimatorParameters
from wm_control.refusal import Refusals

if TYPE_CHECKING:
    from wm_policy.manifest import Manifest
    from wm_policy.network import NetworkFile


@dataclass(frozen=True, slots=True)
class LanePolicy:
    """The policy whose proposals are to be computed once more in the loop, already checked.

    Sent first with the setup, and again whenever a driver is given another one. driver: its name.
    """

    driver: str
    manifest: Manifest
    network: NetworkFile


@dataclass(frozen=True, slots=True)
class LoopSetup:
    """All that the process needs to know, sent to it first.

    robot, backend, engine, scenario: names or paths. drivers: controllers that may drive, the most
    wanted first. shadows: others that propose in every cycle and never drive. ros_time: stamps are
    ROS time; otherwise they count from zero. faults: injected beside those of the scenario.
    lane: of a policy among them; None: nobody computes its proposals once more.
    network: on which a real robot is.
    """

    robot: str
    backend: str
    engine: EngineName
    drivers: tuple[str, ...]
    scenario: str
    gui: bool
    ros_time: bool
    options: CycleOptions
    safety: SafetyParameters
    estimator: EstimatorParameters
    model_based: ModelBasedParameters
    shadows: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    lane: LanePolicy | None = None
    network: Network = NO_NETWORK


class LoopRequest(Enum):
    """Requests without content."""

    START = auto()
    RESET = auto()
    STOP = auto()
    READY = auto()
    GIVE_BACK = auto()


@dataclass(frozen=True, slots=True)
class LoopReady:
    """Everything is built; nothing moves before START."""


@dataclass(frozen=True, slots=True)
class LoopFailure:
    """Why the process ends."""

    text: str


@dataclass(frozen=True, slots=True)
class LoopHealth:
    """Once a second. lost: records the other end was too slow for. refusals: plans or proposals.

    estimator: its own figures (``ToldEstimator.figures``). faults: what came of each.
    lanes: by driver that has one, why it cannot know now what that should propose; or empty.
    robot: what a robot that holds itself says of itself and of the wire; else empty.
    """

    safeguards: SafeguardReport
    estimator: Mapping[str, float]
    realtime: RealTimeReport
    lost: int
    refusals: Refusals
    faults: tuple[Acted, ...] = ()
    lanes: Mapping[str, str] = field(default_factory=dict)
    robot: Mapping[str, str | float] = field(default_factory=dict)
