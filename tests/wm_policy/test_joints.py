"""Values about joints: one for all, a list, or by name, and never by accident."""

import pytest

from wm_policy.errors import FieldError, JointMismatchError, WidthMismatchError
from wm_policy.loaders.joints import check_names, per_joint

JOINTS = ("left_knee_joint", "right_knee_joint", "waist_yaw_joint")


def values(value: object) -> tuple[float, ...]:
    return per_joint(value, JOINTS, "file", "kp")


def test_one_number_is_for_all_joints() -> None:
    assert values(3) == (3.0, 3.0, 3.0)


def test_a_list_is_in_the_order_of_the_joints() -> None:
    assert values([1, 2, 3]) == (1.0, 2.0, 3.0)


def test_patterns_and_names_mean_joints_whatever_their_order() -> None:
    assert values({"waist_yaw_joint": 9, "*_knee_joint": 1}) == (1.0, 1.0, 9.0)


def test_a_list_of_another_length_is_refused() -> None:
    with pytest.raises(WidthMismatchError, match="file: kp: expected 3 values, found 2"):
        values([1, 2])


def test_a_joint_without_a_value_is_refused_by_name() -> None:
    with pytest.raises(JointMismatchError, match="none for waist_yaw_joint"):
        values({"*_knee_joint": 1})


def test_a_joint_that_two_keys_mean_is_refused() -> None:
    with pytest.raises(JointMismatchError, match="'left_knee_joint' once"):
        values({"*_knee_joint": 1, "left_*": 2, "waist_yaw_joint": 3})


def test_a_pattern_that_means_nothing_is_refused() -> None:
    with pytest.raises(JointMismatchError, match=r"kp\.\*_hip_joint"):
        values({"*_hip_joint": 1, "*": 2})


@pytest.mark.parametrize("bad", ["1", True, None, float("nan"), float("inf"), [1, "2", 3], {1: 2}])
def test_what_is_no_finite_number_is_refused(bad: object) -> None:
    with pytest.raises(FieldError):
        values(bad)


def test_names_must_be_different_joints_of_the_robot() -> None:
    assert check_names(JOINTS[:2], JOINTS, "file", "joints") is None
    assert "'tail'" in str(check_names(("tail",), JOINTS, "file", "joints"))
    twice = check_names((JOINTS[0], JOINTS[0]), JOINTS, "file", "joints")
    assert "joints[1]: expected every joint once" in str(twice)
