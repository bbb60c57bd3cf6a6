"""Every term from an estimate, in the stated frame, order, scale and clip."""

import numpy as np
import pytest
from policy_files import ALL, G1, estimate

from wm_policy.manifest import (
    Action,
    Block,
    CommandRanges,
    Gains,
    History,
    Input,
    Manifest,
    Network,
    Phase,
    Term,
)
from wm_policy.observation import ObservationBuilder
from wm_policy.signals import gravity_in_base, roll_pitch_yaw
from wm_policy.widths import input_width

KNEE, WAIST = "left_knee_joint", "waist_yaw_joint"
HALF = 2**-0.5


def manifest(*blocks: Block, joints: tuple[str, ...] = (KNEE, WAIST)) -> Manifest:
    return Manifest(
        manifest_version=1,
        name="test",
        family="test",
        licence="none",
        network=Network("n.onnx", "0" * 64),
        rate=50.0,
        joints=joints,
        default_position=tuple(0.1 * (i + 1) for i in range(len(joints))),
        inputs=(Input("obs", blocks),),
        command=CommandRanges((-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0)),
        action=Action("actions", joints, "default", (0.25,) * len(joints)),
        gains=Gains((1.0,) * len(joints), (1.0,) * len(joints)),
        phase=Phase(1.0, (0.0, 1.0), "after"),
    )


def built(*terms: Term, **given: object) -> list[float]:
    """Return the observation of one estimate."""
    chosen = manifest(Block(terms))
    tensor = np.zeros(input_width(chosen.inputs[0], chosen), dtype=np.float32)
    builder = ObservationBuilder(chosen, ALL, {"obs": tensor})
    command = given.pop("command", (0.0, 0.0, 0.0))
    builder.build(estimate(**given), command)
    return tensor.tolist()


def joint(name: str, value: float) -> np.ndarray:
    values = np.zeros(len(ALL))
    values[ALL.index(name)] = value
    return values


def test_gravity_of_a_level_robot_points_down() -> None:
    assert built(Term("projected_gravity", 1.0, "base_link")) == [0, 0, -1]


def test_gravity_of_a_robot_pitched_forward_by_a_right_angle_points_along_its_x_axis() -> None:
    # Rotation by +90 degrees about y maps base x to world -z, so gravity is +x in base axes.
    gravity = built(Term("projected_gravity", 1.0, "base_link"), orientation=(0, HALF, 0, HALF))
    assert gravity == pytest.approx([1, 0, 0], abs=1e-6)


def test_gravity_agrees_with_the_rotation_matrix() -> None:
    quaternion = np.array([0.1, -0.3, 0.2, 0.9])
    x, y, z, w = quaternion / np.linalg.norm(quaternion)
    third_row = [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]
    assert gravity_in_base((x, y, z, w)) == pytest.approx([-v for v in third_row])


def test_heading_changes_no_gravity() -> None:
    gravity = built(Term("projected_gravity", 1.0, "base_link"), orientation=(0, 0, HALF, HALF))
    assert gravity == pytest.approx([0, 0, -1], abs=1e-6)


@pytest.mark.parametrize(
    ("quaternion", "expected"),
    [
        ((np.sin(0.1), 0, 0, np.cos(0.1)), (0.2, 0, 0)),
        ((0, np.sin(0.1), 0, np.cos(0.1)), (0, 0.2, 0)),
        ((0, 0, np.sin(0.1), np.cos(0.1)), (0, 0, 0.2)),
    ],
)
def test_angles_of_pure_rotations(quaternion: tuple, expected: tuple) -> None:
    assert roll_pitch_yaw(quaternion) == pytest.approx(expected)
    assert built(Term("base_roll_pitch_yaw", 1.0, "odom"), orientation=quaternion) == pytest.approx(
        expected, abs=1e-6
    )


def test_both_orders_of_the_quaternion() -> None:
    q = (0.1, 0.2, 0.3, 0.9)
    assert built(Term("base_orientation_xyzw", 1.0, "odom"), orientation=q) == pytest.approx(q)
    w_first = built(Term("base_orientation_wxyz", 1.0, "odom"), orientation=q)
    assert w_first == pytest.approx((0.9, 0.1, 0.2, 0.3))


