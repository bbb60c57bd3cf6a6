"""From one command to another without a step in torque.

A drive turns a command into ``tau + kp (q - q_m) + kd (dq - dq_m)``, which is affine in what it
measures. The mean of two such laws is such a law again, so two commands can be blended exactly:

    kp = (1 - s) kp_a + s kp_b                    kd likewise, tau likewise
    q  = ((1 - s) kp_a q_a + s kp_b q_b) / kp     dq likewise with kd

At every measured state, also the one that the drives will see some milliseconds from now, the
blended command gives ``(1 - s) torque_a + s torque_b``: at share 0 what the old command would have
given. Its targets lie between those of the two commands, so that the command filter has no reason
to clip them.

What is blended may jump by itself: a driver changes contacts, a policy sets new targets, one that
now runs in the shadow begins anew. In and after a hand-over each joint therefore goes only so far
from the command before towards the new one that its torque changes by no more than a limit
(``slewed``). That bounds the steps and hardly delays the answer: at 0.08 of what a joint can give
in a cycle, the new driver has all of it within 25 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wm_control.arbiter.postures import damping_command
from wm_control.fast_init import replace
from wm_control.types import Array, Command, Observation


def blend(old: Command, new: Command, share: float | Array) -> Command:
    """Mean of two commands' laws, with the stamp of the new one.

    share: of ``new``, 0 to 1, of the whole command or (n,) of each joint.
    """
    if np.all(share >= 1.0):
        return new
    rest = 1.0 - share
    stiffness = rest * old.stiffness + share * new.stiffness
    damping = rest * old.damping + share * new.damping
    pull = rest * old.stiffness * old.position + share * new.stiffness * new.position
    drag = rest * old.damping * old.velocity + share * new.damping * new.velocity
    return replace(
        new,
        position=_quotient(pull, stiffness, new.position),
        velocity=_quotient(drag, damping, new.velocity),
        stiffness=stiffness,
        damping=damping,
        torque=rest * old.torque + share * new.torque,
    )


def _quotient(numerator: Array, denominator: Array, otherwise: Array) -> Array:
    """(n,) quotient; ``otherwise`` where the gain is zero and the target has no effect."""
    acts = denominator > 0.0
    return np.where(acts, numerator / np.where(acts, denominator, 1.0), otherwise)


def torque_of(command: Command, position: Array, velocity: Array) -> Array:
    """(n,) torque that a drive makes of a command with joints at that state [N·m]."""
    torque = command.torque + command.stiffness * (command.position - position)
    return torque + command.damping * (command.velocity - velocity)


def slewed(
    last: Command, wanted: Command, share: float, limit: Array, observation: Observation
) -> Command:
    """Go from one command towards the next as far as each joint's step of torque allows.

    last: of the cycle before. share: of the joints' torque ``limit``, (n,) [N·m], by which a step
    may be, at the measured state; where that is not finite nothing is held back. What ``last``
    wanted beyond the limit was never made, and is gone back from at once.
    """
    q, dq = observation.joint_position, observation.joint_velocity
    before = torque_of(last, q, dq)
    with np.errstate(invalid="ignore"):  # of readings that are infinite
        step = np.abs(torque_of(wanted, q, dq) - before)
    most = share * limit + np.maximum(np.abs(before) - limit, 0.0)
    return blend(last, wanted, np.divide(most, step, out=np.ones(len(step)), where=step > most))


def ramped(
    command: Command, share: float, start: Array, damping: Array, observation: Observation
) -> Command:
    """Go over from damping into a command, whose posture is approached from where the joints are.

    share: 0 to 1. start: (n,) measured position at arming. damping: (n,) gains at share 0.
    """
    if share >= 1.0:
        return command
    approach = replace(command, position=start + share * (command.position - start))
    return blend(damping_command(observation, damping), approach, share)


@dataclass(frozen=True, slots=True)
class HandOver:
    """A driver that gives way to another.

    command: the last one that went out. began, duration: of the hand-over [s].
    """

    driver: str
    command: Command
    began: float
    duration: float

    def share(self, now: float) -> float:
        """Share of the new driver at ``now`` [s], 0 to 1."""
        return min((now - self.began) / self.duration, 1.0) if self.duration > 0.0 else 1.0
