"""The exported graph: the trained network with everything the environment did around it.

The mirror of the second half of the stride, what the legs say about the base, the bound of the
actions, the speed of the clock and the reference gait. No torch needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from wm_training.learning.calibration import AxisMap
from wm_training.learning.graph import Graph
from wm_training.learning.leg_kinematics import FASTEST, HALF_STEP
from wm_training.learning.observing import (
    LEG_MOTION,
    LEG_PLACES,
    NOW,
    PLACE_SCALE,
    Frame,
    observation_mirror,
    observation_width,
)
from wm_training.learning.student import ACTION_BOUND, Student

INPUT, OUTPUT, SPEED = "obs", "actions", "clock_speed"
_SINES = (3, 4)
"""Where the sines of both phases are in the observation."""

_OPSET = 17


@dataclass(frozen=True, slots=True)
class Layer:
    """One linear layer: weight (outputs, inputs), bias (outputs,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


def build_network(
    layers: Sequence[Layer],
    student: Student,
    maps: Sequence[AxisMap] = (),
) -> bytes:
    """Serialise the whole graph: observation (1, w) in, actions (1, k) and clock speed (1, 1) out.

    maps: from asked to told velocity of the three axes; none: what is asked is told.
    """
    graph, gait, legs = Graph(), student.gait, student.legs
    width = observation_width(student)
    seen = _told(graph, maps, width) if maps else INPUT
    sines = graph.node("Gather", INPUT, graph.constant(np.array(_SINES, dtype=np.int64)), axis=1)
    left = graph.node("Gather", sines, graph.constant(np.zeros(1, dtype=np.int64)), axis=1)
    second = graph.node("Less", left, graph.floats([[-1e-6]]))
    mirror = observation_mirror(student)
    value = graph.mirrored(second, seen, mirror)
    value = graph.node("Concat", value, *_leg_motion(graph, value, student), axis=1)
    for number, layer in enumerate(layers):
        weight, bias = graph.floats(layer.weight), graph.floats(layer.bias)
        value = graph.node("Gemm", value, weight, bias, transB=1)
        if number < len(layers) - 1:
            value = graph.node("Elu", value)
    bound = graph.floats(ACTION_BOUND)
    value = graph.node("Clip", value, graph.node("Neg", bound), bound)
    _clock_speed(graph, value, student)
    value = graph.node("Gather", value, graph.constant(np.arange(legs.count)), axis=1)
    own = graph.mirrored(second, value, legs.mirror)
    beyond = graph.node("Sub", sines, graph.floats([[gait.threshold]]))
    share = graph.node("Mul", beyond, graph.floats([[1.0 / (1.0 - gait.threshold)]]))
    swing = graph.node("Clip", share, graph.floats(0.0), graph.floats(1.0))
    reference = graph.node("MatMul", swing, graph.floats(gait.direction / student.scale))
    graph.nodes.append(helper.make_node("Add", [own, reference], [OUTPUT]))
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "policy",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, width])],
            [
                helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, legs.count]),
                helper.make_tensor_value_info(SPEED, TensorProto.FLOAT, [1, 1]),
            ],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
        producer_name="wm_training.learning",
    )
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def _clock_speed(graph: Graph, value: str, student: Student) -> None:
    """From the network's last value to the factor of the clock's next advance."""
    last = graph.node("Gather", value, graph.constant(np.array([student.legs.count])), axis=1)
    share = graph.node("Clip", last, graph.floats(-1.0), graph.floats(1.0))
    change = graph.node("Mul", share, graph.floats([[student.cadence]]))
    graph.nodes.append(helper.make_node("Add", [change, graph.floats([[1.0]])], [SPEED]))


