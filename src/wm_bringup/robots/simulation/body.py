"""The body that is simulated, which need not be the one that its controller believes in."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from pathlib import Path

import numpy as np

from wm_bringup.robots.simulation.engine import JointForce
from wm_bringup.robots.simulation.variation import vary, with_point_mass
from wm_bringup.scenarios.scenario import Scenario
from wm_control.constants import GRAVITY
from wm_control.errors import ParameterError
from wm_control.robot.description import RobotDescription, load_robot
from wm_control.robot.differences import differences
from wm_control.robot.urdf import Urdf, parse_urdf


class SimulatedBody:
    """The scenario's body: another robot file, randomised links, a payload.

    Its joints are in the believed robot's order, and so are default posture and gains, which belong
    to whoever controls it; limits, geometry and inertia are the body's own.
    """

    def __init__(self, believed: RobotDescription, scenario: Scenario) -> None:
        """ParameterError when the other robot has other joints, or the payload's link is none."""
        self._plan, self._payload = scenario.body, scenario.payload
        self._bare = _in_order(believed, self._plan.robot) if self._plan.robot else believed
        self.nominal = self._with_payload(self._bare)

    def draw(self, rng: np.random.Generator) -> RobotDescription:
        """Body of one episode; ``nominal`` itself where nothing is randomised."""
        if not self._plan.varies:
            return self.nominal
        return self._with_payload(vary(self._bare, self._plan, rng))

    def _with_payload(self, body: RobotDescription) -> RobotDescription:
        payload = self._payload
        if not payload.mass > 0.0:
            return body
        urdf = parse_urdf(ElementTree.fromstring(body.urdf), Path(body.name))
        links = list(urdf.links)
        name = payload.link or payload_link(body, urdf)
        if name not in links:
            raise ParameterError("payload.link", name, f"expected one of: {', '.join(links)}")
        return with_point_mass(body, name, payload.mass, np.array(payload.offset))


def mismatches(robot: str, scenario: Scenario) -> tuple[str, ...]:
    """Say in what the scenario's body differs from the robot that is controlled, for the start.

    robot: as ``load_robot`` takes it. Empty without ``body.robot``, or where nothing differs; what
    a scenario draws or loads on the body is its own affair.
    """
    other = scenario.body.robot
    if not other:
        return ()
    believed, body = load_robot(robot), load_robot(other)
    lines = differences(believed, body)
    if not lines:
        return ()
    first = f"simulated is '{body.name}' ({other}), controlled as '{believed.name}' ({robot}):"
    return (first, *(f"  {line}" for line in lines))


def _in_order(believed: RobotDescription, source: str) -> RobotDescription:
    """Load another robot, with the believed one's order of joints, posture and gains."""
    body = load_robot(source)
    missing = [name for name in believed.joint_names if name not in body.joint_names]
    unknown = [name for name in body.joint_names if name not in believed.joint_names]
    if missing or unknown:
        amiss = "; ".join(
            f"{text} {', '.join(names)}"
            for text, names in (("it lacks", missing), ("only it has", unknown))
            if names
        )
        raise ParameterError(
            "body.robot", source, f"must have the joints of '{believed.name}': {amiss}"
        )
    order = [body.joint_names.index(name) for name in believed.joint_names]
    return replace(
        body,
        joint_names=believed.joint_names,
        position_lower=body.position_lower[order],
        position_upper=body.position_upper[order],
        velocity_limit=body.velocity_limit[order],
        torque_limit=body.torque_limit[order],
        armature=body.armature[order],
        default_position=believed.default_position,
        stiffness=believed.stiffness,
        damping=believed.damping,
        groups=believed.groups,
    )


def payload_link(description: RobotDescription, urdf: Urdf) -> str:
    """Torso: the link that the last waist joint moves; the base when there is no waist."""
    waist = description.groups.get("waist", ())
    if not waist:
        return description.base_link
    return urdf.joints[description.joint_names[waist[-1]]].child


def hung(description: RobotDescription, mass: float) -> list[JointForce]:
    """Weight of a mass [kg] at the last joint of the waist, on the torso that it moves.

    Empty for no mass. ParameterError for a robot without a waist.
    """
    if not mass > 0.0:
        return []
    waist = description.groups.get("waist", ())
    if not waist:
        raise ParameterError("payload", mass, "this robot has no waist to hang it from")
    joint = description.joint_names[waist[-1]]
    return [JointForce(joint, np.array([0.0, 0.0, -GRAVITY * mass]), "world")]
