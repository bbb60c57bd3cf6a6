"""``wm policy``: exit codes and JSON that programs can rely on."""

import json

import numpy as np
import onnx
import pytest
import yaml
from policy_files import deploy_yaml, examined, leg_manifest, write_yaml
from tiny_networks import linear

from wm_bringup import cli
from wm_policy.models import shipped_policy

KEYS = {"ok", "family", "sha256", "problems", "inputs", "outputs", "rate_hz"}


@pytest.fixture
def policy(tmp_path):
    linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    return tmp_path


def checked(path, tmp_path, command="check"):
    result = tmp_path / "out" / "result.json"
    code = cli.main(["policy", command, str(path), "--json", str(result)])
    return code, json.loads(result.read_text())


def test_a_good_policy_exits_with_0_and_says_what_it_is(policy, tmp_path, capsys):
    code, result = checked(policy, tmp_path)
    assert code == 0
    assert result.keys() >= KEYS
    assert (result["ok"], result["family"], result["problems"]) == (True, "unitree_deploy", [])
    assert result["inputs"] == {"obs": [1, 96]}
    assert result["outputs"] == {"actions": [1, 29]}
    assert result["rate_hz"] == 50.0
    assert len(result["sha256"]) == 64
    assert result["robots"] == []
    said = capsys.readouterr().out
    assert "may start" in said
    assert "robot: not said which it was made for" in said


def test_a_bad_policy_exits_with_1_and_names_file_field_expected_and_found(
    policy, tmp_path, capsys
):
    content = deploy_yaml()
    del content["stiffness"]
    write_yaml(content, policy / "deploy.yaml")
    code, result = checked(policy, tmp_path)
    assert code == 1
    assert result["ok"] is False
    (problem,) = result["problems"]
    assert "deploy.yaml: stiffness: expected a list of numbers, found nothing" in problem
    assert problem in capsys.readouterr().out


def test_a_network_of_a_newer_onnx_says_the_whole_reason_in_the_json_too(policy, tmp_path, capsys):
    model = onnx.load(str(policy / "policy.onnx"))
    model.ir_version = 99
    onnx.save(model, str(policy / "policy.onnx"))
    code, result = checked(policy, tmp_path)
    assert code == 1
    (problem,) = result["problems"]
    assert "Unsupported model IR version: 99, max supported IR version: " in problem
    assert problem[-1].isdigit()
    assert problem in capsys.readouterr().out


def test_info_says_when_a_policy_is_told_to_stand(tmp_path, capsys):
    content = leg_manifest(linear(tmp_path / "legs.onnx", 47, 12))
    content["phase"]["standing"] = {"command_below": 0.1, "blank": True}
    assert cli.main(["policy", "info", str(write_yaml(content, tmp_path / "legs.yaml"))]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "1.25 Hz, blank while |command| < 0.1" in shown


def test_a_network_is_described_although_nothing_else_is_known(tmp_path):
    network = linear(tmp_path / "policy.onnx", 96, 29)
    code, result = checked(network, tmp_path)
    assert code == 1
    assert result["inputs"] == {"obs": [1, 96]}
    assert result["rate_hz"] is None


def test_an_absent_file_exits_with_2_and_one_line(tmp_path, capsys):
    assert cli.main(["policy", "check", str(tmp_path / "absent.onnx")]) == 2
    error = capsys.readouterr().err
    assert "absent.onnx: file: expected a policy, found no such file" in error
    assert error.count("\n") == 1


def test_info_lists_every_term_and_writes_the_manifest(policy, tmp_path, capsys):
    code, result = checked(policy, tmp_path, "info")
    assert code == 0
    assert result["manifest"]["gains"]["stiffness"] == [60.0] * 29
    shown = capsys.readouterr().out
    for word in ("base_angular_velocity", "joint_position_relative", "held joints", "phase"):
        assert (word in shown) == (word != "phase")


def test_info_of_a_leg_policy_says_how_the_other_joints_are_held(tmp_path, capsys):
    network = linear(tmp_path / "legs.onnx", 47, 12)
    path = write_yaml(leg_manifest(network), tmp_path / "legs.yaml")
    assert cli.main(["policy", "info", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "waist_yaw_joint at 0.00 rad" in shown
    assert "1.25 Hz" in shown


def test_info_says_which_values_novelty_guesses(policy, tmp_path, capsys):
    checked(shipped_policy(), tmp_path, "info")
    said = " ".join(capsys.readouterr().out.split())
    assert "measured in training in part: 42 of 49 values are stated guesses" in said
    checked(policy, tmp_path, "info")
    said = " ".join(capsys.readouterr().out.split())
    assert "novelty against stated guesses" in said


def test_what_pin_prints_holds_the_policy_from_then_on(tmp_path, capsys):
    network = linear(tmp_path / "legs.onnx", 47, 12)
    content = leg_manifest(network)
    path = write_yaml(content, tmp_path / "legs.yaml")
    assert cli.main(["policy", "pin", str(path)]) == 0
    pinned = {**content, **yaml.safe_load(capsys.readouterr().out)}
    assert examined(write_yaml(pinned, path)).ok
    pinned["action"]["scale"] = 0.3
    assert not examined(write_yaml(pinned, path)).ok


def test_pin_refuses_a_policy_that_may_not_start(tmp_path):
    network = linear(tmp_path / "legs.onnx", 47, 12, matrix=np.full((47, 12), np.nan))
    path = write_yaml(leg_manifest(network), tmp_path / "legs.yaml")
    assert cli.main(["policy", "pin", str(path)]) == 2
