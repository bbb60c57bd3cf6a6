"""``wm emulate`` refuses what cannot be before anything is on the network."""

import os

import pytest

from wm_bringup import cli


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--machine", "99"), "machine"),
        (("--body", "nobody"), "nobody"),
        (("--interface", "nowhere"), "nowhere"),
        (("--ask", "status"), "--control"),
        (("--ask", "status", "--control", "/no/such/place"), "nobody answers"),
        (("--gui",), "window"),
        (("--parameters", "/no/such.yaml"), "/no/such.yaml"),
        (("--scenario", "nothing"), "nothing"),
    ],
)
def test_what_cannot_be_emulated_is_refused_in_one_line(options, said, capsys):
    cores = os.sched_getaffinity(0)
    assert cli.main(["emulate", "--engine", "mujoco", "--seconds", "0", *options]) == 2
    assert os.sched_getaffinity(0) == cores
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told


def test_a_wrong_key_of_the_parameters_is_named(tmp_path, capsys):
    file = tmp_path / "mine.yaml"
    file.write_text("watchdog: {damp_afterwards: 1}\n")
    assert cli.main(["emulate", "--parameters", str(file)]) == 2
    assert "damp_afterwards" in capsys.readouterr().err


def test_velocities_of_a_scenario_are_said_to_be_left_out(tmp_path, capsys):
    file = tmp_path / "walk.yaml"
    options = ["emulate", "--engine", "mujoco", "--seconds", "0", "--domain", "77"]
    for text, told in (("velocity: [{at: 1.0, x: 0.5}]", True), ("noise: nominal", False)):
        file.write_text(f"{{name: walk, {text}}}\n")
        assert cli.main([*options, "--scenario", str(file)]) == 0
        assert ("velocities of 'walk' are left out" in capsys.readouterr().out) is told
