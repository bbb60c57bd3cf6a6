"""Scenes: the balance as the arbiter measures it, footsteps where the robot rested its soles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1
from recorded import standing

from wm_bringup.view.scene import Footstep, Moment, Surveyor, footprints
from wm_bringup.view.shapes import Triangles, capsule, read_stl, thinned
from wm_bringup.view.skeleton import skeleton_of, turned
from wm_control.arbiter.balance import BalanceMeter
from wm_control.quaternion import rotation_from_quaternion
from wm_control.robot.model import RobotModel
from wm_control.types import LEFT, RIGHT


@pytest.fixture(scope="module")
def survey():
    return Surveyor(G1)


def test_the_margin_is_that_of_the_arbiter_and_the_dcm_lies_within_its_region(survey):
    estimate = standing(0.0)
    scene = survey(Moment(0.0, estimate))
    assert scene.margin == pytest.approx(BalanceMeter(G1)(estimate).capture_margin)
    assert scene.dcm is not None
    edges = np.roll(scene.region, -1, axis=0) - scene.region
    to_dcm = np.array(scene.dcm) - scene.region
    turns = edges[:, 0] * to_dcm[:, 1] - edges[:, 1] * to_dcm[:, 0]
    assert (turns > 0.0).all() or (turns < 0.0).all()


def test_both_soles_stand_and_carry_what_the_estimate_says(survey):
    scene = survey(Moment(0.0, standing(0.0)))
    assert [step.foot for step in scene.standing] == [LEFT, RIGHT]
    assert [force.newton[2] for force in scene.contacts] == [160.0, 160.0]


def test_an_estimate_that_is_not_finite_has_no_balance_and_is_drawn_all_the_same(survey):
    estimate = replace(standing(0.0), base_velocity_in_base=np.full(3, np.nan))
    scene = survey(Moment(0.0, estimate))
    assert scene.dcm is None
    assert np.isnan(scene.margin)
    assert scene.joint_position is estimate.joint_position


def test_a_tilted_base_is_told_by_its_angle(survey):
    half = 0.5 * 0.3
    turned_base = np.array([np.sin(half), 0.0, 0.0, np.cos(half)])
    assert survey(Moment(0.0, replace(standing(0.0), base_orientation=turned_base))).tilt == (
        pytest.approx(0.3)
    )


def test_a_footstep_is_where_a_sole_came_to_rest_and_not_where_it_passed():
    def left(x: float) -> list[Footstep]:
        return [Footstep(LEFT, (x, 0.1, 0.0), 0.0)]

    looks = [(0.00, left(0.0)), (0.05, left(0.0)), (0.10, left(0.0))]
    looks += [
        (0.15, []),
        (0.20, left(0.2)),
        (0.25, left(0.3)),
        (0.30, left(0.3)),
        (0.35, left(0.3)),
    ]
    found = footprints(looks)
    assert [(time, step.position[0]) for time, step in found] == [(0.0, 0.0), (0.25, 0.3)]


def test_links_that_hang_from_each_other_are_where_the_model_has_them():
    """Walk the tree to both soles and compare with Pinocchio, at a posture of no symmetry."""
    joints = np.linspace(-0.3, 0.4, len(G1.joint_names))
    estimate = replace(standing(0.0), joint_position=joints)
    places = {}
    for link in skeleton_of(G1):
        parent = link.path.rpartition("/")[0].rpartition("/")[2]
        rotation, position = places.get(parent, (np.eye(3), estimate.base_position_in_world))
        if link.joint < 0:
            places[link.name] = (np.eye(3), estimate.base_position_in_world)
            continue
        turn = rotation_from_quaternion(turned(link, joints[link.joint]))
        places[link.name] = (rotation @ turn, position + rotation @ link.position)
    model = RobotModel(G1)
    model.update_kinematics(estimate)
    for sole, frame in zip(G1.soles, model.sole_ids, strict=True):
        rotation, position = places[sole.link]
        there = position + rotation @ sole.position
        assert there == pytest.approx(model.data.oMf[frame].translation, abs=1e-9)


def test_meshes_lose_corners_that_no_screen_tells_apart_and_keep_their_size():
    mesh = next(mesh for link in skeleton_of(G1) for mesh in link.meshes)
    whole = read_stl(mesh.path)
    assert whole is not None
    small = thinned(whole)
    assert len(small.faces) < 0.6 * len(whole.faces)
    assert np.ptp(small.vertices, axis=0) == pytest.approx(np.ptp(whole.vertices, axis=0), abs=0.01)


def test_a_triangle_smaller_than_the_grain_vanishes():
    corners = np.array([[0, 0, 0], [1e-4, 0, 0], [0, 1e-4, 0]], dtype=np.float32)
    assert len(thinned(Triangles(corners, np.array([[0, 1, 2]], dtype=np.uint32))).faces) == 0


def test_what_is_no_binary_stl_is_not_read(tmp_path):
    path = tmp_path / "a.stl"
    path.write_text("solid a\nendsolid a\n" + " " * 100)
    assert read_stl(path) is None
    assert read_stl(tmp_path / "none.stl") is None


def test_a_capsule_is_its_radius_away_from_its_axis_all_around():
    limb = G1.capsules[0]
    shape = capsule(limb)
    along = (limb.end - limb.start) / np.linalg.norm(limb.end - limb.start)
    reach = np.clip((shape.vertices - limb.start) @ along, 0, np.linalg.norm(limb.end - limb.start))
    nearest = limb.start + np.outer(reach, along)
    assert np.linalg.norm(shape.vertices - nearest, axis=1) == pytest.approx(limb.radius, rel=1e-4)