def _leg_motion(graph: Graph, seen: str, student: Student) -> tuple[str, str]:
    """Repeat ``observing.with_leg_motion``: the base's velocities and the soles' places."""
    scales, legs, frames = student.observation, student.kinematics, student.observation.history + 1
    layout = Frame(student.legs)
    rest = graph.columns(seen, range(NOW, observation_width(student)))
    frame = graph.shaped(rest, (frames, layout.width))
    gyro = graph.scaled(graph.columns(frame, range(3)), 1.0 / scales.gyro_scale)
    bend = graph.columns(frame, _range(layout.positions))
    position = graph.node("Add", bend, graph.floats(legs.posture[None]))
    speed = graph.columns(frame, _range(layout.speeds))
    change = graph.scaled(speed, HALF_STEP / scales.joint_velocity_scale)
    after, before = (graph.node(kind, position, change) for kind in ("Add", "Sub"))
    soles = _soles(graph, graph.node("Concat", position, after, before, axis=0), student)
    now, later, earlier = (
        graph.node("Gather", soles, graph.constant(np.arange(frames) + frames * part), axis=1)
        for part in range(3)
    )
    drift = graph.scaled(graph.node("Sub", earlier, later), 0.5 / HALF_STEP)
    base = graph.node("Sub", drift, graph.cross(gyro, now))
    limit = graph.floats(FASTEST)
    base = graph.node("Clip", base, graph.node("Neg", limit), limit)
    moved = graph.scaled(graph.node("Sub", now, graph.floats(legs.default[:, None])), PLACE_SCALE)
    newest = graph.node("Gather", moved, graph.constant(np.zeros(1, dtype=np.int64)), axis=1)
    by_frame = graph.node("Transpose", base, perm=[1, 0, 2])
    return (
        graph.shaped(by_frame, (1, LEG_MOTION * frames)),
        graph.shaped(newest, (1, LEG_PLACES)),
    )


def _range(part: slice) -> range:
    return range(part.start, part.stop)


def _soles(graph: Graph, position: str, student: Student) -> str:
    """Repeat ``LegKinematics.soles``: (2, b, 3) from (b, k)."""
    legs, each = student.kinematics, student.legs.each
    angles = graph.shaped(position, (-1, 2, each, 1))
    angles = graph.node("Transpose", angles, perm=[2, 1, 0, 3])
    sine = graph.node("Sin", angles)
    versine = graph.node("Sub", graph.floats(1.0), graph.node("Cos", angles))
    place = graph.floats(legs.sole)
    for joint in reversed(range(each)):
        parts = graph.node("MatMul", place, graph.floats(legs.turns[joint]))
        fixed, turned, lifted = (
            graph.columns(parts, range(3 * part, 3 * part + 3), axis=2) for part in range(3)
        )
        at = graph.constant(np.array(joint, dtype=np.int64))
        turned = graph.node("Mul", turned, graph.node("Gather", sine, at, axis=0))
        lifted = graph.node("Mul", lifted, graph.node("Gather", versine, at, axis=0))
        place = graph.node("Add", fixed, graph.floats(legs.offsets[joint]))
        place = graph.node("Add", place, graph.node("Add", turned, lifted))
    return place


def _told(graph: Graph, maps: Sequence[AxisMap], width: int) -> str:
    """Replace the command at the observation's beginning: first pieces, plus a hinge per knot."""
    asked = graph.node("Gather", INPUT, graph.constant(np.arange(3)), axis=1)
    hinges = [(axis, *hinge) for axis, m in enumerate(maps) for hinge in m.hinges()[1]]
    first = np.array([m.hinges()[0] for m in maps])
    offset = np.array([m.told[0] - m.hinges()[0] * m.asked[0] for m in maps])
    axes = np.array([axis for axis, _, _ in hinges], dtype=np.int64)
    change = np.zeros((len(hinges), 3))
    change[np.arange(len(hinges)), axes] = [slope for _, _, slope in hinges]
    straight = graph.node("Mul", asked, graph.floats(first[None]))
    straight = graph.node("Add", straight, graph.floats(offset[None]))
    beyond = graph.node("Gather", asked, graph.constant(axes), axis=1)
    beyond = graph.node("Sub", beyond, graph.floats([[knot for _, knot, _ in hinges]]))
    bend = graph.node("MatMul", graph.node("Relu", beyond), graph.floats(change))
    told = graph.node("Add", straight, bend)
    rest = graph.node("Gather", INPUT, graph.constant(np.arange(3, width)), axis=1)
    return graph.node("Concat", told, rest, axis=1)
