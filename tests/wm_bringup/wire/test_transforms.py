"""/tf tells where every link is, by the same kinematics as Pinocchio's."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pinocchio as pin
import pytest
from loop_fakes import G1, N, estimate_of, observation_at
from rosbags.typesys import Stores, get_typestore
from tf_frames import edges_of, placed

from wm_bringup.wire.transforms import LinkTransforms, description_for_viewers
from wm_control.robot.model import RobotModel

TYPES = get_typestore(Stores.ROS2_JAZZY)
TF = "tf2_msgs/msg/TFMessage"


def random_estimate(seed):
    rng = np.random.default_rng(seed)
    quaternion = rng.normal(size=4)
    return estimate_of(
        observation_at(1.25, 3),
        base_position_in_world=rng.normal(size=3),
        base_orientation=quaternion / np.linalg.norm(quaternion),
        joint_position=rng.uniform(G1.position_lower, G1.position_upper),
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_chain_from_odom_to_every_link_and_sole_is_where_pinocchio_has_it(seed):
    links, estimate = LinkTransforms(G1), random_estimate(seed)
    data = links.encode(estimate)
    edges = edges_of(TYPES.deserialize_cdr(links.encode_fixed(0.5), TF))
    edges |= edges_of(TYPES.deserialize_cdr(data, TF))
    robot = RobotModel(G1)
    robot.update_kinematics(estimate)
    bodies = [f for f in robot.model.frames if f.type == pin.FrameType.BODY]
    assert len(bodies) == N + 1
    for frame in (*bodies, *(robot.model.frames[i] for i in robot.sole_ids)):
        placement = robot.data.oMf[robot.model.getFrameId(frame.name)]
        found = placed(edges, frame.name)
        assert found.translation == pytest.approx(placement.translation, abs=1e-12)
        assert found.rotation == pytest.approx(placement.rotation, abs=1e-12)


def test_the_message_is_the_one_that_ros_writes_and_bears_the_stamp_of_the_estimate():
    data = LinkTransforms(G1).encode(random_estimate(0))
    message = TYPES.deserialize_cdr(data, TF)
    assert bytes(TYPES.serialize_cdr(message, TF)) == data
    stamps = {(t.header.stamp.sec, t.header.stamp.nanosec) for t in message.transforms}
    assert stamps == {(1, 250_000_000)}


def test_every_link_of_the_described_robot_hangs_on_odom_and_on_one_parent_only():
    links = LinkTransforms(G1)
    children = [child for _, child in (*links.moving, *links.fixed)]
    assert len(children) == len(set(children))
    named = {link.get("name") for link in ElementTree.fromstring(G1.visual_urdf).iter("link")}
    assert named <= set(children)
    assert {"base_link", "imu_link", "l_sole", "r_sole"} <= set(children)


@pytest.mark.parametrize("field", ["joint_position", "base_position_in_world", "base_orientation"])
def test_of_an_estimate_that_is_not_finite_nothing_is_told(field):
    estimate = random_estimate(0)
    broken = getattr(estimate, field).copy()
    broken[0] = np.nan
    links = LinkTransforms(G1)
    assert links.encode(replace(estimate, **{field: broken})) is None
    assert links.encode(estimate) == LinkTransforms(G1).encode(estimate)


def test_meshes_are_addresses_with_whatever_letters_their_folders_have():
    urdf = '<mesh filename="/a b/x&amp;y.stl"/><mesh filename="package://p/z.stl"/>'
    assert description_for_viewers(urdf) == (
        '<mesh filename="file:///a%20b/x%26y.stl"/><mesh filename="package://p/z.stl"/>'
    )
    told = ElementTree.fromstring(description_for_viewers(G1.visual_urdf))
    files = [mesh.get("filename") for mesh in told.iter("mesh")]
    assert files
    assert all(file.startswith("file:///") for file in files)
