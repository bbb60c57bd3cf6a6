"""docs/policies.md says what the code does."""

import re
from pathlib import Path

import yaml
from policy_files import G1

from wm_policy.loaders.overlay import JointOrders, expand, read_overlay
from wm_policy.loaders.terms import ForeignTerm, overlay_terms
from wm_policy.schema import build_manifest
from wm_policy.terms import TERMS

TEXT = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
OF = {
    "joints": "one per joint",
    "actions": "one per action",
    "phases": "one per phase",
    "phases*2": "two per phase",
    "value": "as `value`",
}


def test_the_table_of_terms_is_that_of_the_code() -> None:
    section = TEXT.split("### Terms")[1].split("\n## ")[0]
    found = [line for line in section.splitlines() if line.startswith("| `")]
    assert found == [
        f"| `{name}` | {kind.width or OF[kind.of]} | {kind.unit} | {kind.frame or '-'} "
        f"| {kind.says} |"
        for name, kind in TERMS.items()
    ]


def test_the_example_of_an_overlay_is_one(tmp_path: Path) -> None:
    example = TEXT.split("## An overlay")[1].split("```yaml\n")[1].split("```")[0]
    path = tmp_path / "overlay.yaml"
    path.write_text(example.replace("c29d...", "a" * 64).replace(", ...}", "}"))
    overlay = read_overlay(path)
    meant = {
        name: [term["name"] for term in overlay_terms(ForeignTerm(name, scale=1.0), overlay)]
        for name in overlay.terms
        if overlay.means(name)
    }
    assert meant == {
        "height_command": ["constant"],
        "imu_gyro": ["base_angular_velocity"],
        "task": ["velocity_command", "moving"],
        "time_step": ["constant"],
    }


def test_the_example_of_a_manifest_is_one() -> None:
    """Its dots stand for all legs, all joints and a hash."""
    example = TEXT.split("## A manifest")[1].split("```yaml\n")[1].split("```")[0]
    example = re.sub(r"\[left_hip_pitch_joint, \.\.\.\]", str(list(G1.joint_names[:12])), example)
    example = example.replace("6f0c...", "a" * 64)
    example = example.replace(
        '"*_knee_joint": 0.3, ...',
        '"*_knee_joint": 0.3, "*_roll_joint": 0.0, "*_yaw_joint": 0.0, "*_ankle_pitch_joint": -0.2',
    )
    content = yaml.safe_load(example)
    content["family"] = "manifest"
    content["action"]["joints"] = content["joints"]
    content = expand(content, JointOrders.of(content), G1.joint_names, Path("example"))
    manifest = build_manifest(content, "example")
    assert [block.history is None for block in manifest.inputs[0].blocks] == [True, False]
    assert manifest.held["waist_yaw_joint"].stiffness == 200.0
