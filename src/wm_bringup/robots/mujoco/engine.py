"""MuJoCo as an engine: the same body and drives as in PyBullet, another theory of contact.

A MuJoCo contact is a spring and damper behind Coulomb friction, solved together with the dynamics.
Rigid ground is one that yields as little as the step allows; what is chosen, and why:

- Contacts settle within ``contact_time``, four steps: half of it is the least MuJoCo can resolve.
  Under the G1's weight soles then stand 0.015 mm in the ground (PyBullet: 0.010 mm).
- The friction cone is elliptic, as Coulomb's is; a pyramid grips less along its diagonals, and the
  stance feet of a walk then turn.
- Friction is ten times as stiff as the normal direction (``impratio``): soft friction lets soles
  creep under load that it could hold.
- Semi-implicit Euler: the drives are torques from outside, so that there is no damping that an
  implicit integrator could make use of.
- Newton's method ends at its tolerance: in half of a walk's steps after one iteration, when a foot
  lands after up to nine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from wm_bringup.robots.simulation.engine import (
    BaseState,
    Contact,
    JointForce,
    SimulatorError,
    joint_places,
)
from wm_bringup.robots.simulation.ground import YIELDING_TIME, Terrain
from wm_control.configuration.parameters import STRICT
from wm_control.constants import GRAVITY
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.description import RobotDescription
from wm_control.robot.mjcf import SOLES, add_bodies, add_capsule, add_sole, folded_robot
from wm_control.types import Array

_GROUND, _ROBOT = 1, 2
"""Bits of MuJoCo's collision masks."""

_IMPEDANCE = 0.95
"""Share of a contact's acceleration that its spring and damper decide; its mass the rest [-]."""

_STUCK = 0.99
"""The same for dry friction in joints: the nearer to one, the less a stuck joint creeps [-]."""


_UNMOVED = 1e8
"""Inertia of a base that is carried [kg], [kg·m²]: weight moves it by 3e-6 m/s², not g."""


@dataclass(frozen=True, slots=True, config=STRICT)
class MujocoParameters:
    """How the physics is computed."""

    physics_step: float = Field(default=0.001, gt=0.0, le=0.002, description="[s]")
    newton_iterations: int = Field(
        default=20, ge=4, le=100, description="upper bound; with fewer than 3 walkers fall"
    )
    contact_time: float = Field(
        default=0.004, gt=0.0, le=0.02, description="of rigid contacts and joint limits [s]"
    )
    friction_stiffness: float = Field(
        default=10.0, ge=1.0, le=100.0, description="by that of the normal direction"
    )


