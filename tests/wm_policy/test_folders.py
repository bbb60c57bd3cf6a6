"""Folders and file names as exporters leave them: a clear choice, or the candidates named."""

from pathlib import Path

import onnx
import pytest
from foreign_metadata import MJLAB_OVERLAY, mjlab_metadata
from policy_files import G1, deploy_yaml, examined, first_problem, leg_manifest, write_yaml
from tiny_networks import external, linear

from wm_policy.loading import load_policy
from wm_policy.network import read_network


def run(folder: Path, *networks: str) -> Path:
    """A run as unitree_rl_lab leaves it, with dumps that mean nothing."""
    exported, params = folder / "exported", folder / "params"
    exported.mkdir(parents=True)
    params.mkdir()
    for name in networks or ("policy.onnx",):
        linear(exported / name, 96, 29)
    write_yaml(deploy_yaml(), params / "deploy.yaml")
    (params / "env.yaml").write_text("func: !!python/name:isaaclab.envs.mdp.reset ''\n")
    (params / "agent.yaml").write_text("seed: 42\n")
    (exported / "policy.pt").write_bytes(b"PK\x03\x04")
    (folder / "model_29999.pt").write_bytes(b"PK\x03\x04")
    return folder


@pytest.mark.parametrize("inside", [".", "exported", "params", "params/deploy.yaml"])
def test_unitrees_run_is_a_policy_from_wherever_it_is_named(tmp_path: Path, inside: str) -> None:
    examination = examined(run(tmp_path / "v0") / inside)
    assert examination.problems == ()
    assert examination.network is not None
    assert examination.network.path.name == "policy.onnx"


@pytest.mark.parametrize("name", ["run #3", "2025-11-25_16-50-30 (best)", "läuft [1]", "a: b"])
def test_folders_may_have_any_name(tmp_path: Path, name: str) -> None:
    assert examined(run(tmp_path / name)).ok
    assert examined(tmp_path / name / "exported" / "policy.onnx").ok


def test_networks_may_have_any_name(tmp_path: Path) -> None:
    assert examined(run(tmp_path, "walk #1 [final].ONNX")).ok


def test_the_only_checkpoint_of_a_run_is_its_policy(tmp_path: Path) -> None:
    assert examined(run(tmp_path, "model_1234.onnx")).ok
    assert examined(tmp_path / "params" / "deploy.yaml").ok


def test_policy_onnx_is_meant_where_a_run_exported_several(tmp_path: Path) -> None:
    """As Unitree's runner takes it; the others are policies of the same run when they are named."""
    folder = run(tmp_path, "policy.onnx", "model_500.onnx")
    chosen = examined(folder).network
    assert chosen is not None
    assert chosen.path.name == "policy.onnx"
    assert examined(folder / "exported" / "model_500.onnx").ok


def test_several_checkpoints_are_named_and_none_is_taken(tmp_path: Path) -> None:
    folder = run(tmp_path, "model_500.onnx", "model_1000.onnx")
    problem = first_problem(folder)
    assert "folder: expected one policy, found" in problem
    assert "exported/model_1000.onnx, exported/model_500.onnx" in problem
    assert "deploy.yaml: network: expected policy.onnx or one ONNX file" in first_problem(
        folder / "params"
    )


def test_twenty_checkpoints_are_not_all_listed(tmp_path: Path) -> None:
    for number in range(20):
        linear(tmp_path / f"model_{number:02}.onnx", 96, 29)
    assert "model_10.onnx, model_11.onnx and 8 more" in first_problem(tmp_path)


def test_a_folder_without_a_network_says_what_it_has_instead(tmp_path: Path) -> None:
    run(tmp_path / "runs" / "v0")
    assert "no ONNX file; further down v0/exported/policy.onnx" in first_problem(tmp_path / "runs")
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "policy.pt").write_bytes(b"PK")
    problem = first_problem(tmp_path / "torch")
    assert "no ONNX file; policy.pt must be exported to ONNX" in problem


def test_hidden_files_are_no_candidates(tmp_path: Path) -> None:
    """Archives from macOS bring ``._policy.onnx``."""
    folder = run(tmp_path)
    (folder / "exported" / "._policy.onnx").write_bytes(b"\x00\x05\x16\x07")
    (folder / "params" / "._deploy.yaml").write_bytes(b"\x00\x05\x16\x07")
    assert examined(folder).ok


