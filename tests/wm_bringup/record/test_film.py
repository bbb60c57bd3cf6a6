"""A film is one of the things that an episode leaves, and never at the cost of the others."""

import json

import numpy as np
import pytest
from bare_talos import bare_talos
from PIL import Image

from wm_bringup.cli import main
from wm_bringup.record import animation
from wm_bringup.record import film as film_of

WALK = ("--seconds", "0.3", "--jobs", "1")


@pytest.fixture(scope="module")
def robot(tmp_path_factory):
    return bare_talos(tmp_path_factory.mktemp("robots") / "bare")


def walk(robot, folder):
    files = ("--film", str(folder / "film.png"), "--json", str(folder / "walk.json"))
    return main(["walk", "--robot", str(robot), *WALK, *files])


def test_a_robot_without_any_mesh_makes_a_film_and_is_told_once_that_it_is_drawn(
    robot, tmp_path, capsys
):
    walk(robot, tmp_path)
    strip = np.asarray(Image.open(tmp_path / "film.png").convert("L"))
    frame = strip[film_of.TITLE : film_of.TITLE + film_of.FRAME[1], : film_of.FRAME[0]]
    assert len(np.unique(frame[60:300, 80:220])) > 20, "something is drawn there"
    assert capsys.readouterr().out.count("rods and balls are drawn instead") == 1
    assert json.loads((tmp_path / "walk.json").read_text())["n"] == 1


def test_a_film_that_fails_is_told_and_the_numbers_are_written(
    robot, tmp_path, capsys, monkeypatch
):
    def fails(*_, **__):
        raise RuntimeError("Cannot load URDF file.")

    monkeypatch.setattr(animation, "film_of_record", fails)
    assert walk(robot, tmp_path) == 1
    told = f"film {tmp_path / 'film.png'}: RuntimeError: Cannot load URDF file."
    assert told in capsys.readouterr().out
    (episode,) = json.loads((tmp_path / "walk.json").read_text())["episodes"]
    assert told in episode["missed"]
    assert not episode["fell"]
