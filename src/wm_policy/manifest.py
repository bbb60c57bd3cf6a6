"""The manifest: everything that is needed to run a policy, in one strict schema.

Loaders translate foreign formats into it; what a foreign file does not say must be said in an
overlay, never guessed. Vectors about joints are in the order of ``joints`` (what is observed) or of
``action.joints`` (what is commanded). ``docs/policies.md`` explains every field to people.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict
from pydantic.dataclasses import dataclass

from wm_control.configuration.parameters import STRICT
from wm_policy.values import (
    Armature,
    Bounds,
    Count,
    Name,
    Names,
    Number,
    Numbers,
    Pair,
    Pick,
    Positive,
    Sha256,
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Network:
    """The ONNX file, relative to the manifest's folder, and the hashes of all it consists of.

    data: external weight files of the network, each with its hash.
    """

    file: Name
    sha256: Sha256
    data: dict[Name, Sha256] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, config=STRICT)
class Term:
    """One observation term: ``clip_scaled(scale * clip(signal))``.

    frame: must be the frame in which the term table defines it; None where it has none.
    joints: of a joint term; None: all of ``Manifest.joints``.
    value: of the term ``constant``; of ``moving`` what is seen while standing and while moving,
    None: 0 and 1.
    pick: which of the term's values are seen, each with its own scale where there are several;
    None: all.
    """

    name: Name
    scale: Number | Numbers
    frame: Name | None = None
    joints: Names | None = None
    clip: Bounds | None = None
    clip_scaled: Bounds | None = None
    value: Numbers | None = None
    pick: Pick | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class History:
    """How many frames of a block's terms are seen, and in which arrangement.

    length: frames. layout: ``per_term`` puts all frames of one term before the next term;
    ``per_frame`` puts all terms of one frame before the next frame. current: whether the frame of
    now is one of them. fill: what stands for the time before the start: zeros or the first frame.
    """

    length: Count
    layout: Literal["per_term", "per_frame"]
    order: Literal["oldest_first", "newest_first"]
    fill: Literal["zero", "first"]
    current: Annotated[bool, Strict()]


@dataclass(frozen=True, slots=True, config=STRICT)
class Block:
    """Terms that share one history; without a history, the frame of now."""

    terms: Annotated[tuple[Term, ...], Field(min_length=1)]
    history: History | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Input:
    """One input tensor of the network: the values of its blocks, one after the other."""

    name: Name
    blocks: Annotated[tuple[Block, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True, config=STRICT)
class State:
    """One tensor that the network hands on to its own next step (LSTM h and c, a history)."""

    input: Name
    output: Name
    initial: Number = 0.0


@dataclass(frozen=True, slots=True, config=STRICT)
class Settling:
    """After a step only harder shaking is a push: stepping shakes as well.

    angular_velocity: instead of ``Wake.angular_velocity`` [rad/s], for so many seconds.
    """

    angular_velocity: Positive
    seconds: Positive


@dataclass(frozen=True, slots=True, config=STRICT)
class Wake:
    """A push makes a standing robot step: the clock then runs for so many strides.

    angular_velocity: of rolling and pitching in base axes, beyond which the robot was pushed
    [rad/s]. strides: turns of the first phase. initial_right: phases from which the clock starts
    when the robot rolls to its right, so that the right foot steps first [rad]; None, and
    otherwise: ``Phase.initial``. settling: None, or what wakes it shortly after it stepped.
    """

    angular_velocity: Positive
    strides: Positive
    initial_right: Numbers | None = None
    settling: Settling | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Moving:
    """Motion is asked for unless all limits that are stated hold; at least one is.

    linear_below: of the norm of forward and left speed [m/s]. angular_below: of the turning speed
    [rad/s]. command_below: of one norm over all three, as they are.
    """

    linear_below: Positive | None = None
    angular_below: Positive | None = None
    command_below: Positive | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Standing:
    """What the clock does while no motion is asked for; limits as those of ``Moving``.

    phase: at which the clock stands still [rad]; with the first command after that it starts from
    ``Phase.initial``. None: the clock goes on. blank: whether sine and cosine are both observed as
    zero, which is on no circle, whatever the clock does. wake: None, or what else starts it.
    """

    linear_below: Positive | None = None
    angular_below: Positive | None = None
    phase: Numbers | None = None
    wake: Wake | None = None
    command_below: Positive | None = None
    blank: Annotated[bool, Strict()] = False


@dataclass(frozen=True, slots=True, config=STRICT)
class Phase:
    """The gait clock: each phase advances by 2 pi frequency / rate every policy step.

    frequency: [Hz]. initial: phases at the start [rad]. advance: ``before`` or ``after`` the
    observation of the step is taken. speed: output of the network with one value, by which the next
    advance is multiplied; None: the clock has one speed. touchdown: first phase at which the left
    and the right foot land [rad]; None: not known, so that the clock cannot follow steps that
    another driver takes.
    """

    frequency: Positive
    initial: Annotated[Numbers, Field(min_length=1)]
    advance: Literal["before", "after"]
    standing: Standing | None = None
    speed: Name | None = None
    touchdown: Pair | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class CommandRanges:
    """Velocity commands the policy was trained for; others are clamped to them.

    linear_x, linear_y [m/s], angular_z [rad/s], base frame; each must contain zero.
    """

    linear_x: Pair
    linear_y: Pair
    angular_z: Pair


@dataclass(frozen=True, slots=True, config=STRICT)
class Action:
    """From the network's output to joint targets: ``reference + scale * clip(output)``.

    pick: which values of the output are the actions; None: all. target: the reference is the
    ``default`` pose (or ``offset`` where given), nothing (``absolute``), or the ``measured``
    position of this instant. clip: bounds of the raw output; the last action that is observed is
    the clipped one. limits: bounds of the targets [rad].
    """

    output: Name
    joints: Annotated[Names, Field(min_length=1)]
    target: Literal["default", "absolute", "measured"]
    scale: Numbers
    offset: Numbers | None = None
    clip: Bounds | None = None
    limits: tuple[Bounds, ...] | None = None
    pick: Pick | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Gains:
    """Of the joint drives, in the order of ``action.joints``: numbers, or outputs of the network.

    stiffness [N·m/rad], damping [N·m·s/rad].
    """

    stiffness: Numbers | None = None
    damping: Numbers | None = None
    stiffness_output: Name | None = None
    damping_output: Name | None = None


@dataclass(frozen=True, slots=True, config=STRICT)
class Held:
    """Posture of one joint that the policy does not command; None: as docs/policies.md says.

    position [rad], stiffness [N·m/rad], damping [N·m·s/rad]. underdamped: says that the joint is
    really meant to ring.
    """

    position: Number | None = None
    stiffness: Positive | None = None
    damping: Positive | None = None
    underdamped: Annotated[bool, Strict()] = False


@dataclass(frozen=True, slots=True, config=STRICT)
class Golden:
    """What the network must answer, by tensor name; state tensors left out start at ``initial``.

    tolerance: largest absolute difference.
    """

    inputs: dict[Name, Numbers]
    outputs: Annotated[dict[Name, Numbers], Field(min_length=1)]
    tolerance: Annotated[float, Strict(), Field(gt=0.0, le=0.01)] = 1e-4


@dataclass(frozen=True, slots=True, config=STRICT)
class GoldenRollout:
    """What the whole policy must command after ``steps`` of the synthetic walk of golden.py.

    Unlike ``Golden`` this covers the manifest as well: order, scales, history, phase, gains.
    All of the policy's own joints, in the robot's order. last, mean: targets of the last step and
    over the steps [rad]. stiffness, damping: as the policy asks for them in the last step.
    """

    steps: Count
    last: Numbers
    mean: Numbers
    stiffness: Numbers
    damping: Numbers
    tolerance: Annotated[float, Strict(), Field(gt=0.0, le=0.01)] = 1e-4


@dataclass(frozen=True, slots=True, config=STRICT)
class Statistics:
    """Mean and standard deviation of one input during training, for its novelty."""

    mean: Numbers
    deviation: tuple[Positive, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Bodies:
    """Robots of one gear that the policy was made for, or was measured to walk.

    names: as their robot files say them. armature: rotor inertia as the joint feels it, in the
    order of ``action.joints``: it tells the gear [kg·m²].
    """

    names: Annotated[Names, Field(min_length=1)]
    armature: tuple[Armature, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Manifest:
    """One policy. ``rate`` [Hz]; ``default_position`` [rad] in the order of ``joints``.

    joint_order: None where ``joints`` follow the robot's own or the breadth-first order;
    ``custom`` says that another order is really meant. held: by joint name. moving: for the term
    of that name. robot: which it may drive (checking/bodies.py); empty: not said.
    """

    manifest_version: Literal[1]
    name: Name
    family: Name
    licence: Name
    network: Network
    rate: Positive
    joints: Annotated[Names, Field(min_length=1)]
    default_position: Numbers
    inputs: Annotated[tuple[Input, ...], Field(min_length=1)]
    command: CommandRanges
    action: Action
    gains: Gains
    states: tuple[State, ...] = ()
    phase: Phase | None = None
    moving: Moving | None = None
    held: dict[Name, Held] = Field(default_factory=dict)
    golden: tuple[Golden, ...] = ()
    story: GoldenRollout | None = None
    statistics: dict[Name, Statistics] = Field(default_factory=dict)
    joint_order: Literal["custom"] | None = None
    asymmetric: Annotated[bool, Strict()] = False
    robot: tuple[Bodies, ...] = ()
    source: str = ""
