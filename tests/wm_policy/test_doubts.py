"""Held joints that would ring, sides that are open, reasons that are whole."""

from pathlib import Path
from typing import Any

import pytest
from policy_files import examined, first_problem, leg_manifest, write_yaml
from tiny_networks import linear

from wm_policy.errors import FieldError


@pytest.mark.parametrize(
    ("held", "problem"),
    [
        # sqrt(300 * 0.3333) = 10.0: 3 / 20 = 0.15
        ({"stiffness": 300.0, "damping": 3.0}, "0.15 (kp 300, kd 3)"),
        ({"damping": 0.5}, "(kp 82.2, kd 0.5)"),  # its own kp: 0.3333 (2 pi 2.5)² = 82.2
        ({"stiffness": 300.0, "damping": 7.0}, None),  # 0.35
        ({"stiffness": 300.0}, None),  # its own kd: critical
        ({"stiffness": 300.0, "damping": 3.0, "underdamped": True}, None),
    ],
)
def test_a_held_joint_that_would_ring_is_doubted(
    tmp_path: Path, held: dict[str, Any], problem: str | None
) -> None:
    """The G1's waist yaw carries 0.3333 kg·m², its rotor included."""
    content = leg_manifest(linear(tmp_path / "legs.onnx", 47, 12))
    content["held"] = {"waist_yaw_joint": held}
    path = write_yaml(content, tmp_path / "legs.yaml")
    if problem is None:
        assert examined(path).problems == ()
        return
    found = first_problem(path)
    assert found.startswith("ImplausibleError")
    assert "held.waist_yaw_joint.damping: expected a damping ratio of at least 0.3" in found
    assert "or held.waist_yaw_joint.underdamped: true" in found
    assert problem in found


def test_shoulders_held_as_upstream_configurations_have_them_are_doubted_one_by_one(
    tmp_path: Path,
) -> None:
    content = leg_manifest(linear(tmp_path / "legs.onnx", 47, 12))
    content["held"] = {"*_shoulder_pitch_joint": {"stiffness": 100.0, "damping": 2.0}}
    fields = [p.field for p in examined(write_yaml(content, tmp_path / "legs.yaml")).problems]
    assert fields == [
        "held.left_shoulder_pitch_joint.damping",
        "held.right_shoulder_pitch_joint.damping",
    ]


def test_an_infinite_side_of_bounds_is_open_in_our_own_manifest_too(tmp_path: Path) -> None:
    content = leg_manifest(linear(tmp_path / "legs.onnx", 47, 12))
    infinity = float("inf")
    content["action"]["clip"] = [-infinity, 4.0]
    content["action"]["limits"] = [[-infinity, infinity]] * 12
    content["inputs"][0]["blocks"][0]["terms"][0]["clip"] = [-infinity, infinity]
    manifest = examined(write_yaml(content, tmp_path / "legs.yaml")).manifest
    assert manifest is not None
    assert manifest.action.clip == (None, 4.0)
    assert manifest.action.limits == ((None, None),) * 12
    content["action"]["clip"] = [infinity, -infinity]
    assert "action.clip" in first_problem(write_yaml(content, tmp_path / "legs.yaml"))


def test_a_long_value_is_cut_in_the_middle_and_a_reason_not_at_all() -> None:
    reason = "because " * 100 + "of this"
    assert str(FieldError("f", "x", "y", reason)).endswith("because of this")
    error = str(FieldError("f", "x", "y", list(range(1000))))
    assert "[0, 1, 2" in error
    assert error.endswith("998, 999]")
    assert "characters)" in error
    assert len(error) < 400
