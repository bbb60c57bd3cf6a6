"""PyBullet as an engine, with the traps known to us shut; each is named where it is shut."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import casadi as ca
import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.robots.pybullet.bullet import connect, pybullet
from wm_bringup.robots.pybullet.framing import DISTANCE, LOOKED_AT, size_of
from wm_bringup.robots.simulation.engine import BaseState, Contact, JointForce, SimulatorError
from wm_bringup.robots.simulation.ground import YIELDING_TIME, Box, Terrain
from wm_bringup.robots.simulation.urdf import simulation_urdf
from wm_control.configuration.parameters import STRICT
from wm_control.constants import GRAVITY
from wm_control.kernel import Kernel, matrix_of
from wm_control.quaternion import Quaternion, quaternion_product, rotation_from_quaternion
from wm_control.robot.description import RobotDescription
from wm_control.types import Array

BASE = -1
"""PyBullet's index of the base link."""

_UNBREAKABLE = 1e5
"""Of the tie to the world that carries the robot [N], [N·m]."""

_STATE = (itemgetter(0), itemgetter(1))
"""Of what PyBullet says of a joint: position and velocity."""


@dataclass(frozen=True, slots=True, config=STRICT)
class PhysicsParameters:
    """How the physics is computed."""

    physics_step: float = Field(default=0.001, gt=0.0, le=0.002, description="[s]")
    solver_iterations: int = Field(default=50, ge=5, le=500, description="upper bound per step")


