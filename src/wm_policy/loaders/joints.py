"""Values about joints, and names that must be joints of the robot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from wm_policy.errors import FieldError, JointMismatchError
from wm_policy.loaders.fields import finite_number, finite_numbers


def per_joint(
    value: object, joints: Sequence[str], file: str | Path, field: str
) -> tuple[float, ...]:
    """Return one number per joint, in the order of ``joints``.

    value: one number for all, a list in that order, or a mapping from joint names or patterns
    (``"*_knee_joint"``) to numbers, in which every joint is met exactly once and every key meets
    one. FieldError, WidthMismatchError or JointMismatchError otherwise.
    """
    if isinstance(value, Mapping):
        matched = match_joints(value, joints, file, field)
        return tuple(
            finite_number(value[matched[j]], file, f"{field}.{matched[j]}") for j in joints
        )
    if isinstance(value, (list, tuple)):
        return finite_numbers(value, file, field, len(joints))
    return (finite_number(value, file, field),) * len(joints)


def match_joints(
    keys: Mapping[str, object],
    joints: Sequence[str],
    file: str | Path,
    field: str,
    *,
    all_joints: bool = True,
) -> dict[str, str]:
    """Return for every joint the key (a name or a pattern) that means it.

    JointMismatchError for a joint that two keys mean, that none means (unless ``all_joints`` is
    False), or a key that means none.
    """
    found: dict[str, str] = {}
    for key in keys:
        if not isinstance(key, str):
            raise FieldError(file, field, "joint names", key)
        meant = [joint for joint in joints if fnmatchcase(joint, key)]
        if not meant:
            raise JointMismatchError(file, f"{field}.{key}", "a joint of the policy", "no match")
        for joint in meant:
            if joint in found:
                raise JointMismatchError(
                    file, f"{field}.{key}", f"'{joint}' once", f"also under '{found[joint]}'"
                )
            found[joint] = key
    missing = [joint for joint in joints if joint not in found]
    if missing and all_joints:
        raise JointMismatchError(file, field, "a value for every joint", f"none for {missing[0]}")
    return found


def of_bodies(bodies: object, joints: Sequence[str], file: str | Path, field: str) -> object:
    """Return ``robot`` of a manifest with its ``armature``s in the order of ``joints``.

    What is no list of mappings is returned as it is: the schema says what is wrong with it.
    """
    if not isinstance(bodies, (list, tuple)):
        return bodies
    return [
        {**of, "armature": list(per_joint(of["armature"], joints, file, f"{field}[{i}].armature"))}
        if isinstance(of, Mapping) and of.get("armature") is not None
        else of
        for i, of in enumerate(bodies)
    ]


def check_names(
    names: Sequence[str], robot: Sequence[str], file: str | Path, field: str
) -> JointMismatchError | None:
    """Return what is wrong with names that must be different joints of the robot."""
    for index, name in enumerate(names):
        if name not in robot:
            expected = f"a joint of the robot ({', '.join(robot[:3])}, ...)"
            return JointMismatchError(file, f"{field}[{index}]", expected, f"'{name}'")
        if name in names[:index]:
            return JointMismatchError(
                file, f"{field}[{index}]", "every joint once", f"'{name}' again"
            )
    return None
