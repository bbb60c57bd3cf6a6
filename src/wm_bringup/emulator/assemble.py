"""Put an emulated robot together from names: which body it has, and which it says it has."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wm_bringup.emulator.parameters import CraneParameters, EmulatorParameters
from wm_bringup.emulator.robot import EmulatedRobot
from wm_bringup.faults.fault import Fault
from wm_bringup.robots.simulated import EngineName, simulate
from wm_bringup.robots.unitree.variants import Body, load_body
from wm_bringup.scenarios.scenario import Crane, Scenario
from wm_control.errors import ParameterError
from wm_control.robot.description import load_robot
from wm_control.robot.sources import robot_file


@dataclass(frozen=True, slots=True)
class Chosen:
    """Body of an emulated robot, and the ``mode_machine`` that it tells."""

    body: Body
    machine: int


def choose(robot: str, machine: int | None = None, body: str = "") -> Chosen:
    """Choose the robot file of a folder that fits a ``mode_machine``.

    robot: as ``load_robot`` takes it. machine: None: the first one that its file is true of. body:
    robot file, instead of the one that fits, for a robot that is not what it says. ParameterError
    for a machine that no file fits, of a robot that says nothing else.
    """
    named = load_body(robot)
    own = named.wiring.machines
    if machine is None and not own:
        raise ParameterError("machine", None, f"must be said: no machine is {named.file}")
    told = own[0] if machine is None else machine
    if body:
        return Chosen(load_body(body), told)
    if told in own:
        return Chosen(named, told)
    fitting = [file for file, of in named.parameters.machines.items() if told in of]
    if not fitting:
        known = sorted({one for of in named.parameters.machines.values() for one in of})
        raise ParameterError("machine", told, f"must be one of {known}, or name a body for it")
    return Chosen(load_body(robot_file(robot).with_name(fitting[0])), told)


def emulate(
    chosen: Chosen,
    scenario: Scenario | None = None,
    engine: EngineName = "pybullet",
    parameters: EmulatorParameters | None = None,
    *,
    seed: int = 0,
    gui: bool = False,
) -> EmulatedRobot:
    """Make the robot with a world of its own; without a scenario it is undisturbed.

    ParameterError for what a robot alone cannot do: it knows no gait, no driver, no operator.
    """
    parameters = parameters or EmulatorParameters()
    source = chosen.body.source
    _check(scenario or Scenario())
    begun = _begun(scenario or Scenario(), parameters.crane)
    simulation = simulate(load_robot(source), begun, engine, gui=gui)
    return EmulatedRobot(
        simulation, source, chosen.body.wiring, chosen.machine, parameters, seed=seed
    )


def _check(scenario: Scenario) -> None:
    origin = f"scenario '{scenario.name}'"
    for index, push in enumerate(scenario.pushes):
        if push.phase is not None:
            expected = "no phase: an emulated robot does not know the computer's gait"
            raise ParameterError(f"pushes.{index}.phase", push.phase, expected, origin)
    for index, text in enumerate(scenario.faults):
        if not Fault.parse(text).of_sensors:
            expected = "a fault of the robot's sensors; what the computer sends is its own"
            raise ParameterError(f"faults.{index}", text, expected, origin)
    for key in ("tour", "wishes"):
        if getattr(scenario, key):
            raise ParameterError(key, "given", "no effect on an emulated robot", origin)


def _begun(scenario: Scenario, crane: CraneParameters) -> Scenario:
    """Let a scenario begin with the robot as it is to be found."""
    if crane.start == "standing":
        return scenario
    hung = scenario.crane or Crane(seconds=0.0)
    return replace(scenario, crane=replace(hung, clearance=crane.clearance))