class PyBulletEngine:
    """One robot in one PyBullet world of its own; several may live in one process."""

    def __init__(
        self,
        parameters: PhysicsParameters | None = None,
        *,
        dry_friction: float = 0.0,
        gui: bool = False,
    ) -> None:
        """dry_friction: Coulomb, at every joint [N·m]. SimulatorError when no window opens."""
        self._parameters = parameters or PhysicsParameters()
        self.physics_step = self._parameters.physics_step
        self._dry_friction = dry_friction
        self._client = connect(gui=gui)
        self._gui = gui
        if self._client < 0:
            raise SimulatorError(
                "PyBullet can open no window: DISPLAY is not set; run it without --gui"
            )
        self._robot = -1
        self._indices: list[int] = []
        self._links: dict[int, str] = {}

    def close(self) -> None:
        """Disconnect; a second call does nothing."""
        if self._client >= 0:
            self._call("disconnect")
            self._client = -1

    def rebuild(
        self, body: RobotDescription, terrain: Terrain, base_position: Array, joint_position: Array
    ) -> None:
        """Make the world anew; restoring a saved state would not be deterministic."""
        self._call("resetSimulation")
        self._tie: int | None = None
        if self._gui:
            self._call("configureDebugVisualizer", pybullet.COV_ENABLE_GUI, 0)
            size = size_of(body)
            target = [0.0, 0.0, size * LOOKED_AT]
            self._call("resetDebugVisualizerCamera", size * DISTANCE, 50.0, -15.0, target)
        self._call(
            "setPhysicsEngineParameter",
            fixedTimeStep=self.physics_step,
            numSubSteps=0,
            numSolverIterations=self._parameters.solver_iterations,
            deterministicOverlappingPairs=1,
        )
        self._call("setGravity", 0.0, 0.0, -GRAVITY)
        self._build_ground(terrain)
        self._load_robot(body)
        self._place_robot(base_position, joint_position)

    def show(self) -> None:
        """Let the window's camera follow the robot; does nothing where there is no window.

        SimulatorError when the user has closed the window.
        """
        if not self._gui:
            return
        if not pybullet.isConnected(self._client):
            raise SimulatorError("PyBullet's window was closed")
        view = self._call("getDebugVisualizerCamera")
        target = self.base_state().position.tolist()
        self._call("resetDebugVisualizerCamera", view[10], view[8], view[9], target)

    def step(
        self, torque: Array, push_force: Array | None, joint_forces: Sequence[JointForce] = ()
    ) -> None:
        """Advance one physics step."""
        pybullet.setJointMotorControlArray(
            self._robot,
            self._indices,
            pybullet.TORQUE_CONTROL,
            forces=torque.tolist(),
            physicsClientId=self._client,
        )
        if push_force is not None:
            point = self.base_state().position.tolist()
            self._call(
                "applyExternalForce",
                self._robot,
                BASE,
                push_force.tolist(),
                point,
                pybullet.WORLD_FRAME,
            )
        for one in joint_forces:
            self._punch(one)
        pybullet.stepSimulation(physicsClientId=self._client)

    def hold_base(self, position: Array) -> None:
        """Put the centre of the base's mass where it belongs, at rest."""
        center = (position + self._com).tolist()
        self._call("resetBasePositionAndOrientation", self._robot, center, self._upright())
        self._call("resetBaseVelocity", self._robot, [0.0] * 3, [0.0] * 3)

    def fix_base(self, position: Array | None) -> None:
        """Tie the centre of the base's mass to the world, and put the base where it belongs.

        The tie carries the weight; it is as stiff as the solver's iterations allow.
        """
        if position is None:
            if self._tie is not None:
                self._call("removeConstraint", self._tie)
            self._tie = None
            return
        center = (position + self._com).tolist()
        self.hold_base(position)
        if self._tie is None:
            self._tie = self._call(
                "createConstraint",
                *(self._robot, BASE, -1, -1),
                *(pybullet.JOINT_FIXED, [0.0] * 3, [0.0] * 3, center, [0.0, 0.0, 0.0, 1.0]),
                self._upright(),
            )
        self._call("changeConstraint", self._tie, center, self._upright(), maxForce=_UNBREAKABLE)

    def _upright(self) -> list[float]:
        """Quaternion of the base's inertial frame in the world when the base is upright."""
        x, y, z, w = self._turn
        return [-x, -y, -z, w]

    def _punch(self, one: JointForce) -> None:
        """Apply a force at a joint, which is where the frame of the link is that it moves."""
        link = self._by_name[one.joint]
        parent = self._call("getJointInfo", self._robot, link)[16]
        force = self._rotation({"child": link, "parent": parent}.get(one.axes)) @ one.force
        point = self._call("getLinkState", self._robot, link, computeForwardKinematics=1)[4]
        self._call(
            "applyExternalForce",
            self._robot,
            link,
            force.tolist(),
            point,
            pybullet.WORLD_FRAME,
        )

    def _rotation(self, link: int | None) -> Array:
        """(3, 3) from a link's axes to the world; None is the world."""
        if link is None:
            return np.eye(3)
        if link == BASE:
            return self.base_state().rotation
        state = self._call("getLinkState", self._robot, link, computeForwardKinematics=1)
        return rotation_from_quaternion(state[5])

    def set_friction(self, friction: float) -> None:
        """Give the ground this friction, that of a contact: the robot's is 1."""
        for body in self._ground:
            self._set_dynamics(body, BASE, lateralFriction=friction)

    def kick(self, velocity: Array) -> None:
        """Change the base's velocity; joints are reduced coordinates and so move with it."""
        moving, turning = self._call("getBaseVelocity", self._robot)
        kicked = (np.array(moving) + velocity).tolist()
        self._call("resetBaseVelocity", self._robot, kicked, turning)

    def joint_state(self) -> tuple[Array, Array]:
        """Position and velocity, (n,) each."""
        states = pybullet.getJointStates(self._robot, self._indices, physicsClientId=self._client)
        position, velocity = (
            np.fromiter(map(part, states), np.float64, len(states)) for part in _STATE
        )
        return position, velocity

    def base_state(self) -> BaseState:
        """Pose and velocity of base_link; PyBullet itself speaks of its inertial frame."""
        pose = pybullet.getBasePositionAndOrientation(self._robot, physicsClientId=self._client)
        twist = pybullet.getBaseVelocity(self._robot, physicsClientId=self._client)
        orientation = quaternion_product(pose[1], self._turn)
        self._seen[:] = (*pose[0], *orientation, *twist[0], *twist[1])
        self._to_link.run()
        position, rotation, velocity = self._to_link.outputs.values()
        return BaseState(
            position.copy(), orientation, rotation.copy(), velocity.copy(), np.array(twist[1])
        )

    def contacts(self) -> list[Contact]:
        """All contacts in the last physics step that carry force."""
        found = pybullet.getContactPoints(bodyA=self._robot, physicsClientId=self._client)
        return [self._contact(c) for c in found or () if c[9] > 0.0]

    def _contact(self, c: tuple[Any, ...]) -> Contact:
        (ax, ay, az), (bx, by, bz), a, b = c[11], c[13], c[10], c[12]
        friction = (a * ax + b * bx, a * ay + b * by, a * az + b * bz)
        other = self._links[c[4]] if c[2] == self._robot else ""
        return Contact(self._links[c[3]], other, c[5], c[7], c[9], friction)

    def _call(self, name: str, *args: object, **kwargs: object) -> Any:  # noqa: ANN401 - PyBullet is untyped
        return getattr(pybullet, name)(*args, **kwargs, physicsClientId=self._client)

    def _build_ground(self, terrain: Terrain) -> None:
        """Give the ground the contact's friction: it is the product of both, the robot's are 1."""
        bodies = [self._static_box(box) for box in terrain.boxes]
        if terrain.plane is not None:
            shape = self._call("createCollisionShape", pybullet.GEOM_PLANE)
            bodies.append(
                self._call("createMultiBody", 0.0, shape, basePosition=[0.0, 0.0, terrain.plane])
            )
        self._ground = bodies
        self.set_friction(terrain.ground.friction)
        for body in bodies:
            if terrain.ground.compliance > 0.0:
                stiffness = 1.0 / terrain.ground.compliance
                self._call(
                    "changeDynamics",
                    body,
                    BASE,
                    contactStiffness=stiffness,
                    contactDamping=YIELDING_TIME * stiffness,
                )

    def _static_box(self, box: Box) -> int:
        shape = self._call("createCollisionShape", pybullet.GEOM_BOX, halfExtents=box.half_extents)
        turn = pybullet.getQuaternionFromEuler([0.0, box.pitch, 0.0])
        body: int = self._call(
            "createMultiBody", 0.0, shape, basePosition=box.center, baseOrientation=turn
        )
        return body

    def _load_robot(self, body: RobotDescription) -> None:
        flags = (
            pybullet.URDF_USE_INERTIA_FROM_FILE
            | pybullet.URDF_USE_SELF_COLLISION
            | pybullet.URDF_USE_SELF_COLLISION_EXCLUDE_PARENT
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "robot.urdf"
            path.write_text(simulation_urdf(body, meshes=self._gui), encoding="utf-8")
            self._robot = self._call("loadURDF", str(path), flags=flags)
        infos = [
            self._call("getJointInfo", self._robot, i)
            for i in range(self._call("getNumJoints", self._robot))
        ]
        by_name = {info[1].decode(): info[0] for info in infos}
        self._by_name = by_name
        self._indices = [by_name[name] for name in body.joint_names]
        self._links = {info[0]: info[12].decode() for info in infos}
        self._links[BASE] = body.base_link
        self._release_motors()
        for link in self._links:
            self._set_dynamics(self._robot, link, linearDamping=0.0)
            self._set_dynamics(self._robot, link, angularDamping=0.0)
            self._set_dynamics(self._robot, link, jointDamping=0.0)
            self._set_dynamics(self._robot, link, lateralFriction=1.0)
        self._check_inertia()

    def _release_motors(self) -> None:
        """PyBullet drives every joint to zero speed unless told; a weak one is dry friction."""
        self._call(
            "setJointMotorControlArray",
            self._robot,
            self._indices,
            pybullet.VELOCITY_CONTROL,
            forces=[self._dry_friction] * len(self._indices),
        )

    def _set_dynamics(self, body: int, link: int, **change: float) -> None:
        """Change one property: given several at once, PyBullet forgets the friction."""
        self._call("changeDynamics", body, link, **change)
        if "lateralFriction" in change:
            found = self._call("getDynamicsInfo", body, link)[1]
            if not abs(found - change["lateralFriction"]) < 1e-12:
                raise SimulatorError(f"friction {change['lateralFriction']} asked, {found} set")

    def _check_inertia(self) -> None:
        """PyBullet zeroes an inertia that it thinks impossible, without a word."""
        for index, name in self._links.items():
            info = self._call("getDynamicsInfo", self._robot, index)
            if not (info[0] > 0.0 and min(info[2]) > 0.0):
                raise SimulatorError(
                    f"link '{name}': PyBullet set mass {info[0]}, inertia {info[2]}"
                )

    def _place_robot(self, base_position: Array, joint_position: Array) -> None:
        info = self._call("getDynamicsInfo", self._robot, BASE)
        x, y, z, w = info[4]
        self._turn: Quaternion = (-x, -y, -z, w)
        self._to_link = _link_of(info[3])
        self._seen = self._to_link.inputs["seen"]
        for index, value in zip(self._indices, joint_position.tolist(), strict=True):
            self._call("resetJointState", self._robot, index, value, 0.0)
        self._com = np.array(info[3])
        center = base_position + self._com
        self._call("resetBasePositionAndOrientation", self._robot, center.tolist(), info[4])


def _link_of(com: Sequence[float]) -> Kernel:
    """From the centre of mass (3,) of a link, of which PyBullet speaks, to its origin.

    seen: (13,) place of the centre of mass, the link's quaternion xyzw, velocity and angular
    velocity, in the world.
    """
    seen = ca.SX.sym("seen", 13)
    center, orientation, velocity, omega = seen[:3], seen[3:7], seen[7:10], seen[10:]
    rotation = matrix_of(orientation)
    arm = rotation @ ca.DM(com)
    moving = velocity - ca.cross(omega, arm)
    outputs = {"position": center - arm, "rotation": rotation, "velocity": moving}
    return Kernel("link", {"seen": seen}, outputs)
