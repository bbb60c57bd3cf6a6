"""What an overlay may say: before the file is judged, of a term, of parts of one, of an output."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from foreign_metadata import MJLAB_OVERLAY, mjlab_metadata
from onnx import TensorProto, helper, numpy_helper
from policy_files import (
    ALL,
    G1,
    deploy_yaml,
    estimate,
    examined,
    first_problem,
    leg_manifest,
    write_yaml,
)
from tiny_networks import linear, recurrent, weights

from wm_control.types import VelocityCommand
from wm_policy.loading import load_policy
from wm_policy.network import read_network
from wm_policy.policy import Policy


def overlay(tmp_path: Path, network: Path, **content: object) -> Path:
    said = {"overlay_version": 1, "sha256": read_network(network).sha256, **content}
    return write_yaml(said, tmp_path / "overlay.yaml")


def deploy(tmp_path: Path, content: dict[str, Any], inputs: int = 96) -> Path:
    linear(tmp_path / "policy.onnx", inputs, 29)
    write_yaml(content, tmp_path / "deploy.yaml")
    return tmp_path / "policy.onnx"


WRONG: list[tuple[tuple[str, ...], object, dict[str, Any]]] = [
    (("stiffness",), [60.0] * 7, {"gains": {"stiffness": 60.0}}),
    (("damping",), None, {"gains": {"damping": {"*": 2.0}}}),
    (("step_dt",), "fast", {"rate": 50.0}),
    (("default_joint_pos",), [0.0] * 3, {"default_position": 0.0}),
    (("commands",), {}, {"command": MJLAB_OVERLAY["command"]}),
    (("actions", "JointPositionAction", "scale"), [math.nan] * 29, {"action": {"scale": 0.25}}),
    (("actions", "JointPositionAction", "offset"), "none", {"action": {"offset": 0.0}}),
    (("actions", "JointPositionAction", "clip"), [1.0], {"action": {"limits": [[-1.0, 1.0]] * 29}}),
]


@pytest.mark.parametrize(("place", "wrong", "override"), WRONG)
def test_what_is_overridden_is_not_judged(
    tmp_path: Path, place: tuple[str, ...], wrong: object, override: dict[str, Any]
) -> None:
    content = deploy_yaml()
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = wrong
    network = deploy(tmp_path, content)
    (problem,) = examined(network).problems
    assert place[0] in problem.field
    assert examined(network, overlay(tmp_path, network, override=override)).problems == ()


def test_fill_says_what_is_missing_and_mends_nothing_that_is_wrong(tmp_path: Path) -> None:
    content = deploy_yaml()
    del content["stiffness"]
    network = deploy(tmp_path, content)
    said = overlay(tmp_path, network, fill={"gains": {"stiffness": 60.0}})
    assert examined(network, said).ok
    content["stiffness"] = [60.0] * 7
    write_yaml(content, tmp_path / "deploy.yaml")
    assert "stiffness: expected 29 values, one per motor" in first_problem(network, said)


def test_misspelled_joints_of_metadata_may_be_overridden(tmp_path: Path) -> None:
    """The lists of the file then are in the order of the overlay's names."""
    short = ",".join(name.removesuffix("_joint") for name in ALL)
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata(joint_names=short))
    said = {"fill": MJLAB_OVERLAY, "override": {"joints": list(ALL)}}
    assert "'left_hip_pitch'" in first_problem(
        network, overlay(tmp_path, network, fill=MJLAB_OVERLAY)
    )
    said["override"]["action"] = {"joints": list(ALL)}
    assert examined(network, overlay(tmp_path, network, **said)).problems == ()


