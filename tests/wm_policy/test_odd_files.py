"""Paths and files that are no policy: refused at once, by what they are and what helps."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from policy_files import deploy_yaml, first_problem, write_yaml
from tiny_networks import linear


def pipe(path: Path) -> None:
    os.mkfifo(path)  # whoever opens it to read waits until somebody writes


def link(path: Path) -> None:
    path.symlink_to("run7/policy.onnx")


def writes(content: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(content) and None


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (pipe, "file: expected a policy, found a pipe or device"),
        (link, "file: expected a policy, found a link to run7/policy.onnx, which is not there"),
        (writes(b""), "expected an ONNX network, found an empty file"),
        (writes(b"\n \n"), "expected an ONNX network, found an empty file"),
        (writes(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n"), "git lfs pull"),
        (writes(b"<!DOCTYPE html>\n<html>404</html>"), "a web page"),
        (writes(b"PK\x03\x04archive/data.pkl"), "export the policy to ONNX"),
    ],
)
def test_what_is_no_network_is_called_by_its_name(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    make(tmp_path / "policy.onnx")
    problem = first_problem(tmp_path / "policy.onnx")
    assert said in problem
    assert "report" not in problem


def test_a_device_has_no_end_and_is_not_read() -> None:
    assert "found a pipe or device" in first_problem(Path("/dev/zero"))


def test_a_name_longer_than_any_file_has_is_no_bug() -> None:
    problem = first_problem(Path("x" * 300 + ".onnx"))
    assert "found File name too long" in problem
    assert "report" not in problem


def test_an_overlay_that_is_a_folder_a_pipe_or_absent_is_said_plainly(tmp_path: Path) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    path = write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")
    assert first_problem(path, tmp_path).endswith(
        "file: expected a readable text file, found a folder"
    )
    assert first_problem(path, tmp_path / "o.yaml").endswith("found no such file")
    assert first_problem(path, tmp_path / "pipe.yaml").endswith("found a pipe or device")


@pytest.mark.parametrize("step", [50, 1.0, 0.2])
def test_a_rate_where_a_period_belongs_is_refused(tmp_path: Path, step: float) -> None:
    linear(tmp_path / "policy.onnx", 96, 29)
    content = {**deploy_yaml(), "step_dt": step}
    problem = first_problem(write_yaml(content, tmp_path / "deploy.yaml"))
    assert problem.startswith("RateError")
    assert "at least 10 Hz" in problem


def test_an_input_of_a_type_that_nobody_knows_is_refused_and_raises_nothing(tmp_path: Path) -> None:
    network = linear(tmp_path / "policy.onnx", 96, 29)
    model = onnx.load(str(network))
    model.graph.input[0].type.tensor_type.elem_type = 99
    onnx.save(model, str(network))
    assert "99" in first_problem(network)
