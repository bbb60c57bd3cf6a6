"""Work of the rigid-body dynamics: the textbook recursions, written in CasADi on the robot's tree.

Pinocchio has no counters, so what its algorithms must compute is written down once more and its
operations are counted: forward kinematics, velocities and accelerations (recursive Newton-Euler),
composite inertias (Featherstone 2008, chapters 5 and 6; all in world axes about the world's origin)
and the centroidal momentum matrix (Orin et al. 2013). Products with constant zeros of the robot's
geometry are left out and what several results need is computed once, so that this is a lower bound
of what Pinocchio does. ``tests/wm_bringup/costs`` hold the numbers equal to Pinocchio's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import casadi as ca
import numpy as np
import pinocchio as pin

from wm_control.constants import GRAVITY
from wm_control.errors import RobotDescriptionError
from wm_control.robot.model import RobotModel

_FREE_FLYER = 6


@dataclass(frozen=True, slots=True)
class _Inertia:
    """Of a body about the world's origin: mass, mass times centre (3,), rotational (3, 3)."""

    mass: ca.SX
    moment: ca.SX
    rotational: ca.SX

    def __add__(self, other: _Inertia) -> _Inertia:
        return _Inertia(
            self.mass + other.mass,
            self.moment + other.moment,
            self.rotational + other.rotational,
        )

    def times(self, motion: ca.SX) -> ca.SX:
        """Return the momentum (6,) of a motion (6,), linear part first."""
        linear, angular = motion[:3], motion[3:]
        force = self.mass * linear - ca.cross(self.moment, angular)
        return ca.vertcat(force, ca.cross(self.moment, linear) + self.rotational @ angular)


