"""Nothing but configuration is needed for another humanoid: Talos from the same wheel."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pinocchio as pin
import yaml

from wm_control.robot.description import load_robot
from wm_control.robot.sources import urdf_file
from wm_control.robot.urdf import MOVING_TYPES, read_urdf

TALOS_URDF = "example-robot-data:robots/talos_data/robots/talos_reduced.urdf"
GROUPS = {
    "leg_left": "left_leg",
    "leg_right": "right_leg",
    "torso": "waist",
    "arm_left": "left_arm",
    "arm_right": "right_arm",
}
ARMS = {
    "arm_left_2_joint": 0.3,
    "arm_right_2_joint": -0.3,
    "arm_left_4_joint": -0.5,
    "arm_right_4_joint": -0.5,
}
"""Postures that the joint limits allow."""


def talos_config(tmp_path):
    moving = [
        name
        for name, joint in read_urdf(urdf_file(TALOS_URDF, tmp_path / "t.yaml")).joints.items()
        if joint.kind in MOVING_TYPES
    ]
    groups = {name: group for name in moving for key, group in GROUPS.items() if key in name}
    corners = [(x, y) for x in (-0.1, 0.1) for y in (-0.06, 0.06)]
    foot = {"half_length": 0.1, "half_width": 0.06}
    foot["contact_spheres"] = [{"center": [x, y, 0.005], "radius": 0.005} for x, y in corners]
    return {
        "name": "talos",
        "urdf": TALOS_URDF,
        "base_link": "base_link",
        "imu": {"link": "base_link"},
        "actuators": {"motor": 0.1},
        "soles": {side: {"link": f"{side}_sole_link", **foot} for side in ("left", "right")},
        "joints": {name: {"group": group, "actuator": "motor"} for name, group in groups.items()},
        "locked": {name: 0.0 for name in moving if name not in groups},
    }


def test_talos_loads_from_configuration_alone(tmp_path):
    path = tmp_path / "talos.yaml"
    config = talos_config(tmp_path)
    for name, default in ARMS.items():
        config["joints"][name]["default"] = default
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    talos = load_robot(path)
    model = pin.buildModelFromXML(talos.urdf, pin.JointModelFreeFlyer())
    original = read_urdf(urdf_file(TALOS_URDF, path))
    assert len(talos.joint_names) == model.nv - 6
    assert len(ElementTree.fromstring(talos.urdf).findall("link")) == model.nv - 6 + 1
    listed = sum(link.inertia.mass for link in original.links.values())
    assert abs(pin.computeTotalMass(model) - listed) < 1e-9
    assert talos.soles[0].link == "leg_left_6_link"
    np.testing.assert_allclose(talos.soles[0].position, [0.0, 0.0, -0.107])
