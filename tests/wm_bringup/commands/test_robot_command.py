"""``wm robot``: from a URDF to a robot that may walk; exit codes, JSON and pictures."""

import json

import numpy as np
import pytest
import yaml
from humanoid_urdf import humanoid, write_humanoid
from PIL import Image

from wm_bringup import cli


@pytest.fixture
def folder(tmp_path):
    """A drafted robot."""
    urdf = write_humanoid(tmp_path)
    assert cli.main(["robot", "draft", str(urdf), "--output", str(tmp_path / "boxer")]) == 0
    return tmp_path / "boxer"


def as_json(arguments, tmp_path):
    file = tmp_path / "out" / "result.json"
    code = cli.main(["robot", *map(str, arguments), "--json", str(file)])
    return code, json.loads(file.read_text())


def altered(folder, **changes):
    path = folder / "robot.yaml"
    content = yaml.safe_load(path.read_text())
    for side in ("left", "right"):
        content["soles"][side].update(changes)
    path.write_text(yaml.safe_dump(content))


def test_a_draft_writes_a_robot_file_and_tells_what_it_guessed(tmp_path, capsys):
    urdf = write_humanoid(tmp_path)
    code, result = as_json(["draft", urdf, "--output", tmp_path / "new", "--name", "box"], tmp_path)
    assert code == 0
    assert yaml.safe_load((tmp_path / "new" / "robot.yaml").read_text())["name"] == "box"
    assert result["groups"]["left_knee"] == "left_leg"
    assert {note["kind"] for note in result["notes"]} == {"taken", "guessed", "unknown"}
    out = capsys.readouterr().out
    assert "rotor inertia of 20 joints by their torque limits" in out
    assert f"next: wm robot check {tmp_path / 'new'}" in out


def test_without_output_the_folder_has_the_robots_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_humanoid(tmp_path)
    assert cli.main(["robot", "draft", "boxer.urdf"]) == 0
    assert (tmp_path / "boxer" / "robot.yaml").is_file()
    assert cli.main(["robot", "check", "boxer"]) == 0


def test_a_robot_file_is_not_written_over(folder, capsys):
    assert (
        cli.main(["robot", "draft", str(folder.parent / "boxer.urdf"), "--output", str(folder)])
        == 2
    )
    assert "is there already" in capsys.readouterr().err


def test_what_is_no_humanoid_is_refused_and_leaves_nothing(tmp_path, capsys):
    urdf = write_humanoid(tmp_path, humanoid(legs=""))
    assert cli.main(["robot", "draft", str(urdf), "--output", str(tmp_path / "none")]) == 2
    assert "no humanoid" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_a_good_robot_passes_with_what_was_assumed(folder, tmp_path, capsys):
    code, result = as_json(["check", folder], tmp_path)
    assert (code, result["ok"]) == (0, True)
    assert {finding["level"] for finding in result["findings"]} == {"assumed"}
    assert result["measures"]["mass"] == pytest.approx(42.5)
    assert "boxer: 42.5 kg, 20 joints, legs of 0.770 m" in capsys.readouterr().out


def test_a_broken_robot_exits_with_1_and_the_reason(folder, tmp_path):
    altered(folder, half_length=0.5)
    code, result = as_json(["check", folder], tmp_path)
    assert (code, result["ok"]) == (1, False)
    assert "half_length: 0.5 m, expected" in result["findings"][0]["text"]


def test_a_picture_shows_the_robot_from_head_to_sole_without_any_mesh(folder, tmp_path):
    picture = tmp_path / "standing.png"
    assert cli.main(["robot", "check", str(folder), "--picture", str(picture)]) == 0
    pixels = np.asarray(Image.open(picture).convert("L"), dtype=float)
    left, right = pixels[:620, :420], pixels[:620, 420:]
    for view in (left, right):
        changed = np.abs(np.diff(view[:, 150:270], axis=1)).max(axis=1) > 25.0
        rows = np.flatnonzero(changed)
        assert rows[-1] - rows[0] > 250


def test_a_picture_of_what_makes_no_robot_did_not_happen(folder, tmp_path):
    altered(folder, half_length=0.5)
    picture = tmp_path / "standing.png"
    assert cli.main(["robot", "check", str(folder), "--picture", str(picture)]) == 1
    assert not picture.exists()


def test_parameters_that_walking_would_stumble_over_are_refused(folder, tmp_path):
    (folder / "model_based.yaml").write_text("gait: {step_width: 3.0}\n")
    code, result = as_json(["check", folder], tmp_path)
    assert code == 1
    refused = [f for f in result["findings"] if f["level"] == "refused"]
    assert [f["subject"] for f in refused] == ["parameters"]
    assert "gait.step_width" in refused[0]["text"]


def test_an_unknown_robot_cannot_be_checked(capsys):
    assert cli.main(["robot", "check", "g7"]) == 2
    assert "neither the name of a shipped robot" in capsys.readouterr().err


def test_parameters_are_shown_with_their_formulas(folder, tmp_path, capsys):
    code, result = as_json(["show", folder], tmp_path)
    assert code == 0
    height = next(row for row in result["parameters"] if row["key"] == "gait.com_height")
    assert height["formula"] == "rise + 0.84 leg"
    assert height["value"] == height["derived"]
    assert not height["stated"]
    assert "rise + 0.84 leg" in capsys.readouterr().out


def test_what_the_robots_own_file_says_is_shown_beside_what_was_derived(folder, tmp_path):
    own = {"gait": {"com_height": 0.7, "step_width": 0.21}}
    (folder / "model_based.yaml").write_text(yaml.safe_dump(own))
    rows = {row["key"]: row for row in as_json(["show", folder], tmp_path)[1]["parameters"]}
    assert rows["gait.com_height"]["stated"]
    assert rows["gait.com_height"]["value"] == 0.7
    assert rows["gait.com_height"]["derived"] != 0.7
    assert not rows["gait.step_duration"]["stated"]


def test_a_misspelt_parameter_is_refused_and_not_shown_as_in_force(folder, capsys):
    (folder / "model_based.yaml").write_text("gait: {step_widht: 0.3}\n")
    assert cli.main(["robot", "show", str(folder)]) == 2
    said = capsys.readouterr()
    assert "step_widht" in said.err
    assert "in force" not in said.out


def test_what_only_a_file_says_is_shown_too(tmp_path):
    rows = as_json(["show", "g1"], tmp_path)[1]["parameters"]
    assert any(row["derived"] is None and row["stated"] for row in rows)
    assert {row["part"] for row in rows} == {"model_based", "estimator", "arbiter"}