class _Tree:
    """Symbols and recursions of one model."""

    def __init__(self, model: pin.Model) -> None:
        self.model = model
        self.q, self.v = ca.SX.sym("q", model.nq), ca.SX.sym("v", model.nv)
        self.placement = [(ca.SX.eye(3), ca.SX.zeros(3))]
        self.columns: list[ca.SX] = [ca.SX(6, 0)]
        self.inertia = [_Inertia(ca.SX(0), ca.SX.zeros(3), ca.SX.zeros(3, 3))]
        for joint in range(1, model.njoints):
            self._place(joint)

    def _place(self, joint: int) -> None:
        """Placement, Jacobian columns and inertia of one joint's body, in world axes."""
        model = self.model
        rotation, position = self.placement[model.parents[joint]]
        fixed = model.jointPlacements[joint]
        position = position + rotation @ ca.SX(ca.DM(fixed.translation))
        rotation = rotation @ _sparse(fixed.rotation)
        at, width = model.joints[joint].idx_q, model.joints[joint].nv
        if width == _FREE_FLYER:
            position = position + rotation @ self.q[at : at + 3]
            rotation = rotation @ _matrix_of(self.q[at + 3 : at + 7])
            turning = _moments(position, rotation)
            linear = ca.vertcat(rotation, ca.SX(3, 3))
            columns = ca.horzcat(linear, turning)
        else:
            axis = _axis(model, joint)
            columns = _moments(position, rotation @ ca.SX(ca.DM(axis)))
            rotation = rotation @ _about(axis, self.q[at])
        self.placement.append((rotation, position))
        self.columns.append(columns)
        self.inertia.append(_in_world(model.inertias[joint], rotation, position))

    def motions(self, gravity: float) -> tuple[list[ca.SX], list[ca.SX]]:
        """Velocity and, without joint accelerations, acceleration of every body, each (6,)."""
        velocities, accelerations = [ca.SX.zeros(6)], [ca.SX(ca.DM([0, 0, gravity, 0, 0, 0]))]
        for joint in range(1, self.model.njoints):
            parent, at = self.model.parents[joint], self.model.joints[joint].idx_v
            rates = self.v[at : at + self.model.joints[joint].nv]
            own = self.columns[joint] @ rates
            velocities.append(velocities[parent] + own)
            drift = _motion_cross(velocities[parent], own)  # the columns move with the body
            accelerations.append(accelerations[parent] + drift)
        return velocities, accelerations

    def forces(self, gravity: float) -> list[ca.SX]:
        """Return what the joints must transmit, (6,) about the origin, by joint; [0] is all."""
        velocities, accelerations = self.motions(gravity)
        forces = [ca.SX.zeros(6)]
        for joint in range(1, self.model.njoints):
            inertia, velocity = self.inertia[joint], velocities[joint]
            momentum = inertia.times(velocity)
            forces.append(inertia.times(accelerations[joint]) + _force_cross(velocity, momentum))
        for joint in range(self.model.njoints - 1, 0, -1):
            forces[self.model.parents[joint]] += forces[joint]
        return forces

    def bias(self) -> ca.SX:
        """(nv,) h of M v̇ + h."""
        forces = self.forces(GRAVITY)
        return ca.vertcat(*(self.columns[k].T @ forces[k] for k in range(1, self.model.njoints)))

    def composite(self) -> list[_Inertia]:
        """Inertia of every joint's subtree; [0] is the whole robot's."""
        whole = list(self.inertia)
        for joint in range(self.model.njoints - 1, 0, -1):
            whole[self.model.parents[joint]] = whole[self.model.parents[joint]] + whole[joint]
        return whole

    def momenta(self, composite: Sequence[_Inertia]) -> list[ca.SX]:
        """Momentum of each joint's subtree for each of its unit rates, (6, nv of the joint)."""
        return [
            ca.horzcat(*(composite[k].times(column) for column in ca.horzsplit(self.columns[k])))
            for k in range(1, self.model.njoints)
        ]

    def mass_matrix(self, momenta: Sequence[ca.SX]) -> ca.SX:
        """(nv, nv), its upper triangle."""
        mass = ca.SX(self.model.nv, self.model.nv)
        for joint in range(1, self.model.njoints):
            at, end = self._span(joint)
            above = joint
            while above:
                begin, stop = self._span(above)
                mass[begin:stop, at:end] = self.columns[above].T @ momenta[joint - 1]
                above = self.model.parents[above]
        return mass

    def _span(self, joint: int) -> tuple[int, int]:
        at = self.model.joints[joint].idx_v
        return at, at + self.model.joints[joint].nv

    def jacobian(self, frame: int) -> ca.SX:
        """(6, nv) of a frame, in world axes about its origin."""
        info = self.model.frames[frame]
        rotation, position = self.placement[info.parentJoint]
        position = position + rotation @ ca.SX(ca.DM(info.placement.translation))
        whole, joint = ca.SX(6, self.model.nv), info.parentJoint
        while joint:
            begin, stop = self._span(joint)
            columns = self.columns[joint]
            turning = columns[3:, :]
            whole[3:, begin:stop] = turning
            whole[:3, begin:stop] = columns[:3, :] + _crossed(turning, position)
            joint = self.model.parents[joint]
        return whole


def whole_body_terms(robot: RobotModel) -> ca.Function:
    """(q, v) -> mass matrix (upper), bias, momentum matrix and drift, Jacobians of base and soles.

    What ``RobotModel.update_dynamics`` and the whole-body controller's sources compute per tick.
    """
    tree = _Tree(robot.model)
    composite = tree.composite()
    momenta = tree.momenta(composite)
    centre = composite[0].moment / composite[0].mass
    outputs = [
        tree.mass_matrix(momenta),
        tree.bias(),
        _about_centre(ca.horzcat(*momenta), centre),
        _about_centre(tree.forces(0.0)[0], centre),
        *(tree.jacobian(frame) for frame in (robot.base_id, *robot.sole_ids)),
    ]
    return _function("whole_body_terms", tree, outputs)


