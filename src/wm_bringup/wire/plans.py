"""Walking plans on the wire: ``mpc/plan``."""

from __future__ import annotations

from wm_bringup.wire.cdr import MessageError
from wm_bringup.wire.messages import MultiArrayEncoder, decode_multi_array
from wm_bringup.wire.vectors import join_vector
from wm_control.mpc.plan import SIZE, WalkingPlan, pack, unpack

_HEADER = 2
"""Stamp and sequence come first in a packed plan."""


class PlanEncoder:
    """``mpc/plan``."""

    def __init__(self) -> None:
        """Lay out the message."""
        self._message = MultiArrayEncoder((("plan", SIZE - _HEADER),), _HEADER)

    def encode(self, plan: WalkingPlan) -> bytes:
        """Fill in one plan."""
        self._message.floats[:] = pack(plan)
        return self._message.encode()


def decode_plan(data: bytes) -> WalkingPlan:
    """Read ``mpc/plan``; MessageError for one that is not finite or is no plan."""
    try:
        return unpack(join_vector(*decode_multi_array(data)))
    except ValueError as error:
        raise MessageError(str(error)) from error