def test_velocities_are_those_of_the_estimate_in_base_axes() -> None:
    terms = (
        Term("base_linear_velocity", 2.0, "base_link"),
        Term("base_angular_velocity", 0.25, "base_link"),
    )
    values = built(*terms, linear=(0.1, 0.2, 0.3), gyro=(1.0, 2.0, 4.0))
    assert values == pytest.approx([0.2, 0.4, 0.6, 0.25, 0.5, 1.0])


def test_commands_whole_and_in_parts() -> None:
    terms = (
        Term("velocity_command", (2.0, 2.0, 0.25), "base_link"),
        Term("velocity_command_angular", 1.0, "base_link"),
        Term("velocity_command_linear", 1.0, "base_link"),
    )
    values = built(*terms, command=(0.5, -0.25, 0.8))
    assert values == pytest.approx([1.0, -0.5, 0.2, 0.8, 0.5, -0.25])


def test_joint_terms_follow_the_policys_order_and_not_the_robots() -> None:
    position = joint(KNEE, 0.6) + joint(WAIST, -0.2)
    values = built(
        Term("joint_position", 1.0, joints=(WAIST, KNEE)),
        Term("joint_position_relative", 1.0),
        Term("joint_velocity", 0.05),
        position=position,
        velocity=joint(WAIST, 4.0),
    )
    assert values == pytest.approx([-0.2, 0.6, 0.6 - 0.1, -0.2 - 0.2, 0.0, 0.2])


def test_clip_comes_before_scale_and_clip_scaled_after() -> None:
    values = built(
        Term("joint_velocity", 2.0, joints=(KNEE,), clip=(-1.0, 1.0)),
        Term("joint_velocity", 2.0, joints=(KNEE,), clip_scaled=(-1.0, 1.0)),
        Term("joint_velocity", 2.0, joints=(KNEE,), clip=(None, 0.75)),
        velocity=joint(KNEE, 5.0),
    )
    assert values == [2.0, 1.0, 1.5]


def test_a_clip_acts_on_the_difference_from_the_default() -> None:
    term = Term("joint_position_relative", 1.0, joints=(KNEE,), clip=(-0.2, 0.2))
    assert built(term, position=joint(KNEE, 0.5)) == pytest.approx([0.2])  # 0.5 - 0.1 = 0.4


def test_phases_and_constants() -> None:
    values = built(
        Term("phase_sin", 1.0),
        Term("phase_cos", 1.0),
        Term("phase_sin_cos", 2.0),
        Term("constant", 0.5, value=(1.0, 3.0)),
    )
    s, c = np.sin(1.0), np.cos(1.0)
    assert values == pytest.approx([0, s, 1, c, 0, 2 * s, 2, 2 * c, 0.5, 1.5])


def test_current_frame_and_history_block_can_share_one_input() -> None:
    """A leg policy's layout: the frame of now, then the frames before it, newest first."""
    term = Term("base_angular_velocity", 1.0, "base_link")
    past = History(2, "per_frame", "newest_first", "zero", current=False)
    chosen = manifest(Block((term,)), Block((term,), past))
    tensor = np.zeros(9, dtype=np.float32)
    builder = ObservationBuilder(chosen, ALL, {"obs": tensor})
    for k in (1, 2, 3):
        builder.build(estimate(gyro=(k, 0, 0)), (0.0, 0.0, 0.0))
    assert tensor.tolist() == [3, 0, 0, 2, 0, 0, 1, 0, 0]


def test_the_last_action_is_what_was_written_there_last() -> None:
    chosen = manifest(Block((Term("last_action", 2.0),)))
    tensor = np.zeros(2, dtype=np.float32)
    builder = ObservationBuilder(chosen, ALL, {"obs": tensor})
    builder.signals.last_action[:] = (1.0, -3.0)
    builder.build(estimate(), (0.0, 0.0, 0.0))
    assert tensor.tolist() == [2.0, -6.0]
    builder.reset()
    builder.build(estimate(), (0.0, 0.0, 0.0))
    assert tensor.tolist() == [0.0, 0.0]


def test_the_frame_is_built_in_place() -> None:
    chosen = manifest(Block((Term("joint_position", 1.0, joints=G1.joint_names),)))
    tensor = np.zeros(len(ALL), dtype=np.float32)
    builder = ObservationBuilder(chosen, ALL, {"obs": tensor})
    address = builder.frame.ctypes.data
    for k in range(3):
        builder.build(estimate(position=np.full(len(ALL), 0.1 * k)), (0.0, 0.0, 0.0))
    assert builder.frame.ctypes.data == address
    assert tensor.tolist() == pytest.approx([0.2] * len(ALL))