def test_our_own_manifest_may_be_overridden_before_it_is_judged(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    content["gains"]["stiffness"] = {"*_tail_joint": 3.0}
    path = write_yaml(content, tmp_path / "legs.yaml")
    assert "JointMismatchError" in first_problem(path)
    said = overlay(tmp_path, network, override={"gains": {"stiffness": {"*": 90.0}}})
    assert load_policy(path, G1, said).manifest.gains.stiffness == (90.0,) * 12


def with_term(name: str, width: int, **entry: object) -> dict[str, Any]:
    content = deploy_yaml()
    term = {"params": {}, "clip": None, "scale": [1.0] * width, "history_length": 1}
    content["observations"] = {name: {**term, **entry}, **content["observations"]}
    return content


def observed(policy: Policy, **measured: Any) -> list[float]:
    policy.step(estimate(**measured), VelocityCommand(0.3, -0.2, 0.1))
    return policy.runner.inputs["obs"].tolist()


def test_an_unknown_term_may_be_fixed(tmp_path: Path) -> None:
    """HOMIE's height of 0.74 m, or a height map of 187 equal values."""
    network = deploy(tmp_path, with_term("height_command", 1), 97)
    assert "or terms.height_command of an overlay" in first_problem(network)
    said = overlay(tmp_path, network, terms={"height_command": {"name": "constant", "value": 0.74}})
    assert observed(load_policy(network, G1, said))[:2] == pytest.approx([0.74, 0.0])
    network = deploy(tmp_path, with_term("height_scan", 187), 96 + 187)
    flat = {"name": "constant", "value": -0.5, "width": 187}
    said = overlay(tmp_path, network, terms={"height_scan": flat})
    assert observed(load_policy(network, G1, said))[:187] == [-0.5] * 187


def test_an_unknown_term_may_be_one_that_is_known(tmp_path: Path) -> None:
    """Under its foreign name; what the file says of it, a scale of 0.5, still holds."""
    network = deploy(tmp_path, with_term("imu_gyro", 3, scale=[0.5] * 3), 99)
    said = overlay(tmp_path, network, terms={"imu_gyro": {"name": "base_angular_velocity"}})
    seen = observed(load_policy(network, G1, said), gyro=(0.2, 0.4, -0.6))
    assert seen[:3] == pytest.approx([0.1, 0.2, -0.3])
    said = overlay(
        tmp_path, network, terms={"imu_gyro": {"name": "base_angular_velocity", "scale": 2.0}}
    )
    seen = observed(load_policy(network, G1, said), gyro=(0.2, 0.4, -0.6))
    assert seen[:3] == pytest.approx([0.4, 0.8, -1.2])


def test_parts_of_a_term_may_be_different_things(tmp_path: Path) -> None:
    """Turning before forward speed, a fixed height, and whether motion is asked for."""
    network = deploy(tmp_path, with_term("task", 4), 100)
    parts = [
        {"name": "velocity_command", "pick": [2, 0], "scale": [0.5, 1.0]},
        {"name": "constant", "value": [0.74]},
        {"name": "moving"},
    ]
    fill = {"moving": {"command_below": 0.1}}
    said = overlay(tmp_path, network, terms={"task": {"terms": parts}}, fill=fill)
    assert observed(load_policy(network, G1, said))[:4] == pytest.approx([0.05, 0.3, 0.74, 1.0])


def test_parts_of_a_term_with_a_history_stay_together_in_every_frame(tmp_path: Path) -> None:
    network = deploy(tmp_path, with_term("task", 2, history_length=3), 96 + 6)
    parts = [{"name": "base_angular_velocity", "pick": "0:1"}, {"name": "constant", "value": 9.0}]
    policy = load_policy(network, G1, overlay(tmp_path, network, terms={"task": {"terms": parts}}))
    for k in (1.0, 2.0, 3.0):
        seen = observed(policy, gyro=(k, 0.0, 0.0))
    assert seen[:6] == [1.0, 9.0, 2.0, 9.0, 3.0, 9.0]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"name": "smell"}, "terms.task.name: expected one of"),
        ({"name": "constant"}, "terms[0].value: expected a value of the term 'constant'"),
        ({"name": "velocity_command", "pick": [3, 0, 1, 2]}, "pick: expected indices below 3"),
        ({"name": "constant", "value": 1.0, "width": 0}, "terms.task.width: expected a whole"),
        ({"terms": []}, "terms.task.terms: expected a list of terms"),
        ({"terms": [{"name": "moving", "weight": 1.0}]}, "terms.task.terms[0].weight"),
        ({"name": "constant", "value": math.nan}, "terms.task.value: expected a finite number"),
    ],
)
def test_what_an_overlay_says_of_a_term_is_refused_for(
    tmp_path: Path, said: dict[str, Any], text: str
) -> None:
    network = deploy(tmp_path, with_term("task", 4), 100)
    assert text in first_problem(network, overlay(tmp_path, network, terms={"task": said}))