def test_a_flat_folder_with_deploy_yaml_in_params_beside_the_network(tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    (tmp_path / "params").mkdir()
    write_yaml(deploy_yaml(), tmp_path / "params" / "deploy.yaml")
    assert examined(tmp_path).ok


def test_external_weights_travel_with_a_run(tmp_path: Path) -> None:
    folder = run(tmp_path)
    external(folder / "exported" / "policy.onnx", 96, 29)
    assert examined(folder).ok
    (folder / "exported" / "policy.onnx.data").rename(folder / "exported" / "weights.data")
    assert "expected the file 'policy.onnx.data' beside it" in first_problem(folder)


INCOMPLETE = {"action_scale": "", "observation_terms_scale": "", "observation_terms_clip": ""}


def test_a_complete_deploy_yaml_wins_over_incomplete_metadata_in_the_network(
    tmp_path: Path,
) -> None:
    run(tmp_path)
    metadata = mjlab_metadata(**INCOMPLETE)
    network = linear(tmp_path / "exported" / "policy.onnx", 96, 29, metadata=metadata)
    for path in (tmp_path, network, tmp_path / "params" / "deploy.yaml"):
        examination = examined(path)
        assert examination.problems == ()
        assert examination.manifest is not None
        assert examination.manifest.family == "unitree_deploy"


def test_complete_metadata_in_the_network_comes_first(tmp_path: Path) -> None:
    network = linear(tmp_path / "policy.onnx", 96, 29, metadata=mjlab_metadata())
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    said = {"overlay_version": 1, "sha256": read_network(network).sha256, "fill": MJLAB_OVERLAY}
    policy = load_policy(network, G1, write_yaml(said, tmp_path / "overlay.yaml"))
    assert policy.manifest.family == "mjlab"


def test_a_complete_manifest_wins_as_well(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12, metadata=mjlab_metadata(**INCOMPLETE))
    write_yaml(leg_manifest(network), tmp_path / "legs.yaml")
    examination = examined(network)
    assert examination.ok
    assert examination.manifest is not None
    assert examination.manifest.family == "manifest"


def test_where_nothing_is_complete_the_network_is_asked_for_what_it_lacks(tmp_path: Path) -> None:
    content = deploy_yaml()
    del content["stiffness"]
    network = linear(tmp_path / "policy.onnx", 96, 29, metadata=mjlab_metadata())
    write_yaml(content, tmp_path / "deploy.yaml")
    assert [problem.field for problem in examined(network).problems] == ["rate", "command"]


def test_a_complete_file_that_does_not_fit_the_network_is_refused_by_its_own_name(
    tmp_path: Path,
) -> None:
    network = linear(tmp_path / "policy.onnx", 99, 29, metadata=mjlab_metadata(**INCOMPLETE))
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    problem = first_problem(network)
    assert "deploy.yaml: inputs[0]: expected the 96 values stated, found 99" in problem


@pytest.mark.parametrize(
    ("ir_version", "opset", "reason"),
    [
        (99, 17, "Unsupported model IR version: 99, max supported IR version: "),
        (9, 99, "Opset 99 is under development and support for this is limited."),
    ],
)
def test_a_network_of_a_newer_onnx_is_refused_with_the_whole_reason(
    tmp_path: Path, ir_version: int, opset: int, reason: str
) -> None:
    long = tmp_path / ("a rather long name of a folder " * 6)
    network = run(long) / "exported" / "policy.onnx"
    model = onnx.load(str(network))
    model.ir_version = ir_version
    model.opset_import[0].version = opset
    onnx.save(model, str(network))
    problem = first_problem(network)
    assert f"(export it with an older opset or IR version), found {reason}" in problem or (
        reason in problem and "older opset" in problem
    )
    assert " ..." not in problem
    assert problem.rstrip(".")[-1].isdigit()  # the highest version that is supported ends it


def test_two_overlays_in_a_folder_are_named_and_none_is_left_out(tmp_path: Path) -> None:
    network = linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    said = {"overlay_version": 1, "sha256": read_network(network).sha256, "network": network.name}
    for name in ("calm.yaml", "fast.yaml"):
        write_yaml(said, tmp_path / name)
    problem = first_problem(tmp_path)
    assert "one manifest or overlay, found calm.yaml, fast.yaml" in problem


def test_a_manifest_beside_an_overlay_is_named_with_it(tmp_path: Path) -> None:
    network = linear(tmp_path / "legs.onnx", 47, 12)
    write_yaml(leg_manifest(network), tmp_path / "legs.yaml")
    said = {"overlay_version": 1, "sha256": read_network(network).sha256, "network": network.name}
    write_yaml({**said, "override": {"gains": {"stiffness": 90.0}}}, tmp_path / "softer.yaml")
    assert "one manifest or overlay, found legs.yaml, softer.yaml" in first_problem(tmp_path)


def test_a_network_in_a_folder_called_params_finds_its_deploy_yaml_once(tmp_path: Path) -> None:
    folder = tmp_path / "params"
    folder.mkdir()
    network = linear(folder / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), folder / "deploy.yaml")
    for path in (network, folder, folder / "deploy.yaml"):
        assert examined(path).problems == ()