class MujocoEngine:
    """One robot in one MuJoCo world."""

    def __init__(
        self, parameters: MujocoParameters | None = None, *, dry_friction: float = 0.0
    ) -> None:
        """dry_friction: Coulomb, at every joint [N·m]."""
        self._parameters = parameters or MujocoParameters()
        self.physics_step = self._parameters.physics_step
        self._dry_friction = dry_friction

    def rebuild(
        self, body: RobotDescription, terrain: Terrain, base_position: Array, joint_position: Array
    ) -> None:
        """Make the world anew."""
        self._model = model = self._world(body, terrain).compile()
        if terrain.ground.compliance > 0.0:
            _yield(model, body, terrain.ground.compliance)
        self._data = data = mujoco.MjData(model)
        joints = [model.joint(name) for name in body.joint_names]
        self._q = joint_places([int(joint.qposadr[0]) for joint in joints])
        self._v = joint_places([int(joint.dofadr[0]) for joint in joints])
        links = ("", *(model.body(k).name for k in range(1, model.nbody)))
        self._link_of = [links[body] for body in model.geom_bodyid]
        data.qpos[:3] = base_position
        data.qpos[3:7] = (1.0, 0.0, 0.0, 0.0)
        data.qpos[self._q] = joint_position
        self._qpos, self._qvel, self._force = data.qpos, data.qvel, data.qfrc_applied
        self._punched = False

    def step(
        self, torque: Array, push_force: Array | None, joint_forces: Sequence[JointForce] = ()
    ) -> None:
        """Advance one physics step; the free joint's force acts at the origin of base_link."""
        self._force[self._v] = torque
        self._force[:3] = 0.0 if push_force is None else push_force
        if joint_forces or self._punched:
            self._punch(joint_forces)
        mujoco.mj_step(self._model, self._data)

    def hold_base(self, position: Array) -> None:
        """Write its coordinates."""
        self._qpos[:3] = position
        self._qpos[3:7] = (1.0, 0.0, 0.0, 0.0)
        self._qvel[:6] = 0.0

    def fix_base(self, position: Array | None) -> None:
        """Let the base be as hard to move as a house while it is carried."""
        self._model.dof_armature[:6] = 0.0 if position is None else _UNMOVED
        if position is not None:
            self.hold_base(position)

    def _punch(self, forces: Sequence[JointForce]) -> None:
        """Apply forces at joints; MuJoCo wants them at the centre of the link's mass."""
        data = self._data
        data.xfrc_applied[:] = 0.0
        self._punched = bool(forces)
        mujoco.mj_kinematics(self._model, data)
        for one in forces:
            joint = self._model.joint(one.joint)
            link = int(joint.bodyid[0])
            axes = {"child": link, "parent": self._model.body_parentid[link], "world": 0}[one.axes]
            force = data.xmat[axes].reshape(3, 3) @ one.force
            arm = data.xanchor[joint.id] - data.xipos[link]
            data.xfrc_applied[link, :3] += force
            data.xfrc_applied[link, 3:] += np.cross(arm, force)

    def set_friction(self, friction: float) -> None:
        """Give the ground, which has priority in every contact, this friction."""
        ground = self._model.geom_priority > 0
        self._model.geom_friction[ground, 0] = friction

    def kick(self, velocity: Array) -> None:
        """Change the base's velocity; joints are reduced coordinates and so move with it."""
        self._qvel[:3] += velocity

    def joint_state(self) -> tuple[Array, Array]:
        """Position and velocity, (n,) each."""
        return np.array(self._qpos[self._q]), np.array(self._qvel[self._v])

    def base_state(self) -> BaseState:
        """Pose and velocity of base_link; SimulatorError when the physics has blown up."""
        w, x, y, z = self._qpos[3:7].tolist()
        if not math.isfinite(w):
            raise SimulatorError(f"MuJoCo's physics blew up before {self._data.time:.3f} s")
        orientation = (x, y, z, w)
        rotation = rotation_from_quaternion(orientation)
        velocity = self._qvel[:6]
        return BaseState(
            self._qpos[:3].copy(),
            orientation,
            rotation,
            velocity[:3].copy(),
            rotation.dot(velocity[3:]),
        )

    def contacts(self) -> list[Contact]:
        """All contacts that carried force in the last physics step."""
        found, force = self._data.contact, self._data.efc_force.tolist()
        columns = (found.efc_address, found.geom, found.pos, found.frame)
        rows = zip(*(column.tolist() for column in columns), strict=True)
        return [
            self._contact(force[first : first + 3], *where)
            for first, *where in rows
            if first >= 0 and force[first] > 0.0
        ]

    def _contact(
        self, force: list[float], geoms: list[int], position: list[float], frame: list[float]
    ) -> Contact:
        """Of an elliptic cone, the solver's forces are normal, first and second tangent.

        MuJoCo's normals point to the second; the ground is never the one that is told of.
        """
        first, second = self._link_of[geoms[0]], self._link_of[geoms[1]]
        press, a, b = force
        x, y, z = position
        nx, ny, nz, ax, ay, az, bx, by, bz = frame
        if second:
            friction = (a * ax + b * bx, a * ay + b * by, a * az + b * bz)
            return Contact(second, first, (x, y, z), (nx, ny, nz), press, friction)
        friction = (-a * ax - b * bx, -a * ay - b * by, -a * az - b * bz)
        return Contact(first, "", (x, y, z), (-nx, -ny, -nz), press, friction)

    def show(self) -> None:
        """Nothing: there is no window."""

    def close(self) -> None:
        """Nothing: the world ends with this object."""

    def _world(self, body: RobotDescription, terrain: Terrain) -> mujoco.MjSpec:
        p = self._parameters
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        option = spec.option
        option.timestep = p.physics_step
        option.integrator = mujoco.mjtIntegrator.mjINT_EULER
        option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        option.impratio = p.friction_stiffness
        option.iterations = p.newton_iterations
        option.gravity = (0.0, 0.0, -GRAVITY)
        option.disableflags |= mujoco.mjtDisableBit.mjDSBL_AUTORESET  # it would hide a blow-up
        self._add_ground(spec, terrain)
        bodies = add_bodies(spec, folded_robot(body))
        limb = self._contact_of(1.0, contype=_ROBOT, conaffinity=_ROBOT | _GROUND)
        for sole, site in zip(body.soles, SOLES, strict=True):
            add_sole(bodies[sole.link], sole, site, **limb)
        for capsule in body.capsules:
            add_capsule(bodies[capsule.link], capsule, **limb)
        for joint in spec.joints:
            if joint.type != mujoco.mjtJoint.mjJNT_FREE:
                joint.frictionloss = self._dry_friction
                joint.solref_friction = (p.contact_time, 1.0)
                joint.solimp_friction = (_STUCK, _STUCK, 0.001, 0.5, 2.0)
                joint.solref_limit = (p.contact_time, 1.0)
        return spec

    def _add_ground(self, spec: mujoco.MjSpec, terrain: Terrain) -> None:
        """Give the ground priority in every contact, so that its friction alone counts."""
        contact = self._contact_of(
            terrain.ground.friction, priority=1, contype=_GROUND, conaffinity=0
        )
        if terrain.plane is not None:
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_PLANE,
                size=(0.0, 0.0, 1.0),
                pos=(0.0, 0.0, terrain.plane),
                **contact,
            )
        for box in terrain.boxes:
            half = 0.5 * box.pitch
            spec.worldbody.add_geom(
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=box.half_extents,
                pos=box.center,
                quat=(math.cos(half), 0.0, math.sin(half), 0.0),
                **contact,
            )

    def _contact_of(self, friction: float, **masks: int) -> dict[str, Any]:
        """Attributes of a shape that only slides: it neither spins nor rolls with friction."""
        return {
            "condim": 3,
            "friction": (friction, 0.0, 0.0),
            "solref": (self._parameters.contact_time, 1.0),
            "solimp": (_IMPEDANCE, _IMPEDANCE, 0.001, 0.5, 2.0),
            **masks,
        }


