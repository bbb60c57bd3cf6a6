"""Pictures show the robot on a floor."""

import numpy as np

from wm_bringup.robots.pybullet.camera import PyBulletCamera

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
