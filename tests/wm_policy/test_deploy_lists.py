"""Lists of a deploy.yaml: as long as the joint map, null, infinite, of fewer joints."""

import copy
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from policy_files import ALL, G1, deploy_yaml, estimate, examined, first_problem, write_yaml
from tiny_networks import linear

from wm_control.types import VelocityCommand
from wm_policy.checking.plausibility import breadth_first
from wm_policy.loading import load_policy
from wm_policy.manifest import Manifest

IDS = list(range(13))
POSE = [round(float(q), 3) for q in G1.default_position]


def written(tmp_path: Path, content: dict[str, Any], inputs: int, outputs: int) -> Path:
    linear(tmp_path / "policy.onnx", inputs, outputs, matrix=np.zeros((inputs, outputs)))
    return write_yaml(content, tmp_path / "deploy.yaml")


def manifest(tmp_path: Path, **action: object) -> Manifest:
    content = deploy_yaml()
    content["actions"]["JointPositionAction"].update(action)
    return load_policy(written(tmp_path, content, 96, 29), G1).manifest


def subset(ids: list[int], **action: object) -> dict[str, Any]:
    content = deploy_yaml()
    content["actions"]["JointPositionAction"].update({"joint_ids": ids, **action})
    return content


LEGS_AND_WAIST = 96 - 29 + 13
"""Values that a policy of 13 actions observes: its last action is shorter."""


@pytest.mark.parametrize("length", [13, 29])
def test_lists_of_a_subset_may_be_as_long_as_it_or_as_the_joint_map(
    tmp_path: Path, length: int
) -> None:
    scale = [0.01 * (i % 6 + 1) if i < 12 else 0.3 for i in range(29)]
    limits = [[-3.0, 0.1 * (i % 6 + 1)] if i < 12 else [-1.0, 1.0] for i in range(29)]
    lists = {"scale": scale, "offset": POSE, "clip": limits}
    content = subset(IDS, **{key: value[:length] for key, value in lists.items()})
    action = load_policy(written(tmp_path, content, LEGS_AND_WAIST, 13), G1).manifest.action
    assert action.joints == ALL[:13]
    assert action.scale == tuple(scale[:13])
    assert action.offset == tuple(POSE[:13])
    assert action.limits == tuple(tuple(pair) for pair in limits[:13])


def test_a_subset_out_of_order_takes_its_own_entries_of_long_lists(tmp_path: Path) -> None:
    """In Isaac's order the legs are spread; index k of the lists belongs to joint k of the map."""
    isaac = breadth_first(G1)
    content = subset([])
    content["joint_ids_map"] = [ALL.index(name) for name in isaac]
    legs = [k for k, name in enumerate(isaac) if "hip" in name or "knee" in name or "ankle" in name]
    pose = [POSE[ALL.index(name)] for name in isaac]
    of_kind = {"hip": 0.1, "knee": 0.2, "ankle": 0.3}
    scale = [next((v for k, v in of_kind.items() if k in name), 0.9) for name in isaac]
    content["default_joint_pos"] = pose
    content["actions"]["JointPositionAction"].update(joint_ids=legs, scale=scale, offset=pose)
    content["observations"]["last_action"]["scale"] = scale
    loaded = load_policy(written(tmp_path, content, 96 - 29 + 12, 12), G1).manifest
    by_name = dict(zip(loaded.action.joints, loaded.action.scale, strict=True))
    assert by_name["left_knee_joint"] == by_name["right_knee_joint"] == 0.2
    assert by_name["right_ankle_roll_joint"] == 0.3
    last = loaded.inputs[0].blocks[0].terms[-1]
    assert last.scale == loaded.action.scale