def _yield(model: mujoco.MjModel, body: RobotDescription, compliance: float) -> None:
    """Let points of contact with the ground sink by ``compliance`` [m/N] beyond the rigid contact.

    A point that rests carries f = k r / R with the depth r, reference stiffness k [1/s²] and
    regularisation R = w (1 - d) / d, where d is the impedance and w the inverse mass of what
    touches (MuJoCo's documentation, Computation, "Parameters"). So k = K R gives a stiffness of
    K [N/m], and b = c R a damper of c [N·s/m], with any d. R also adds 1 / R of mass, so d is one
    half, or what keeps the damper from overshooting within a step.
    """
    weights = [model.body_invweight0[model.body(sole.link).id, 0] for sole in body.soles]
    inverse_mass = float(np.mean(weights))
    ground = np.flatnonzero(model.geom_contype == _GROUND)
    time = float(model.geom_solref[ground[0], 0])
    rigid = inverse_mass * (1.0 - _IMPEDANCE) * _IMPEDANCE * time**2
    stiffness = 1.0 / (compliance + rigid)
    damping = YIELDING_TIME * stiffness
    impedance = max(0.5, 1.0 - 1.0 / (damping * inverse_mass * model.opt.timestep))
    scale = inverse_mass * (1.0 - impedance)  # MuJoCo divides by the impedance again
    model.geom_solref[ground] = (-stiffness * scale, -damping * scale)
    model.geom_solimp[ground] = (impedance, impedance, 0.001, 0.5, 2.0)
