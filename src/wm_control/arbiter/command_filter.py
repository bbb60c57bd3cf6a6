"""The command filter: the last stage before the robot, the same for every controller.

Independent of controllers and estimator: it knows the robot's limits, the newest measurement and
what it sent last. Order: finite, joint range, rate, gains, torque-equivalent. Every change is
counted per joint; a filter that is often active is a finding, not a success.

The drives close their loops on readings of their own. A torque-equivalent computed from a reading
that came wrong would make this filter the fault: a feed-forward against a feedback that is not
there. So a joint whose reading cannot be is bounded as if it stood on its target. And one that only
damps is left to its drive, which gives what it can: else torque would be put on a robot that was
to have none.
"""

from __future__ import annotations

import math
from enum import IntEnum

import casadi as ca
import numpy as np
from numpy.typing import NDArray

from wm_control.arbiter.finite import arrays_of, finite
from wm_control.arbiter.parameters import FilterParameters
from wm_control.kernel import Kernel
from wm_control.robot.description import RobotDescription
from wm_control.types import Array, Command, Observation

_PARTS = 5
"""Position, velocity, stiffness, damping, torque: rows of a command in one array."""

_GIVEN = _PARTS + 2
"""A command, measured position and velocity: rows of all that comes from outside."""

_ROOM = 0.5
"""A joint is read no further outside its range: stops give way, encoders are offset [rad]."""

_SCATTER = 0.05
"""By which two readings of a joint at rest may differ [rad]."""

_FASTER = 2.0
"""Share of its speed limit that no joint exceeds."""

_DOUBT = 0.5
"""For which a reading is not believed after one that the joint cannot have reached [s]."""

_LIMITS = 7
"""Rows: least and greatest position, speed of targets, speed, stiffness, damping, torque."""


class Clip(IntEnum):
    """Why a joint's command was changed; row of ``CommandFilter.counts``."""

    FINITE = 0
    RANGE = 1
    RATE = 2
    GAIN = 3
    TORQUE = 4