def centroidal_terms(robot: RobotModel) -> ca.Function:
    """(q, v) -> momentum matrix, momentum, centre of mass: ``RobotModel.update_kinematics``."""
    tree = _Tree(robot.model)
    composite = tree.composite()
    centre = composite[0].moment / composite[0].mass
    matrix = _about_centre(ca.horzcat(*tree.momenta(composite)), centre)
    return _function("centroidal_terms", tree, [matrix, matrix @ tree.v, centre])


def _function(name: str, tree: _Tree, outputs: Sequence[ca.SX]) -> ca.Function:
    return ca.Function(name, [tree.q, tree.v], list(outputs), {"cse": True})


def _about_centre(momentum: ca.SX, centre: ca.SX) -> ca.SX:
    """Shift momenta or forces (6, k) from the origin to the centre of mass."""
    linear = momentum[:3, :]
    return ca.vertcat(linear, momentum[3:, :] + _crossed(linear, centre))


def _crossed(vectors: ca.SX, point: ca.SX) -> ca.SX:
    """Columns (3, k) times ``point``: v x p."""
    return ca.horzcat(*(ca.cross(vector, point) for vector in ca.horzsplit(vectors)))


def _sparse(matrix: np.ndarray) -> ca.SX:
    """Constants without what is only rounding, so that products with zeros vanish."""
    return ca.SX(ca.sparsify(ca.DM(np.where(np.abs(matrix) < 1e-12, 0.0, matrix))))


def _axis(model: pin.Model, joint: int) -> np.ndarray:
    """(3,) of a revolute joint; RobotDescriptionError for another kind, by name."""
    data = model.joints[joint].createData()
    model.joints[joint].calc(data, pin.neutral(model))
    motion = np.asarray(data.S).reshape(6, -1)
    if motion.shape[1] != 1 or model.joints[joint].nq != 1 or motion[:3].any():
        raise RobotDescriptionError(f"joint '{model.names[joint]}' does not turn about one axis")
    return motion[3:, 0]


def _about(axis: np.ndarray, angle: ca.SX) -> ca.SX:
    """(3, 3) rotation about a constant axis (Rodrigues)."""
    skew = _sparse(pin.skew(axis))
    return ca.SX.eye(3) + ca.sin(angle) * skew + (1.0 - ca.cos(angle)) * (skew @ skew)


def _matrix_of(quaternion: ca.SX) -> ca.SX:
    """(3, 3) of a unit quaternion xyzw."""
    skew = ca.skew(quaternion[:3])
    return ca.SX.eye(3) + 2.0 * (quaternion[3] * skew + skew @ skew)


def _moments(position: ca.SX, axes: ca.SX) -> ca.SX:
    """Motions (6, k) about the world's origin of turning about axes (3, k) through a point."""
    linear = (ca.cross(position, axis) for axis in ca.horzsplit(axes))
    return ca.vertcat(ca.horzcat(*linear), axes)


def _in_world(body: pin.Inertia, rotation: ca.SX, position: ca.SX) -> _Inertia:
    centre = position + rotation @ ca.SX(ca.DM(body.lever))
    skew = ca.skew(centre)
    own = rotation @ _sparse(body.inertia) @ rotation.T
    return _Inertia(ca.SX(body.mass), body.mass * centre, own - body.mass * (skew @ skew))


def _motion_cross(motion: ca.SX, other: ca.SX) -> ca.SX:
    """Spatial cross product of motions (6,), linear part first."""
    linear = ca.cross(motion[3:], other[:3]) + ca.cross(motion[:3], other[3:])
    return ca.vertcat(linear, ca.cross(motion[3:], other[3:]))


def _force_cross(motion: ca.SX, force: ca.SX) -> ca.SX:
    """Spatial cross product of a motion and a force (6,)."""
    angular = ca.cross(motion[3:], force[3:]) + ca.cross(motion[:3], force[:3])
    return ca.vertcat(ca.cross(motion[3:], force[:3]), angular)