def test_joints_that_a_subset_leaves_are_held_at_the_default_pose(tmp_path: Path) -> None:
    content = subset(IDS)
    policy = load_policy(written(tmp_path, content, LEGS_AND_WAIST, 13), G1)
    steps = [policy.step(estimate(), VelocityCommand()) for _ in range(51)]
    assert steps[-1].position.tolist() == pytest.approx(POSE)
    assert steps[-1].stiffness[:13].tolist() == [60.0] * 13
    assert (steps[-1].stiffness[13:] >= 40.0).all()


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("scale", [0.25] * 20, "expected 13 values as joint_ids, or 29 as joint_ids_map, found 20"),
        ("offset", [0.0] * 12, "expected 13 values as joint_ids, or 29 as joint_ids_map, found 12"),
        ("clip", [[-1.0, 1.0]] * 5, "clip: expected 13 values as joint_ids, or 29"),
        (
            "joint_ids",
            [0, 1, 29],
            "joint_ids[2]: expected different indices from 0 to 28, found 29",
        ),
    ],
)
def test_what_fits_neither_is_refused_by_both_lengths(
    tmp_path: Path, key: str, value: object, text: str
) -> None:
    content = subset(IDS, **{key: value})
    problem = first_problem(written(tmp_path, content, LEGS_AND_WAIST, 13))
    assert f"actions.JointPositionAction.{key}" in problem
    assert text in problem


def of_23(motors: list[int]) -> dict[str, Any]:
    """Unitree's files for the G1 with 23 joints: motors 13, 14, 20, 21, 27 and 28 are not there."""
    content = deploy_yaml()
    content["joint_ids_map"] = motors
    pose = [POSE[motor] for motor in motors]
    content["default_joint_pos"] = pose
    content["actions"]["JointPositionAction"].update(scale=[0.25] * 23, offset=pose)
    for name in ("joint_pos_rel", "joint_vel_rel", "last_action"):
        content["observations"][name]["scale"] = [1.0] * 23
    return content


ABSENT = (13, 14, 20, 21, 27, 28)
MOTORS = [motor for motor in range(29) if motor not in ABSENT]
ISAAC_23 = [0, 6, 12, 1, 7, 15, 22, 2, 8, 16, 23, 3, 9, 17, 24, 4, 10, 18, 25, 5, 11, 19, 26]
GAINS = [100.0 + motor % 6 if motor < 12 else 40.0 + (motor - 15) % 7 for motor in range(29)]
GAINS[12] = 200.0


@pytest.mark.parametrize("motors", [MOTORS, ISAAC_23])
@pytest.mark.parametrize("length", [23, 27, 29])
def test_gains_of_23_joints_are_ascending_by_motor_however_the_map_is_ordered(
    tmp_path: Path, motors: list[int], length: int
) -> None:
    content = of_23(motors)
    short = [GAINS[motor] for motor in MOTORS]
    content["stiffness"] = short if length == 23 else GAINS[:length]
    content["damping"] = [2.0] * length
    policy = load_policy(written(tmp_path, content, 9 + 3 * 23, 23), G1)
    step = policy.step(estimate(), VelocityCommand())
    assert step.stiffness[MOTORS].tolist() == short
    assert set(policy.held.joints) == set(ABSENT)


def test_gains_that_fit_no_reading_are_refused_by_all(tmp_path: Path) -> None:
    content = of_23(ISAAC_23)
    content["stiffness"] = [60.0] * 24
    problem = first_problem(written(tmp_path, content, 9 + 3 * 23, 23))
    expected = (
        "expected 29 values, one per motor in SDK order, or 23, one per motor of joint_ids_map"
    )
    assert expected in problem
    assert "found 24" in problem


def test_a_default_pose_may_be_of_all_motors(tmp_path: Path) -> None:
    content = of_23(ISAAC_23)
    content["default_joint_pos"] = POSE
    content["stiffness"] = content["damping"] = [10.0] * 23
    loaded = load_policy(written(tmp_path, content, 9 + 3 * 23, 23), G1).manifest
    assert loaded.default_position == tuple(POSE[motor] for motor in ISAAC_23)


