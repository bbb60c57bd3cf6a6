"""Pictures show the robot on a floor."""

import numpy as np
import pytest
from talos_folder import talos_folder

from wm_bringup.robots.pybullet.camera import PyBulletCamera
from wm_bringup.robots.pybullet.framing import size_of
from wm_bringup.robots.simulation.ground import Terrain
from wm_bringup.scenarios.scenario import Ground
from wm_control.robot.description import load_robot

UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])


def test_the_robot_stands_in_the_middle_of_the_picture_and_the_camera_follows_it(g1):
    camera = PyBulletCamera(g1)
    here, there = (
        camera.picture(np.array([x, 0.0, 0.73]), UPRIGHT, g1.default_position, width=96, height=96)
        for x in (0.0, 3.0)
    )
    camera.close()
    assert here.shape == (96, 96, 3)
    assert here.dtype == np.uint8
    np.testing.assert_allclose(here.astype(float), there, atol=40.0)
    sky = np.all(here == 255, axis=2)
    assert sky[0].all()
    assert not sky[-1].any()
    assert not sky[20:60, 44:52].all(axis=1).any()
    dark = here.max(axis=2) < 80  # head and shoes
    assert dark.sum() > 60
    assert not dark[:, :30].any()
    assert not dark[:, 66:].any()


def shown(robot, height):
    """Rows that are not empty above the robot's middle, at any part of its width."""
    camera = PyBulletCamera(robot)
    here = np.array([0.0, 0.0, height])
    picture = camera.picture(here, UPRIGHT, robot.default_position, width=96, height=128)
    camera.close()
    return ~np.all(picture == 255, axis=2)[:, 30:66].all(axis=1)


def test_all_of_a_larger_robot_is_seen(g1, tmp_path):
    """Talos is a third taller than the G1, whose pictures stay what they were."""
    talos = load_robot(talos_folder(tmp_path / "talos"))
    assert size_of(g1) == 1.0
    assert size_of(talos) == pytest.approx(1.399, abs=0.002)
    rows = [int(shown(robot, h).argmax()) for robot, h in ((g1, 0.73), (talos, 1.02))]
    assert all(8 < row < 40 for row in rows), f"first rows of the heads: {rows}"


def test_a_ground_of_boxes_is_drawn_in_place_of_the_floor(g1):
    def ground_color(ground):
        camera = PyBulletCamera(g1, Terrain(ground, np.random.default_rng(0)))
        here = np.array([1.5, 0.0, 0.85])
        picture = camera.picture(here, UPRIGHT, g1.default_position, width=96, height=96)
        camera.close()
        return picture[-10:, :20].astype(float).mean(axis=(0, 1))

    red, _, blue = ground_color(Ground())
    assert blue > red + 5.0
    for ground in (Ground(slope=0.1), Ground(bumps=0.02)):
        red, _, blue = ground_color(ground)
        assert red > blue + 5.0
