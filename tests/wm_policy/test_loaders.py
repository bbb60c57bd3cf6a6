"""Foreign metadata, each format with what is particular to it, on tiny networks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign_metadata import MJLAB_OVERLAY, POSE, csv, holosoma_metadata, mjlab_metadata
from policy_files import ALL, G1, deploy_yaml, estimate, examined, first_problem, write_yaml
from tiny_networks import linear, recurrent, selecting

from wm_control.types import VelocityCommand
from wm_policy.checking.plausibility import breadth_first
from wm_policy.loading import load_policy
from wm_policy.network import read_network


def overlay(tmp_path: Path, of: Path, fill: dict[str, Any], **more: object) -> Path:
    content = {"overlay_version": 1, "sha256": read_network(of).sha256, "fill": fill, **more}
    return write_yaml(content, tmp_path / "overlay.yaml")


def test_mjlab_metadata_becomes_terms_with_scale_and_clip(tmp_path: Path) -> None:
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata())
    manifest = load_policy(network, G1, overlay(tmp_path, network, MJLAB_OVERLAY)).manifest
    (block,) = manifest.inputs[0].blocks
    assert [term.name for term in block.terms] == [
        "base_angular_velocity",
        "projected_gravity",
        "velocity_command",
        "joint_position_relative",
        "joint_velocity",
        "last_action",
    ]
    assert block.terms[4].scale == 0.5
    assert block.terms[4].clip == (-10.0, 10.0)
    assert block.terms[0].clip is None
    assert manifest.action.scale == (0.5,) * 29


def test_what_mjlab_metadata_does_not_say_is_not_guessed(tmp_path: Path) -> None:
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata())
    fields = [problem.field for problem in examined(network).problems]
    assert fields == ["rate", "command"]


def test_older_mjlab_files_without_scales_need_an_overlay_that_says_them(tmp_path: Path) -> None:
    old = mjlab_metadata(
        observation_terms_scale="",
        observation_terms_clip="",
        observation_terms_history_length="",
        observation_terms_flatten_history_dim="",
        action_scale="0.5",
    )
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=old)
    said = overlay(tmp_path, network, MJLAB_OVERLAY)
    assert "terms.base_ang_vel.scale of an overlay" in first_problem(network, said)
    terms = {"*": {"scale": 1.0, "history_length": 1}, "joint_vel": {"scale": 0.05}}
    said = overlay(tmp_path, network, MJLAB_OVERLAY, terms=terms)
    policy = load_policy(network, G1, said)
    assert [t.scale for t in policy.manifest.inputs[0].blocks[0].terms] == [1, 1, 1, 1, 0.05, 1]
    assert policy.manifest.action.scale == (0.5,) * 29


def test_mjlab_histories_are_per_term_oldest_first(tmp_path: Path) -> None:
    lengths = csv([3.0, 0.0, 0.0, 0.0, 0.0, 2.0])
    metadata = mjlab_metadata(observation_terms_history_length=lengths)
    network = selecting(tmp_path / "p.onnx", 96 + 6 + 29, 0, 29)
    network = linear(tmp_path / "p.onnx", 96 + 6 + 29, 29, metadata=metadata)
    policy = load_policy(network, G1, overlay(tmp_path, network, MJLAB_OVERLAY))
    for k in (1, 2, 3, 4):
        policy.step(estimate(gyro=(k, 10 * k, 100 * k)), VelocityCommand())
    seen = policy.runner.inputs["obs"][:9].tolist()
    assert seen == [2, 20, 200, 3, 30, 300, 4, 40, 400]


def test_a_motion_tracking_policy_is_refused_as_such(tmp_path: Path) -> None:
    metadata = mjlab_metadata(command_names="motion")
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=metadata)
    problem = first_problem(network)
    assert "metadata.command_names: expected one velocity command" in problem
    assert "motion" in problem


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("joint_names", ",".join(ALL[:-1]), "WidthMismatchError"),
        ("joint_names", ",".join([*ALL[:-1], ALL[0]]), "JointMismatchError"),
        ("joint_names", ",".join([*ALL[:-1], "tail"]), "JointMismatchError"),
        ("joint_stiffness", "", "MissingValueError"),
        ("joint_damping", csv([2.5] * 28), "WidthMismatchError"),
        ("joint_damping", ",".join(["nan"] * 29), "FieldError"),
        ("action_scale", "", "MissingValueError"),
        ("action_scale", csv([0.5] * 28), "WidthMismatchError"),
        ("default_joint_pos", "a,b", "WidthMismatchError"),
        ("observation_names", "base_ang_vel,smell", "WidthMismatchError"),
        ("observation_terms_scale", "1.0", "WidthMismatchError"),
        ("command_names", "", "MissingValueError"),
        ("surprise", "1", "FieldError"),
    ],
)
def test_mjlab_metadata_is_refused_for(tmp_path: Path, key: str, value: str, error: str) -> None:
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata(**{key: value}))
    problem = first_problem(network, overlay(tmp_path, network, MJLAB_OVERLAY))
    assert problem.startswith(error)


def test_an_unknown_mjlab_term_is_refused_by_name(tmp_path: Path) -> None:
    names = "base_ang_vel,projected_gravity,command,height_scan,joint_vel,actions"
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata(observation_names=names))
    assert "UnknownTermError" in first_problem(network)
    assert "'height_scan'" in first_problem(network)


def test_a_recurrent_mjlab_policy(tmp_path: Path) -> None:
    network = recurrent(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata())
    policy = load_policy(network, G1, overlay(tmp_path, network, MJLAB_OVERLAY))
    assert [state.input for state in policy.manifest.states] == ["h_in", "c_in"]


def test_holosoma_says_what_an_overlay_must_add(tmp_path: Path) -> None:
    network = linear(
        tmp_path / "p.onnx", 100, 29, metadata=holosoma_metadata(), input_name="actor_obs"
    )
    fields = {problem.field for problem in examined(network).problems}
    assert fields == {"rate", "default_position", "action.scale", "phase.frequency"}
    fill = {
        "rate": 50.0,
        "default_position": POSE,
        "action": {"scale": 0.25},
        "phase": {"frequency": 1.0},
    }
    assert examined(network, overlay(tmp_path, network, fill)).ok


def test_what_holosoma_writes_of_the_training_says_nothing_of_the_policy(tmp_path: Path) -> None:
    metadata = {
        **holosoma_metadata(),
        "iteration": "25000",
        "wandb_run_path": "somebody/run",  # no JSON
        "experiment_config": "{}",
        "robot_urdf": "<robot/>",
    }
    network = linear(tmp_path / "p.onnx", 100, 29, metadata=metadata, input_name="actor_obs")
    fields = {problem.field for problem in examined(network).problems}
    assert fields == {"rate", "default_position", "action.scale", "phase.frequency"}


def test_an_overlay_must_not_contradict_the_file_unless_it_overrides(tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    deploy = write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    network = tmp_path / "policy.onnx"
    said = overlay(tmp_path, network, {"action": {"scale": 0.3}})
    assert "ConflictError" in first_problem(deploy, said)
    assert "fill.action.scale" in first_problem(deploy, said)
    said = overlay(tmp_path, network, {}, override={"gains": {"damping": {"*": 3.0}}})
    assert load_policy(deploy, G1, said).manifest.gains.damping == (3.0,) * 29


def test_an_overlay_belongs_to_one_network(tmp_path: Path) -> None:
    other = linear(tmp_path / "other.onnx", 96, 29, matrix=np.ones((96, 29)))
    said = overlay(tmp_path, other, {})
    other.unlink()
    linear(tmp_path / "policy.onnx", 96, 29)
    deploy = write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert "HashMismatchError" in first_problem(deploy, said)
    unbound = write_yaml({"overlay_version": 1, "fill": {}}, tmp_path / "unbound.yaml")
    assert "weights_sha256 or sha256" in first_problem(deploy, unbound)


def test_the_hash_of_the_weights_ignores_metadata_and_nothing_else(tmp_path: Path) -> None:
    plain = read_network(linear(tmp_path / "a.onnx", 96, 29))
    told = read_network(linear(tmp_path / "b.onnx", 96, 29, metadata=mjlab_metadata()))
    other = read_network(linear(tmp_path / "c.onnx", 96, 29, matrix=np.ones((96, 29))))
    assert plain.weights_sha256 == told.weights_sha256
    assert plain.sha256 != told.sha256
    assert plain.weights_sha256 != other.weights_sha256


def test_unitree_gains_are_in_motor_order_and_the_rest_in_policy_order(tmp_path: Path) -> None:
    content = deploy_yaml()
    order = [ALL.index(name) for name in breadth_first(G1)]
    content["joint_ids_map"] = order
    content["stiffness"] = [100.0 + min(i % 6, 5) if i < 12 else 40.0 for i in range(29)]
    for key in ("default_joint_pos",):
        content[key] = [POSE[i] for i in order]
    content["actions"]["JointPositionAction"]["offset"] = [POSE[i] for i in order]
    linear(tmp_path / "policy.onnx", 96, 29, matrix=np.zeros((96, 29)))
    policy = load_policy(write_yaml(content, tmp_path / "deploy.yaml"), G1)
    step = policy.step(estimate(), VelocityCommand())
    assert step.stiffness.tolist() == content["stiffness"]
    assert step.position.tolist() == pytest.approx(POSE)


def test_breadth_first_is_isaacs_order_of_the_g1() -> None:
    isaac = [0, 6, 12, 1, 7, 13, 2, 8, 14, 3, 9, 15, 22, 4, 10, 16, 23, 5, 11, 17, 24, 18, 25]
    isaac += [19, 26, 20, 27, 21, 28]
    assert breadth_first(G1) == tuple(ALL[i] for i in isaac)


def test_unitree_gym_history_puts_whole_frames_one_after_the_other(tmp_path: Path) -> None:
    content = deploy_yaml(history=2)
    content["observations"]["use_gym_history"] = True
    linear(tmp_path / "policy.onnx", 192, 29)
    policy = load_policy(write_yaml(content, tmp_path / "deploy.yaml"), G1)
    policy.step(estimate(gyro=(1, 0, 0)), VelocityCommand())
    policy.step(estimate(gyro=(2, 0, 0)), VelocityCommand())
    assert policy.runner.inputs["obs"][[0, 96]].tolist() == pytest.approx([0.2, 0.4])


def test_a_unitree_slice_selects_all_joints_and_a_gait_phase_is_a_clock(tmp_path: Path) -> None:
    content = deploy_yaml()
    phase = {"params": {"period": 0.8}, "clip": None, "scale": [1.0, 1.0], "history_length": 1}
    content["observations"]["gait_phase"] = phase
    linear(tmp_path / "policy.onnx", 98, 29)
    path = write_yaml(content, tmp_path / "deploy.yaml")
    text = path.read_text().replace(
        "joint_ids: null", "joint_ids: !!python/object/apply:builtins.slice [null, null, null]"
    )
    path.write_text(text)
    policy = load_policy(path, G1)
    policy.step(estimate(), VelocityCommand())
    angle = 2 * np.pi * 0.02 / 0.8
    seen = policy.runner.inputs["obs"][-2:].tolist()
    assert seen == pytest.approx([np.sin(angle), np.cos(angle)], abs=1e-6)


def test_unitrees_folder_layout_is_found_from_either_file(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "exported").mkdir()
    network = linear(tmp_path / "exported" / "policy.onnx", 96, 29)
    deploy = write_yaml(deploy_yaml(), tmp_path / "params" / "deploy.yaml")
    assert examined(network).ok
    assert examined(deploy).ok


def test_a_deploy_yaml_means_policy_onnx_and_no_other_network(tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    other = linear(tmp_path / "other.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert examined(tmp_path / "policy.onnx").ok
    assert "metadata: expected metadata in it" in first_problem(other)
    (tmp_path / "policy.onnx").rename(tmp_path / "one.onnx")
    problem = first_problem(other)
    assert "policy.onnx or one ONNX file beside it, found one.onnx, other.onnx" in problem


def test_an_overlay_that_names_its_network_is_a_policy_by_itself(tmp_path: Path) -> None:
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata())
    said = overlay(tmp_path, network, MJLAB_OVERLAY, network="p.onnx")
    assert examined(said).ok
    without = overlay(tmp_path, network, MJLAB_OVERLAY)
    assert "network: expected the path of the network's file" in first_problem(without)


@pytest.mark.parametrize("scales", ["[2.0, 2.0, 0.25]", "2.0;2.0;0.25"])
def test_mjlab_scales_may_be_lists_and_null_is_one(tmp_path: Path, scales: str) -> None:
    said = {
        "observation_terms_scale": f"None,1.0,{scales},1.0,null,1.0",
        "observation_terms_clip": "None,[-inf, inf],-inf;5.0,null,[-10.0, 10.0],-inf;inf",
    }
    network = linear(tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata(**said))
    manifest = load_policy(network, G1, overlay(tmp_path, network, MJLAB_OVERLAY)).manifest
    terms = manifest.inputs[0].blocks[0].terms
    assert [term.scale for term in terms] == [1.0, 1.0, (2.0, 2.0, 0.25), 1.0, 1.0, 1.0]
    assert [term.clip for term in terms] == [None, None, (None, 5.0), None, (-10.0, 10.0), None]


def test_a_scale_that_is_no_number_is_refused(tmp_path: Path) -> None:
    scales = "nan,1.0,1.0,1.0,1.0,1.0"
    network = linear(
        tmp_path / "p.onnx", 96, 29, metadata=mjlab_metadata(observation_terms_scale=scales)
    )
    said = overlay(tmp_path, network, MJLAB_OVERLAY)
    assert "scale: expected a finite number, found nan" in first_problem(network, said)
