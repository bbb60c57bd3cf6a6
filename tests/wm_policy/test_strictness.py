"""Start-up refuses: every message names file, field, what was expected and what was found."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from policy_files import LEG_TERMS, deploy_yaml, examined, first_problem, leg_manifest, write_yaml
from tiny_networks import external, linear, normalised

Change = Callable[[dict[str, Any]], None]


def setting(*path: object, to: object) -> Change:
    """Return a change that sets one entry of nested data."""

    def change(content: dict[str, Any]) -> None:
        for key in path[:-1]:
            content = content[key]
        content[path[-1]] = to

    return change


def without(*path: object) -> Change:
    """Return a change that removes one entry."""

    def change(content: dict[str, Any]) -> None:
        for key in path[:-1]:
            content = content[key]
        del content[path[-1]]

    return change


TERM = ("inputs", 0, "blocks", 0, "terms")
SHORT = "expected 29 values"

WAKE = {"angular_velocity": 0.5, "strides": 2.0}
STANDING = {"linear_below": 0.01, "angular_below": 0.01, "phase": [0.0]}

OWN = [
    (without("rate"), "MissingValueError", r"rate: expected a value"),
    (setting("rate", to=60.0), "RateError", r"rate: expected a rate that divides 500 Hz.*60 Hz"),
    (setting("rate", to=1000.0), "RateError", r"rate.*1000 Hz"),
    (setting("rate", to="50"), "FieldError", r"rate: .*number.*found '50'"),
    (setting("rate", to=True), "FieldError", r"rate"),
    (setting("rate", to=float("nan")), "FieldError", r"rate.*finite"),
    (without("licence"), "MissingValueError", r"licence"),
    (without("gains"), "MissingValueError", r"gains: expected a value"),
    (without("gains", "stiffness"), "MissingValueError", r"gains\.stiffness: expected numbers"),
    (without("gains", "damping"), "MissingValueError", r"gains\.damping"),
    (setting("gains", "stiffness", to=0.0), "ImplausibleError", r"gains\.stiffness of left_hip"),
    (setting("gains", "damping", to=-2.0), "ImplausibleError", r"gains\.damping"),
    (without("action", "scale"), "MissingValueError", r"action\.scale"),
    (setting("action", "scale", to=[0.25] * 11), "WidthMismatchError", r"action\.scale.*12.*11"),
    (without("default_position"), "MissingValueError", r"default_position"),
    (
        without("default_position", "*_knee_joint"),
        "JointMismatchError",
        r"default_position.*none for left_knee_joint",
    ),
    (
        setting("default_position", "*_knee_joint", to=-1.5),
        "ImplausibleError",
        r"default_position of left_knee_joint: expected within the joint's range",
    ),
    (setting("joints", 3, to="left_tail_joint"), "JointMismatchError", r"joints\[3\].*left_tail"),
    (setting("joints", 3, to="left_hip_yaw_joint"), "JointMismatchError", r"joints\[3\].*again"),
    (setting(*TERM, 0, "name", to="base_smell"), "UnknownTermError", r"terms\[0\]\.name.*smell"),
    (setting(*TERM, 0, "frame", to="odom"), "FieldError", r"frame: expected base_link, found odom"),
    (without(*TERM, 0, "frame"), "FieldError", r"frame: expected base_link, found nothing"),
    (without(*TERM, 4, "scale"), "MissingValueError", r"terms\[4\]\.scale"),
    (setting(*TERM, 2, "scale", to=[2.0, 2.0]), "WidthMismatchError", r"1 or 3 values, found 2"),
    (
        setting(*TERM, 2, "clip", to=[1.0, -1.0]),
        "FieldError",
        r"clip: expected a lower bound below",
    ),
    (setting(*TERM, 0, "weight", to=1.0), "FieldError", r"weight: expected no such field"),
    (without(*TERM, 5), "WidthMismatchError", r"inputs\[0\].*the 35 values stated, found 47"),
    (without("phase"), "MissingValueError", r"phase: expected a clock"),
    (setting("phase", "frequency", to=30.0), "FieldError", r"phase\.frequency.*half the rate"),
    (setting("phase", "speed", to="tempo"), "NetworkError", r"phase\.speed.*'tempo'"),
    (
        setting("phase", "speed", to="actions"),
        "WidthMismatchError",
        r"phase\.speed: expected 1 value, found 12 of 'actions'",
    ),
    (
        setting("phase", "standing", to={**STANDING, "wake": {"strides": 2.0}}),
        "MissingValueError",
        r"phase\.standing\.wake\.angular_velocity",
    ),
    (
        setting("phase", "standing", to={**STANDING, "wake": {**WAKE, "initial_right": [1, 2]}}),
        "WidthMismatchError",
        r"phase\.standing\.wake\.initial_right: expected 1 phases, found 2",
    ),
    (
        setting(
            "phase",
            "standing",
            to={**STANDING, "wake": {**WAKE, "settling": {"angular_velocity": 0.1, "seconds": 1}}},
        ),
        "FieldError",
        r"phase\.standing\.wake\.settling\.angular_velocity: expected at least",
    ),
    (setting("command", "linear_x", to=[0.2, 0.8]), "FieldError", r"command\.linear_x.*zero"),
    (setting("command", "linear_x", to=[-9.0, 9.0]), "ImplausibleError", r"command\.linear_x"),
    (setting("network", "sha256", to="0" * 64), "HashMismatchError", r"network\.sha256"),
    (setting("network", "sha256", to="short"), "HashMismatchError", r"network\.sha256"),
    (setting("network", "file", to="absent.onnx"), "PolicyFileError", r"absent\.onnx"),
    (setting("action", "output", to="nothing"), "NetworkError", r"action\.output.*'nothing'"),
    (setting("inputs", 0, "name", to="observation"), "NetworkError", r"'observation'"),
    (setting("typo", to=1), "FieldError", r"typo: expected no such field"),
    (setting("manifest_version", to=2), "FieldError", r"manifest_version"),
    (
        setting("golden", to=[{"inputs": {"obs": [0.0] * 47}, "outputs": {"actions": [1.0] * 12}}]),
        "GoldenMismatchError",
        r"golden\[0\]\.outputs\.actions\[0\]: expected 1 within 0\.0001, found 0",
    ),
    (
        setting("golden", to=[{"inputs": {"obs": [0.0]}, "outputs": {"actions": [0.0] * 12}}]),
        "WidthMismatchError",
        r"golden\[0\]\.inputs\.obs: expected 47 values, found 1",
    ),
]


@pytest.mark.parametrize(("change", "error", "text"), OWN)
def test_a_manifest_is_refused_for(tmp_path: Path, change: Change, error: str, text: str) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    path = write_yaml(copy.deepcopy(content), tmp_path / "good.yaml")
    assert examined(path).ok
    change(content)
    problem = first_problem(write_yaml(content, tmp_path / "bad.yaml"))
    assert problem.startswith(f"{error}: ")
    assert re.search(text, problem), problem
    assert "bad.yaml" in problem or "absent.onnx" in problem
    assert "expected" in problem
    assert "found" in problem


ACTION = ("actions", "JointPositionAction")
GYRO = ("observations", "base_ang_vel")
DEPLOY = [
    (setting("joint_ids_map", 3, to=29), "JointMismatchError", r"joint_ids_map\[3\].*found 29"),
    (setting("joint_ids_map", 3, to=2), "JointMismatchError", r"joint_ids_map\[3\].*2 again"),
    (setting("joint_ids_map", 3, to=2.0), "FieldError", r"joint_ids_map"),
    (without("step_dt"), "MissingValueError", r"step_dt"),
    (setting("step_dt", to=0.025), "RateError", r"rate"),
    (setting("step_dt", to=0.0), "FieldError", r"step_dt"),
    (without("stiffness"), "MissingValueError", r"stiffness"),
    (setting("stiffness", to=[60.0] * 23), "WidthMismatchError", r"29 values, one per motor.*23"),
    (setting("damping", 4, to=float("inf")), "FieldError", r"damping\[4\].*finite"),
    (setting("default_joint_pos", to=[0.0] * 28), "WidthMismatchError", SHORT),
    (without(*ACTION, "scale"), "MissingValueError", r"JointPositionAction\.scale"),
    (setting(*ACTION, "scale", to=[0.25] * 28), "WidthMismatchError", SHORT),
    (without("actions", "JointPositionAction"), "FieldError", r"actions: expected JointPosition"),
    (setting("actions", "Gripper", to={}), "FieldError", r"actions"),
    (without(*GYRO, "scale"), "MissingValueError", r"base_ang_vel\.scale"),
    (setting(*GYRO, "scale", to=[1.0]), "WidthMismatchError", r"1 or 3|scale"),
    (setting(*GYRO, "history_length", to=2), "WidthMismatchError", r"99 values stated, found 96"),
    (setting(*GYRO, "history_length", to=2.5), "FieldError", r"history_length"),
    (setting(*GYRO, "sclae", to=[1.0] * 3), "FieldError", r"sclae: expected one of"),
    (setting("observations", "height_scan", to={"scale": [1.0]}), "UnknownTermError", r"height_sc"),
    (without("observations", "last_action"), "WidthMismatchError", r"67 values stated, found 96"),
    (without("commands"), "MissingValueError", r"commands"),
    (setting("extra", to=1), "FieldError", r"extra: expected one of"),
    (setting("joint_ids_map", 0, to=1), "JointMismatchError", r"joint_ids_map\[1\]"),
    (
        setting("joint_ids_map", to=[1, 0, *range(2, 29)]),
        "ImplausibleError",
        r"joints: expected the robot's own order or breadth first.*out of place",
    ),
    (
        setting("default_joint_pos", 0, to=0.3),
        "ImplausibleError",
        r"default_position of left_hip_pitch_joint.*right_hip_pitch_joint",
    ),
]


@pytest.mark.parametrize(("change", "error", "text"), DEPLOY)
def test_a_deploy_yaml_is_refused_for(
    tmp_path: Path, change: Change, error: str, text: str
) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    content = deploy_yaml()
    assert examined(write_yaml(content, tmp_path / "deploy.yaml")).ok
    change(content)
    problem = first_problem(write_yaml(content, tmp_path / "deploy.yaml"))
    assert problem.startswith(f"{error}: ")
    assert re.search(text, problem), problem
    assert "deploy.yaml" in problem


def test_all_missing_fields_are_named_at_once(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    for key in ("rate", "command", "gains"):
        del content[key]
    problems = examined(write_yaml(content, tmp_path / "bad.yaml")).problems
    assert [problem.field for problem in problems] == ["rate", "command", "gains"]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    path = linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    model = onnx.load(str(path))
    matrix = numpy_helper.to_array(model.graph.initializer[0]).copy()
    matrix[3, 4] = value
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(matrix, "W"))
    onnx.save(model, str(path))
    assert "NonFiniteWeightsError" in first_problem(path)
    assert "weights of 'W': expected numbers, found 1 of 2784 not finite" in first_problem(path)


def test_external_weights_must_be_there_whole_and_beside_the_network(tmp_path: Path) -> None:
    path = external(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    assert examined(path).ok
    data = tmp_path / "policy.onnx.data"
    content = data.read_bytes()
    data.write_bytes(content[:-8])
    assert "ExternalDataError" in first_problem(path)
    assert "a file of" in first_problem(path)
    data.unlink()
    assert "the file 'policy.onnx.data' beside it, found no such file" in first_problem(path)
    model = onnx.load(str(path), load_external_data=False)
    model.graph.initializer[0].external_data[0].value = "../policy.onnx.data"
    path.write_bytes(model.SerializeToString())
    assert "expected a file beside the network" in first_problem(path)


def test_a_network_and_its_external_weights_may_be_symbolic_links(tmp_path: Path) -> None:
    real, linked = tmp_path / "real", tmp_path / "linked"
    real.mkdir()
    linked.mkdir()
    external(real / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), real / "deploy.yaml")
    for file in real.iterdir():
        (linked / file.name).symlink_to(file)
    assert examined(linked / "policy.onnx").ok


def test_external_weights_are_part_of_the_hash_in_our_manifest(tmp_path: Path) -> None:
    network = external(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    path = write_yaml(content, tmp_path / "legs.yaml")
    assert "network.data.legs.onnx.data" in first_problem(path)
    content["network"]["data"] = {"legs.onnx.data": "0" * 64}
    assert "HashMismatchError" in first_problem(write_yaml(content, path))


@pytest.mark.parametrize("content", [b"", b"not a network", b"\x00" * 64, b"\x08\x09"])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy.onnx"
    path.write_bytes(content)
    assert "NetworkError" in first_problem(path)


def test_a_truncated_network_is_refused_wherever_it_ends(tmp_path: Path) -> None:
    whole = linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    content = whole.read_bytes()
    for end in range(0, len(content) - 1, 997):
        whole.write_bytes(content[:end])
        assert not examined(whole).ok


def test_a_network_without_any_metadata_says_what_is_missing(tmp_path: Path) -> None:
    problem = first_problem(linear(tmp_path / "policy.onnx", 96, 29))
    assert "metadata: expected metadata in it, a manifest beside it, or an overlay" in problem


def test_two_manifests_beside_a_network_are_refused(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    for name in ("a.manifest.yaml", "b.manifest.yaml"):
        write_yaml(leg_manifest(network), tmp_path / name)
    assert "expected one file beside it, found a.manifest.yaml, b.manifest.yaml" in first_problem(
        network
    )


def test_a_folder_must_hold_one_policy(tmp_path: Path) -> None:
    assert "expected one policy, found no ONNX file" in first_problem(tmp_path)
    linear(tmp_path / "a.onnx", 96, 29)
    linear(tmp_path / "b.onnx", 96, 29)
    assert "expected one policy, found a.onnx, b.onnx" in first_problem(tmp_path)


def test_gravity_that_is_not_where_the_networks_normaliser_remembers_it_is_refused(
    tmp_path: Path,
) -> None:
    mean = np.zeros(47)
    mean[5] = -0.97
    content = leg_manifest(normalised(tmp_path / "legs.onnx", mean, np.ones(47), 12))
    assert examined(write_yaml(content, tmp_path / "good.yaml")).ok
    terms = copy.deepcopy(LEG_TERMS)
    terms[0], terms[1] = terms[1], terms[0]
    content["inputs"][0]["blocks"][0]["terms"] = terms
    problem = first_problem(write_yaml(content, tmp_path / "bad.yaml"))
    assert "ImplausibleError" in problem
    assert "a mean of 0.00 at value 2" in problem


def test_another_order_or_unlike_sides_need_to_be_said(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    content["joints"] = content["joints"][::-1]
    assert "joint_order: custom" in first_problem(write_yaml(content, tmp_path / "bad.yaml"))
    content["joint_order"] = "custom"
    assert examined(write_yaml(content, tmp_path / "good.yaml")).ok
    content["gains"]["damping"] = [2.0] * 11 + [3.0]
    assert "asymmetric: true" in first_problem(write_yaml(content, tmp_path / "bad.yaml"))
    content["asymmetric"] = True
    assert examined(write_yaml(content, tmp_path / "good.yaml")).ok


def test_a_story_holds_the_whole_policy_to_its_commands(tmp_path: Path) -> None:
    from policy_files import G1

    from wm_policy.checking.golden import record_golden, record_story
    from wm_policy.loading import load_policy

    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    policy = load_policy(write_yaml(content, tmp_path / "legs.yaml"), G1)
    content["golden"] = [record_golden(policy)]
    content["story"] = record_story(policy, G1)
    assert examined(write_yaml(content, tmp_path / "legs.yaml")).ok
    changes = [
        setting("action", "scale", to=0.26),
        setting(*TERM, 4, "scale", to=0.06),
        setting("phase", "frequency", to=1.3),
        setting("command", "angular_z", to=[-1.0, 1.0]),
        setting("rate", to=100.0),
        setting("gains", "damping", to=2.1),
        setting("default_position", "*_knee_joint", to=0.32),
        setting(*TERM, 4, "clip", to=[-0.5, 0.5]),
    ]
    for change in changes:
        bad = copy.deepcopy(content)
        change(bad)
        problem = first_problem(write_yaml(bad, tmp_path / "bad.yaml"))
        assert "GoldenMismatchError" in problem
        assert "story." in problem
