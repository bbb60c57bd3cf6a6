"""Networks that lost their memory in the export: every step would start anew."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from policy_files import deploy_yaml, examined, first_problem, leg_manifest, write_yaml
from tiny_networks import OPSET, linear, recurrent, weights

from wm_policy.memory import recurrences

HIDDEN, WIDTH, ACTIONS = 8, 47, 12
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def value(name: str, *shape: int) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def constant(name: str, values: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values), name)


ZEROS = constant("h0", np.zeros((1, 1, HIDDEN), np.float32))
OF_SHAPE = [  # zeros in the batch of the observation, as tracing leaves them
    helper.make_node("Shape", ["obs"], ["shape"]),
    helper.make_node("Gather", ["shape", "zero"], ["batch"]),
    helper.make_node("Concat", ["one_", "batch", "hidden"], ["extent"], axis=0),
    helper.make_node("ConstantOfShape", ["extent"], ["h0"]),
]
EXTENT = [
    constant("zero", np.array([0])),
    constant("one_", np.array([1])),
    constant("hidden", np.array([HIDDEN])),
]


def cell(kind: str, initial: list[str], frames: int = 1) -> list[onnx.NodeProto]:
    """Obs, a cell over ``frames`` frames, a head."""
    return [
        helper.make_node("Reshape", ["obs", "sequence_shape"], ["sequence"]),
        helper.make_node(kind, ["sequence", "W", "R", *initial], ["", "h"], hidden_size=HIDDEN),
        helper.make_node("Reshape", ["h", "flat"], ["h_flat"]),
        helper.make_node("MatMul", ["h_flat", "head"], ["actions"]),
    ]


def cell_weights(kind: str, frames: int = 1) -> list[onnx.TensorProto]:
    width = WIDTH if frames == 1 else 1
    rows = GATES[kind] * HIDDEN
    return [
        constant("sequence_shape", np.array([-1 if frames == 1 else WIDTH, 1, width])),
        constant("flat", np.array([1, HIDDEN])),
        constant("W", weights(rows, width, 1)[None]),
        constant("R", weights(rows, HIDDEN, 2)[None]),
        constant("head", weights(HIDDEN, ACTIONS, 3)),
    ]


def saved(tmp_path: Path, graph: onnx.GraphProto, functions: list = []) -> Path:  # noqa: B006
    """Write a network and a manifest that knows nothing of a state; returns the manifest."""
    opsets = [*OPSET, *([helper.make_opsetid("own", 1)] if functions else [])]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9, functions=functions)
    onnx.save(model, str(tmp_path / "legs.onnx"))
    return write_yaml(leg_manifest(tmp_path / "legs.onnx"), tmp_path / "legs.yaml")


def graph_of(nodes: list, constants: list, *inputs: onnx.ValueInfoProto) -> onnx.GraphProto:
    first = [value("obs", 1, WIDTH), *inputs]
    return helper.make_graph(nodes, "g", first, [value("actions", 1, ACTIONS)], constants)


INITIAL = {
    "absent": ([], [], []),
    "an initializer": (["", "", "h0"], [], [ZEROS]),
    "a constant node": (
        ["", "", "h0"],
        [helper.make_node("Constant", [], ["h0"], value=ZEROS)],
        [],
    ),
    "zeros in the observation's batch": (["", "", "h0"], OF_SHAPE, EXTENT),
}


@pytest.mark.parametrize("kind", GATES)
@pytest.mark.parametrize("begin", INITIAL)
def test_a_cell_whose_state_is_no_input_is_refused(tmp_path: Path, kind: str, begin: str) -> None:
    initial, nodes, constants = INITIAL[begin]
    graph = graph_of([*nodes, *cell(kind, initial)], [*constants, *cell_weights(kind)])
    problem = first_problem(saved(tmp_path, graph))
    assert problem.startswith("NetworkError")
    assert f"{kind} 'h': expected initial_h from an input that is a state" in problem
    assert "found a constant: it would forget everything with every step" in problem


def test_an_lstm_with_one_of_its_two_states_is_refused(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "policy.onnx", 96, 29)
    model = onnx.load(str(path))
    lstm = next(node for node in model.graph.node if node.op_type == "LSTM")
    lstm.input[6] = ""
    del model.graph.input[2:]
    del model.graph.output[2:]
    onnx.save(model, str(path))
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert "expected initial_c from an input that is a state" in first_problem(path)


def test_a_state_that_the_manifest_fills_with_a_constant_is_no_state(tmp_path: Path) -> None:
    network = recurrent(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    content["states"] = [{"input": "h_in", "output": "h_out"}]
    fixed = {"name": "constant", "scale": 1.0, "value": [0.0] * 8}
    content["inputs"].append({"name": "c_in", "blocks": [{"terms": [fixed]}]})
    problem = first_problem(write_yaml(content, tmp_path / "legs.yaml"))
    assert "expected initial_c" in problem
    assert "found only 'c_in', which is none" in problem


def test_a_cell_inside_a_branch_is_found(tmp_path: Path) -> None:
    branch = helper.make_graph(cell("GRU", []), "b", [], [value("actions", 1, ACTIONS)])
    nodes = [
        helper.make_node("If", ["always"], ["actions"], then_branch=branch, else_branch=branch)
    ]
    constants = [constant("always", np.array(True)), *cell_weights("GRU")]
    assert "GRU 'h'" in first_problem(saved(tmp_path, graph_of(nodes, constants)))


def test_a_cell_inside_a_function_is_found(tmp_path: Path) -> None:
    names = ["sequence_shape", "flat", "W", "R", "head"]
    function = helper.make_function(
        "own", "Body", ["obs", *names], ["actions"], cell("LSTM", []), OPSET
    )
    call = helper.make_node("Body", ["obs", *names], ["actions"], domain="own")
    path = saved(tmp_path, graph_of([call], cell_weights("LSTM")), [function])
    assert "LSTM 'h'" in first_problem(path)


def by_hand(state: str) -> list[onnx.NodeProto]:
    """A GRU as tracing unrolls it: ``(1 - z) tanh(x W) + z h``."""
    return [
        helper.make_node("MatMul", ["obs", "Wz"], ["z_"]),
        helper.make_node("Sigmoid", ["z_"], ["z"]),
        helper.make_node("MatMul", ["obs", "Wn"], ["n_"]),
        helper.make_node("Tanh", ["n_"], ["n"]),
        helper.make_node("Sub", ["unit", "z"], ["rest"]),
        helper.make_node("Mul", ["rest", "n"], ["new"]),
        helper.make_node("Mul", ["z", state], ["old"]),
        helper.make_node("Add", ["new", "old"], ["h_out"]),
        helper.make_node("MatMul", ["h_out", "head"], ["actions"]),
    ]


HAND_WEIGHTS = [
    constant("Wz", weights(WIDTH, HIDDEN, 1)),
    constant("Wn", weights(WIDTH, HIDDEN, 2)),
    constant("unit", np.ones(1, np.float32)),
    constant("head", weights(HIDDEN, ACTIONS, 3)),
]


def test_gates_written_out_by_hand_are_a_cell_too(tmp_path: Path) -> None:
    zeros = constant("baked", np.zeros((1, HIDDEN), np.float32))
    graph = graph_of(by_hand("baked"), [*HAND_WEIGHTS, zeros])
    assert "expected baked from an input that is a state" in first_problem(saved(tmp_path, graph))


def test_gates_by_hand_with_their_state_as_an_input_run(tmp_path: Path) -> None:
    graph = graph_of(by_hand("h_in"), HAND_WEIGHTS, value("h_in", 1, HIDDEN))
    graph.output.append(value("h_out", 1, HIDDEN))
    saved(tmp_path, graph)
    content = leg_manifest(tmp_path / "legs.onnx")
    content["states"] = [{"input": "h_in", "output": "h_out"}]
    assert examined(write_yaml(content, tmp_path / "legs.yaml")).ok


def test_a_scan_of_one_turn_carries_a_state(tmp_path: Path) -> None:
    body = helper.make_graph(
        [
            helper.make_node("Add", ["before", "x"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["after"]),
            helper.make_node("Identity", ["after"], ["seen"]),
        ],
        "body",
        [value("before", WIDTH), value("x", WIDTH)],
        [value("after", WIDTH), value("seen", WIDTH)],
    )
    nodes = [
        helper.make_node("Scan", ["begin", "obs"], ["end", "all"], body=body, num_scan_inputs=1),
        helper.make_node("MatMul", ["all", "head"], ["actions"]),
    ]
    zeros = constant("begin", np.zeros(WIDTH, np.float32))
    head = constant("head", weights(WIDTH, ACTIONS, 3))
    problem = first_problem(saved(tmp_path, graph_of(nodes, [zeros, head])))
    assert "Scan 'end': expected before from an input that is a state" in problem


def test_a_loop_of_one_turn_carries_a_state_and_one_of_five_does_not(tmp_path: Path) -> None:
    """Five turns over one observation are a solver inside the network."""
    body = helper.make_graph(
        [
            helper.make_node("Add", ["before", "obs"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["after"]),
            helper.make_node("Identity", ["go"], ["go_on"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, ()),
            helper.make_tensor_value_info("go", TensorProto.BOOL, ()),
            value("before", 1, WIDTH),
        ],
        [helper.make_tensor_value_info("go_on", TensorProto.BOOL, ()), value("after", 1, WIDTH)],
    )
    nodes = [
        helper.make_node("Loop", ["turns", "", "begin"], ["end"], body=body),
        helper.make_node("MatMul", ["end", "head"], ["actions"]),
    ]
    constants = [
        constant("begin", np.zeros((1, WIDTH), np.float32)),
        constant("head", weights(WIDTH, ACTIONS, 3)),
    ]
    once = graph_of(nodes, [*constants, constant("turns", np.array(1))])
    assert "Loop 'end': expected before from an input" in first_problem(saved(tmp_path, once))
    five = graph_of(nodes, [*constants, constant("turns", np.array(5))])
    assert examined(saved(tmp_path, five)).problems == ()


def test_an_encoder_of_an_observed_history_needs_no_state(tmp_path: Path) -> None:
    """A GRU over 47 frames of one value each begins from zero in every step, as in training."""
    graph = graph_of(cell("GRU", [], frames=WIDTH), cell_weights("GRU", frames=WIDTH))
    assert examined(saved(tmp_path, graph)).ok


def test_states_that_are_inputs_are_known_as_such(tmp_path: Path) -> None:
    model = onnx.load(str(recurrent(tmp_path / "p.onnx", 96, 29)))
    assert [(r.state, set(r.roots)) for r in recurrences(model)] == [
        ("initial_h", {"h_in"}),
        ("initial_c", {"c_in"}),
    ]
    assert recurrences(onnx.load(str(linear(tmp_path / "q.onnx", 96, 29)))) == ()
