"""Work of networks, by hand-worked numbers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from wm_bringup.costs.network_work import UncountedOperatorError, network_work
from wm_policy.models import shipped_policy


def saved(folder, nodes, weights, given, made=("y", None)):
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(*given[:1], TensorProto.FLOAT, given[1])],
        [helper.make_tensor_value_info(made[0], TensorProto.FLOAT, made[1])],
        [numpy_helper.from_array(np.float32(value), name) for name, value in weights.items()],
    )
    path = folder / "net.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), str(path))
    return path


def test_a_layer_of_3_to_2_takes_two_products_and_sums_per_weight_a_bias_and_four_per_elu(tmp_path):
    nodes = [
        helper.make_node("Gemm", ["x", "w", "b"], ["h"], transB=1),
        helper.make_node("Elu", ["h"], ["y"]),
    ]
    path = saved(tmp_path, nodes, {"w": np.ones((2, 3)), "b": np.ones(2)}, ("x", ["batch", 3]))
    found = network_work(path)
    # 2 outputs x (3 products + 3 sums, one of them the bias's) + 2 x 4
    assert found.work.flop == 2 * (2 * 3 + 1) + 2 * 4
    assert found.parameters == 8
    # weights 6 and 2, input 3, between 2, output 2, of four bytes
    assert found.work.touched == 4 * (6 + 2 + 3 + 2 + 2)


def test_what_only_moves_numbers_is_no_arithmetic(tmp_path):
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], perm=[1, 0]),
        helper.make_node("MatMul", ["x", "t"], ["y"]),
    ]
    # (2, 5) times (5, 2): 4 results of 5 products and sums
    assert network_work(saved(tmp_path, nodes, {}, ("x", [2, 5]))).work.flop == 40


def test_a_convolution_counts_its_kernel_for_every_output(tmp_path):
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["y"])]
    weights = {"w": np.ones((4, 2, 3)), "b": np.ones(4)}
    # 8 samples, kernel 3: 6 positions x 4 channels x (2 x 3 products and sums, bias)
    path = saved(tmp_path, nodes, weights, ("x", [1, 2, 8]))
    assert network_work(path).work.flop == 6 * 4 * (2 * 2 * 3 + 1)


def test_an_lstm_counts_four_gates(tmp_path):
    hidden, inputs = 5, 3
    nodes = [helper.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=hidden)]
    weights = {"w": np.ones((1, 20, 3)), "r": np.ones((1, 20, 5))}
    path = saved(tmp_path, nodes, weights, ("x", [1, 1, inputs]))
    assert network_work(path).work.flop == 2 * 4 * 5 * (3 + 5) + 25 * 5


def test_an_operator_that_is_not_known_is_refused_by_name(tmp_path):
    path = saved(tmp_path, [helper.make_node("Det", ["x"], ["y"])], {}, ("x", [2, 2]))
    with pytest.raises(UncountedOperatorError, match="'Det'"):
        network_work(path)


def test_the_shipped_policy_takes_two_operations_per_weight_of_its_layers():
    found = network_work(shipped_policy().with_suffix(".onnx"))
    assert 2 * 95_000 < found.work.flop < 2 * found.parameters * 1.5
    assert found.parameters == pytest.approx(108_565, rel=0.01)  # as onnx-tool 1.0.1 counts them