class CommandFilter:
    """Bounds every command; ``counts`` says how often each joint needed it.

    counts: (5, n) clips by ``Clip`` and joint since the last reset. parameters: others that are
    assigned are in force from the next command on.
    """

    def __init__(self, description: RobotDescription, parameters: FilterParameters) -> None:
        """Take the robot's limits."""
        self.parameters = parameters
        self._description = description
        n = len(description.joint_names)
        self.counts: NDArray[np.int64] = np.zeros((len(Clip), n), dtype=np.int64)
        self._nothing: NDArray[np.bool_] = np.zeros(n, dtype=np.bool_)
        self._nothing.flags.writeable = False  # handed out, again and again
        self._given = np.zeros(_GIVEN * n)
        self._wanted = self._given[: _PARTS * n].reshape(_PARTS, n)
        self._measured = self._given[_PARTS * n :].reshape(-1, n)
        self._kernel = _bounds(n, {"wanted": self._wanted.T, "measured": self._measured.T})
        self._last, self._seen, self._limits = (
            self._kernel.inputs[name].T for name in ("last", "seen", "limits")
        )
        self._before, self._doubt = (self._kernel.inputs[name] for name in ("before", "doubt"))
        self._period, self._since = (self._kernel.inputs[name] for name in ("period", "since"))
        self._bounded, self._changed = (
            self._kernel.outputs[name].T for name in ("bounded", "changed")
        )
        self._changes = self._kernel.outputs["changes"]
        self._in_force: FilterParameters | None = None
        self.reset()

    def reset(self) -> None:
        """Forget the last command, what was measured, and the counts."""
        self.counts[:] = 0
        self._has_sent = False
        self._number: int | None = None
        self._since[0], self._doubt[:] = math.inf, 0.0

    def apply(
        self, command: Command, observation: Observation, dt: float
    ) -> tuple[Command, NDArray[np.bool_]]:
        """Bound one command.

        dt: since the previous one [s]. Returns the command and (n,) which joints were changed. A
        joint whose command is not finite gets damping; one whose measurement is not finite, or
        cannot be, keeps a torque-equivalent bounded as if it stood on its target.
        """
        if self.parameters is not self._in_force:
            self._put_in_force(self.parameters)
        self._wanted[:] = arrays_of(command)
        self._measured[:] = observation.joint_position, observation.joint_velocity
        self._seen[:] = 1.0
        self._period[0] = dt if self._has_sent else math.inf
        self._since[0] += dt
        not_finite = self._nothing if finite(self._given) else self._repair()
        self._kernel.run()
        self._doubt[:] = self._kernel.outputs["doubted"]
        if observation.sequence != self._number:
            self._number, self._since[0] = observation.sequence, 0.0
            self._before[:] = self._measured[0]
        changed = self._count(not_finite)
        position, velocity, stiffness, damping, torque = self._bounded.copy()
        self._last[0], self._last[1], self._has_sent = position, stiffness, True
        sent = Command(
            command.stamp, command.sequence, position, velocity, stiffness, damping, torque
        )
        return sent, changed

    def _put_in_force(self, parameters: FilterParameters) -> None:
        robot = self._description
        self._limits[:] = np.broadcast_arrays(
            robot.position_lower - parameters.position_margin,
            robot.position_upper + parameters.position_margin,
            parameters.rate_scale * robot.velocity_limit,
            robot.velocity_limit,
            parameters.stiffness_limit,
            parameters.damping_limit,
            parameters.torque_scale * robot.torque_limit,
        )
        self._in_force = parameters

    def _repair(self) -> NDArray[np.bool_]:
        """Damp the joints whose command is not finite, (n,), and do not see bad measurements."""
        wanted, measured = self._wanted, self._measured
        self._seen[:] = np.isfinite(measured)
        measured[self._seen == 0.0] = 0.0
        bad = np.asarray(~np.isfinite(wanted).all(axis=0))
        wanted[:, bad] = 0.0
        wanted[0, bad] = measured[0, bad]
        wanted[3, bad] = self._description.damping[bad]
        return bad

    def _count(self, not_finite: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Count what was changed; return (n,) which joints were."""
        if self._changes[0] == 0.0 and not_finite is self._nothing:
            return self._nothing
        clips = np.vstack((not_finite, self._changed != 0.0))
        self.counts += clips
        return np.asarray(clips.any(axis=0))


def _bounds(n: int, memory: dict[str, Array]) -> Kernel:
    """Write down the filter for n joints, which reads the arrays of ``memory`` in place.

    wanted: (n, 5) command. last: position and stiffness that were sent last. measured, seen:
    position and velocity, and 1 where they are finite. before, since: (n,) measured positions of
    the observation before, and the time since [s], infinite without one. doubt: (n,) for how long
    a reading will not be believed yet [s]; doubted: the same from now on. period: since the last
    command [s], infinite before the first. limits: (n, 7). bounded: (n, 5) what is sent. changed:
    (n, 4) by ``Clip`` from RANGE on; changes: how many of them.
    """
    sizes = {"wanted": _PARTS, "last": 2, "measured": 2, "seen": 2, "limits": _LIMITS}
    sizes |= {"before": 1, "doubt": 1}
    inputs = {name: ca.SX.sym(name, n, columns) for name, columns in sizes.items()}
    inputs |= {name: ca.SX.sym(name) for name in ("period", "since")}
    trusted, doubted = _trust(inputs)
    position, velocity, stiffness, damping, torque = ca.horzsplit(inputs["wanted"])
    least, greatest, rate, speed, most_stiff, most_damped, strongest = ca.horzsplit(
        inputs["limits"]
    )
    in_range = _clipped(position, least, greatest)
    travel = rate * inputs["period"]
    start = _start(inputs, in_range, trusted)
    reached = _clipped(in_range, start - travel, start + travel)
    gains = [
        _clipped(velocity, -speed, speed),
        _clipped(stiffness, 0.0, most_stiff),
        _clipped(damping, 0.0, most_damped),
    ]
    feedback = trusted * _feedback(inputs, reached, *gains)
    total = torque + feedback
    damps = ca.logic_and(gains[1] == 0.0, ca.logic_and(velocity == 0.0, torque == 0.0))
    allowed = ca.if_else(damps, total, _clipped(total, -strongest, strongest))
    sent = ca.if_else(allowed != total, allowed - feedback, torque)
    asked = (velocity, stiffness, damping)
    other_gains = [bounded != wanted for bounded, wanted in zip(gains, asked, strict=True)]
    changed = ca.horzcat(
        in_range != position,
        reached != in_range,
        ca.logic_or(ca.logic_or(*other_gains[:2]), other_gains[2]),
        allowed != total,
    )
    return Kernel(
        "command_filter",
        inputs,
        {
            "bounded": ca.horzcat(reached, *gains, sent),
            "changed": changed,
            "changes": ca.sum1(ca.sum2(changed)),
            "doubted": doubted,
        },
        memory,
    )


def _trust(inputs: dict[str, ca.SX]) -> tuple[ca.SX, ca.SX]:
    """(n,) 1 where a joint can be where and as fast as it is read; (n,) remaining doubt [s]."""
    position, velocity = ca.horzsplit(inputs["measured"])
    least, greatest, _, speed, *_ = ca.horzsplit(inputs["limits"])
    reach = _FASTER * speed * inputs["since"] + _SCATTER
    seen = inputs["seen"][:, 0] * inputs["seen"][:, 1]
    jumps = ca.logic_or(ca.fabs(position - inputs["before"]) > reach, seen == 0.0)
    doubted = ca.if_else(jumps, _DOUBT, ca.fmax(inputs["doubt"] - inputs["period"], 0.0))
    inside = ca.logic_and(position >= least - _ROOM, position <= greatest + _ROOM)
    can_be = ca.logic_and(inside, ca.fabs(velocity) <= _FASTER * speed)
    return ca.logic_and(can_be, doubted <= 0.0), doubted


def _start(inputs: dict[str, ca.SX], position: ca.SX, trusted: ca.SX) -> ca.SX:
    """(n,) from where position targets travel: those that act; one without stiffness is free.

    A joint that had no stiffness before starts from where it is measured.
    """
    last, was_stiff = ca.horzsplit(inputs["last"])
    measured = inputs["measured"][:, 0]
    rising = ca.logic_and(inputs["wanted"][:, 2] > 0.0, trusted)
    return ca.if_else(was_stiff > 0.0, last, ca.if_else(rising, measured, position))


def _feedback(
    inputs: dict[str, ca.SX], position: ca.SX, velocity: ca.SX, stiffness: ca.SX, damping: ca.SX
) -> ca.SX:
    """(n,) torque of the drives' own loops, which the feed-forward adds to."""
    measured, moving = ca.horzsplit(inputs["measured"])
    return stiffness * (position - measured) + damping * (velocity - moving)


def _clipped(values: ca.SX, lower: ca.SX | float, upper: ca.SX | float) -> ca.SX:
    """Within bounds the very same numbers come back."""
    return ca.fmin(ca.fmax(values, lower), upper)