def two_outputs(tmp_path: Path, metadata: dict[str, str], **shapes: int) -> Path:
    """Obs of 96 values, a time step if ``shapes`` has one, outputs as wide as ``shapes`` says."""
    floats = {name: width for name, width in shapes.items() if name != "time_step"}
    nodes = [helper.make_node("MatMul", ["obs", f"W_{name}"], [name]) for name in floats]
    inputs = [helper.make_tensor_value_info("obs", TensorProto.FLOAT, (1, 96))]
    if "time_step" in shapes:
        inputs.append(helper.make_tensor_value_info("time_step", TensorProto.FLOAT, (1, 1)))
        nodes.append(helper.make_node("Identity", ["time_step"], ["unused"]))
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, w)) for n, w in floats.items()],
        [numpy_helper.from_array(weights(96, w), f"W_{n}") for n, w in floats.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    for key, value in metadata.items():
        entry = model.metadata_props.add()
        entry.key, entry.value = key, value
    onnx.save(model, str(tmp_path / "policy.onnx"))
    return tmp_path / "policy.onnx"


def test_an_overlay_names_the_output_that_is_the_action(tmp_path: Path) -> None:
    network = two_outputs(tmp_path, mjlab_metadata(), mean=29, value=1)
    assert "outputs: expected one action tensor, or action.output of an overlay" in first_problem(
        network, overlay(tmp_path, network, fill=MJLAB_OVERLAY)
    )
    fill = {**MJLAB_OVERLAY, "action": {"output": "mean"}}
    assert examined(network, overlay(tmp_path, network, fill=fill)).ok


def test_the_output_that_the_formats_own_runner_asks_for_needs_no_overlay(tmp_path: Path) -> None:
    network = two_outputs(tmp_path, {}, value=1, actions=29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert load_policy(network, G1).manifest.action.output == "actions"


def test_part_of_an_output_is_the_action(tmp_path: Path) -> None:
    """Mean and deviation in one tensor: the mean is its first half."""
    network = two_outputs(tmp_path, mjlab_metadata(), actions=58)
    fill = {**MJLAB_OVERLAY, "action": {"pick": "0:29"}}
    policy = load_policy(network, G1, overlay(tmp_path, network, fill=fill))
    step = policy.step(estimate(gyro=(1.0, 0.0, 0.0)), VelocityCommand())
    raw = policy.runner.outputs["actions"]
    assert raw[29:].any()
    expected = np.array(policy.manifest.default_position) + 0.5 * raw[:29]
    assert step.position == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("pick", "text"),
    [
        ("29:60", "action.pick: expected 29 values, found 31"),
        ("30:59", "action.pick: expected indices below 58, the width of 'actions', found 58"),
        ([0] * 29, "action.pick: expected every index once, found 0 again"),
        ("a:b", "action.pick"),
        ([-1] * 29, "action.pick[0]: expected greater than or equal to 0"),
    ],
)
def test_a_pick_of_an_output_is_refused_for(tmp_path: Path, pick: object, text: str) -> None:
    network = two_outputs(tmp_path, mjlab_metadata(), actions=58)
    fill = {**MJLAB_OVERLAY, "action": {"pick": pick}}
    assert text in first_problem(network, overlay(tmp_path, network, fill=fill))


def test_an_input_that_is_no_observation_may_be_fixed(tmp_path: Path) -> None:
    network = two_outputs(tmp_path, mjlab_metadata(), actions=29, time_step=1)
    said = overlay(tmp_path, network, fill=MJLAB_OVERLAY)
    assert "or terms.time_step or states of an overlay, found 'time_step'" in first_problem(
        network, said
    )
    terms = {"time_step": {"name": "constant", "value": 3.0}}
    said = overlay(tmp_path, network, fill=MJLAB_OVERLAY, terms=terms)
    policy = load_policy(network, G1, said)
    policy.step(estimate(), VelocityCommand())
    assert policy.runner.inputs["time_step"].tolist() == [3.0]


def test_an_overlay_pairs_states_that_are_called_otherwise(tmp_path: Path) -> None:
    network = recurrent(tmp_path / "policy.onnx", 96, 29)
    model = onnx.load(str(network))
    for old, new in (("h_out", "memory_a"), ("c_out", "memory_b")):
        for node in model.graph.node:
            node.output[:] = [new if name == old else name for name in node.output]
            node.input[:] = [new if name == old else name for name in node.input]
        for tensor in model.graph.output:
            tensor.name = new if tensor.name == old else tensor.name
    onnx.save(model, str(network))
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert "found 'h_in'" in first_problem(network)
    states = [{"input": "h_in", "output": "memory_a"}, {"input": "c_in", "output": "memory_b"}]
    assert examined(network, overlay(tmp_path, network, fill={"states": states})).problems == ()


def test_keys_that_mean_nothing_may_be_ignored_by_name(tmp_path: Path) -> None:
    content = deploy_yaml()
    content["exported_by"] = "somebody"
    for entry in content["observations"].values():
        entry["size"] = 3
    network = deploy(tmp_path, content)
    assert "size: expected one of" in first_problem(network)
    said = overlay(tmp_path, network, ignore=["observations.*.size"])
    assert "exported_by: expected one of" in first_problem(network, said)
    said = overlay(tmp_path, network, ignore=["observations.*.size", "exported_by"])
    assert examined(network, said).ok


THIRD_PARTY = Path(__file__).parents[3] / "shared" / "policies"


@pytest.mark.skipif(not THIRD_PARTY.is_dir(), reason="the third-party policies are not there")
def test_an_input_of_a_leapp_network_may_be_fixed(tmp_path: Path) -> None:
    for file in (THIRD_PARTY / "wbc_agile_grove").glob("unitree*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (path,) = tmp_path.glob("*.yaml")
    path.write_text(path.read_text().replace("kind: state/body/rotation", "kind: state/horizon"))
    assert "or terms.root_link_quat_w of an overlay, found state/horizon" in first_problem(path)
    (network,) = tmp_path.glob("*.onnx")
    terms = {"root_link_quat_w": {"name": "base_orientation_wxyz", "scale": 1.0}}
    command = {"command": MJLAB_OVERLAY["command"]}
    assert examined(path, overlay(tmp_path, network, terms=terms, fill=command)).problems == ()


@pytest.mark.parametrize(
    ("override", "field"),
    [
        ({"rate": math.nan}, "rate"),
        ({"gains": {"stiffness": -1.0}}, "gains.stiffness of left_hip_pitch_joint"),
        ({"command": {"linear_x": [0.5, 1.0]}}, "command.linear_x"),
        ({"inputs": 3}, "inputs"),
        ({"joints": list(ALL[:5])}, "override.joints"),
    ],
)
def test_what_an_overlay_says_wrongly_is_refused_by_the_overlays_name(
    tmp_path: Path, override: dict[str, Any], field: str
) -> None:
    network = deploy(tmp_path, deploy_yaml())
    problem = first_problem(network, overlay(tmp_path, network, override=override))
    assert f"overlay.yaml: {field}" in problem


def test_what_was_refused_is_not_missed_as_well(tmp_path: Path) -> None:
    network = deploy(tmp_path, deploy_yaml())
    terms = {"base_ang_vel": {"name": "base_angular_velocity", "pick": {"a": 1}}}
    (problem,) = examined(network, overlay(tmp_path, network, terms=terms)).problems
    assert problem.field == "inputs[0].blocks[0].terms[0].pick"


@pytest.mark.skipif(not THIRD_PARTY.is_dir(), reason="the third-party policies are not there")
def test_gains_that_an_overlay_says_take_the_place_of_a_networks_outputs(tmp_path: Path) -> None:
    for file in (THIRD_PARTY / "wbc_agile_grove").glob("unitree*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (path,), (network,) = tmp_path.glob("*.yaml"), tmp_path.glob("*.onnx")
    command = {"command": MJLAB_OVERLAY["command"]}
    gains = {"gains": {"stiffness": 80.0, "damping": 2.0}}
    said = overlay(tmp_path, network, fill=command, override=gains)
    manifest = load_policy(path, G1, said).manifest
    assert manifest.gains.stiffness == (80.0,) * 14
    assert manifest.gains.stiffness_output is None


@pytest.mark.parametrize(
    ("terms", "problem"),
    [
        (
            {"base_ang_vel": {"frame": "torso_link"}},
            r"terms.base_ang_vel.frame: expected base_link, found torso_link",
        ),
        ({"*": {"frame": "torso_link"}}, r"terms.*.frame: expected base_link, found torso_link"),
        (
            {"joint_pos_rel": {"frame": "base_link"}},
            "terms.joint_pos_rel.frame: expected none, for 'joint_position_relative' has no frame",
        ),
        (
            {"base_ang_vel": {"name": "base_angular_velocity", "frame": "torso_link"}},
            "terms.base_ang_vel.frame: expected base_link, found torso_link",
        ),
        (
            {"base_ang_vel": {"terms": [{"name": "base_angular_velocity", "frame": "imu"}]}},
            "terms.base_ang_vel.terms[0].frame: expected base_link, found imu",
        ),
        (
            {"base_ang_vel": {"frame": "imu", "terms": [{"name": "base_angular_velocity"}]}},
            "terms.base_ang_vel.frame: expected base_link, found imu",
        ),
    ],
)
def test_a_term_in_a_frame_that_is_not_the_base_is_refused(
    tmp_path: Path, terms: dict[str, Any], problem: str
) -> None:
    network = deploy(tmp_path, deploy_yaml())
    assert problem in first_problem(network, overlay(tmp_path, network, terms=terms))


@pytest.mark.parametrize("name", ["*", "base_ang_vel"])
def test_a_term_in_the_frame_of_the_base_may_say_so(tmp_path: Path, name: str) -> None:
    network = deploy(tmp_path, deploy_yaml())
    said = overlay(tmp_path, network, terms={name: {"frame": "base_link"}})
    assert examined(network, said).problems == ()