def test_null_is_a_scale_of_one_and_an_offset_of_zero(tmp_path: Path) -> None:
    loaded = manifest(tmp_path, scale=None, offset=None)
    assert loaded.action.scale == (1.0,) * 29
    assert loaded.action.offset == (0.0,) * 29
    assert manifest(tmp_path, scale=0.3).action.scale == (0.3,) * 29


def test_a_null_scale_of_a_term_is_one(tmp_path: Path) -> None:
    content = deploy_yaml()
    for name in ("base_ang_vel", "joint_vel_rel"):
        content["observations"][name].update(scale=None, clip=None, history_length=None)
    terms = load_policy(written(tmp_path, content, 96, 29), G1).manifest.inputs[0].blocks[0].terms
    assert terms[0].scale == 1.0
    assert terms[4].scale == 1.0


INF = math.inf


def test_an_infinite_clip_is_no_bound(tmp_path: Path) -> None:
    pairs = [[-INF, INF], [-0.5, INF], [None, 0.5], *[[-INF, INF]] * 26]
    limits = manifest(tmp_path, clip=pairs).action.limits
    assert limits is not None
    assert limits[:3] == ((None, None), (-0.5, None), (None, 0.5))
    assert manifest(tmp_path, clip=[-INF, 2.0]).action.limits == ((None, 2.0),) * 29


def test_targets_keep_only_the_bounds_that_there_are(tmp_path: Path) -> None:
    content = deploy_yaml()
    action = content["actions"]["JointPositionAction"]
    action.update(scale=1.0, offset=None, clip=[[-INF, 0.2], [0.1, INF], *[[-INF, INF]] * 27])
    matrix = np.zeros((96, 29))
    matrix[5] = -0.5  # gravity z is -1: every action is 0.5
    linear(tmp_path / "policy.onnx", 96, 29, matrix=matrix)
    path = write_yaml(content, tmp_path / "deploy.yaml")
    up = load_policy(path, G1).step(estimate(), VelocityCommand()).position
    assert up[:3].tolist() == pytest.approx([0.2, 0.5, 0.5])


@pytest.mark.parametrize(
    ("key", "value", "field"),
    [
        ("clip", [[-1.0, math.nan]] * 29, "clip[0]"),
        ("clip", [[INF, -INF]] * 29, "clip[0]"),
        ("clip", [[1.0, -1.0]] * 29, "clip[0]"),
        ("clip", 1.0, "clip"),
        ("scale", [INF] * 29, "scale[0]"),
        ("scale", [math.nan] * 29, "scale[0]"),
        ("scale", math.nan, "scale"),
        ("offset", [None] * 29, "offset[0]"),
    ],
)
def test_no_number_where_one_is_needed_is_refused(
    tmp_path: Path, key: str, value: object, field: str
) -> None:
    content = subset(None, **{key: value})  # type: ignore[arg-type]
    problem = first_problem(written(tmp_path, content, 96, 29))
    assert problem.startswith("FieldError")
    assert f"actions.JointPositionAction.{field}: expected" in problem


def test_infinite_ranges_of_commands_are_refused(tmp_path: Path) -> None:
    content = deploy_yaml()
    content["commands"]["base_velocity"]["ranges"]["lin_vel_x"] = [-INF, INF]
    assert "lin_vel_x[0]: expected a finite number" in first_problem(
        written(tmp_path, content, 96, 29)
    )


def test_every_mistake_of_a_file_is_named_at_once(tmp_path: Path) -> None:
    content = copy.deepcopy(deploy_yaml())
    del content["stiffness"], content["commands"]
    content["step_dt"] = -1.0
    content["observations"]["smell"] = {"params": {}, "scale": [1.0]}
    fields = [problem.field for problem in examined(written(tmp_path, content, 96, 29)).problems]
    assert sorted(fields) == ["commands", "observations.smell", "step_dt", "stiffness"]
