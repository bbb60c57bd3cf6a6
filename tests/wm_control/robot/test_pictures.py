"""Meshes that are not there cost nothing but their looks."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import yaml
from bare_talos import bare_talos
from talos_folder import talos_folder

from wm_bringup.robots.simulation.variation import vary
from wm_bringup.scenarios.scenario import Body
from wm_control.robot.description import load_robot
from wm_control.robot.sources import urdf_file


def pictures(robot):
    """Shapes by link and kind."""
    links = ElementTree.fromstring(robot.visual_urdf).findall("link")
    return {
        link.get("name"): [shape.tag for shape in link.findall("visual/geometry/*")]
        for link in links
    }


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    return load_robot(bare_talos(tmp_path_factory.mktemp("robots") / "bare"))


@pytest.fixture(scope="module")
def talos(tmp_path_factory):
    return load_robot(talos_folder(tmp_path_factory.mktemp("robots") / "talos"))


def test_a_robot_whose_meshes_are_elsewhere_is_drawn_with_rods_and_balls(bare, talos):
    drawn = pictures(bare)
    assert "mesh" not in {kind for kinds in drawn.values() for kind in kinds}
    assert all("sphere" in kinds for kinds in drawn.values())
    assert "cylinder" in drawn["leg_left_4_link"], "from the knee to the ankle"
    assert sorted(bare.urdf.splitlines()) == sorted(talos.urdf.splitlines())


def test_what_is_assumed_of_it_is_told_line_by_line(bare, talos):
    assert talos.assumed == load_robot("g1").assumed == ()
    told = [line.split(":")[0] for line in bare.assumed]
    assert told == ["imu", "soles.left", "soles.right", "pictures"]
    assert bare.assumed[-1].startswith("pictures: no mesh package:///nowhere/talos_data/")
    assert " and 46 more: " in bare.assumed[-1]


def test_only_links_that_lost_their_meshes_are_drawn_otherwise(tmp_path):
    folder = talos_folder(tmp_path / "talos")
    config = yaml.safe_load((folder / "robot.yaml").read_text())
    text = urdf_file(config["urdf"], folder / "robot.yaml").read_text()
    (folder / "talos.urdf").write_text(text.replace("meshes/v2/knee", "meshes/elsewhere/knee"))
    (folder / "robot.yaml").write_text(yaml.safe_dump({**config, "urdf": "talos.urdf"}))
    before, after = pictures(load_robot(talos_folder(tmp_path / "t"))), pictures(load_robot(folder))
    changed = [name for name, kinds in after.items() if kinds != before[name]]
    assert changed == ["leg_left_4_link", "leg_right_4_link"]
    assert "mesh" not in after["leg_left_4_link"]


def test_capsules_are_drawn_where_there_are_some(tmp_path):
    folder = bare_talos(tmp_path / "bare")
    config = yaml.safe_load((folder / "robot.yaml").read_text())
    shin = {"link": "leg_left_4_link", "start": [0.0, 0.0, -0.05], "end": [0.0, 0.0, -0.3]}
    config["capsules"] = {"shin": {**shin, "radius": 0.06}}
    (folder / "robot.yaml").write_text(yaml.safe_dump(config))
    robot = load_robot(folder)
    root = ElementTree.fromstring(robot.visual_urdf)
    (link,) = (one for one in root.findall("link") if one.get("name") == "leg_left_4_link")
    cylinder, *balls = link.findall("visual/geometry/*")
    assert (cylinder.tag, cylinder.get("radius"), cylinder.get("length")) == (
        "cylinder",
        "0.06",
        "0.25",
    )
    assert [ball.get("radius") for ball in balls] == ["0.06", "0.06"]


def test_a_body_that_is_varied_keeps_its_looks(bare):
    body = vary(bare, Body(mass_spread=0.1), np.random.default_rng(0))
    assert pictures(body) == pictures(bare)
