"""How a rehearsal ended, from what was seen on the wire and of the robot; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from wm_bringup.rehearsal.endurance import Look, growth
from wm_bringup.rehearsal.plan import Mishap


class Sent(NamedTuple):
    """A command on the wire. at: when it was heard [s]. stiff: it has stiffness or torque."""

    at: float
    stiff: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one run.

    armed: it came to drive. fell: before it was stopped. finished: the course was driven to its
    end. stopped: damping followed on the operator's stop. given_back: to its own controller.
    mishap_at: on the clock of ``sent`` [s]; None: there was none. sent: the newest of all
    ``commands``. rejected: frames, by the robot, which a mishap may have spoilt. looks: at what may
    grow. ended: processes of the graph that ended and should not have. problem: why it broke off,
    or empty.
    """

    armed: bool = False
    fell: bool = False
    finished: bool = False
    stopped: bool = False
    given_back: bool = False
    mishap_at: float | None = None
    sent: tuple[Sent, ...] = ()
    commands: int = 0
    rejected: int = 0
    looks: tuple[Look, ...] = ()
    ended: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is said of one run.

    held: it ended as it had to. damped_after: from the mishap to the first damping command after
    which nothing stiff was heard any more [s]; None: never. why: what was not as it had to be.
    """

    held: bool
    damped_after: float | None
    why: str


def outcome(seen: Seen, mishap: Mishap | None) -> Outcome:
    """Judge one run."""
    after = damped_after(seen.sent, seen.mishap_at)
    if not seen.armed:
        return Outcome(False, after, seen.problem or "never armed")
    if mishap is not None and mishap.ends == "damped":
        if after is None:
            return Outcome(False, after, "never damped")
        late = f"damped after {1e3 * after:.0f} ms, not {1e3 * mishap.within:.0f}"
        held = after <= mishap.within
        return Outcome(held, after, "" if held else late)
    wrong = {
        seen.problem: bool(seen.problem),
        "fell": seen.fell,
        "course not finished": not seen.finished,
        "not damped by the stop": not seen.stopped,
        "not given back": not seen.given_back and mishap is None,
        f"{seen.rejected} frames rejected": seen.rejected > 0 and mishap is None,
        **dict.fromkeys(seen.ended if mishap is None else (), True),
        **{str(one): one.too_much for one in growth(seen.looks)},
    }
    why = "; ".join(words for words, is_so in wrong.items() if is_so)
    return Outcome(not why, after, why)


def damped_after(sent: Sequence[Sent], since: float | None) -> float | None:
    """Time from ``since`` to the first damping command after the last stiff one [s]."""
    if since is None:
        return None
    later = [one for one in sent if one.at >= since]
    last_stiff = max((k for k, one in enumerate(later) if one.stiff), default=-1)
    damping = later[last_stiff + 1 :]
    return damping[0].at - since if damping else None
