"""Which joints a ``deploy.yaml`` is about, and its lists about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wm_policy.errors import FieldError, JointMismatchError, WidthMismatchError
from wm_policy.loaders.fields import Fields, finite_number, is_list
from wm_policy.loaders.overlay import Overlay
from wm_policy.loaders.terms import bounds
from wm_policy.loaders.yaml_file import Slice


@dataclass(frozen=True, slots=True)
class PolicyJoints:
    """The policy's joints by name and motor, and the action's as indices into them.

    sliced: whether the action says them as a Python slice.
    """

    names: tuple[str, ...]
    motors: tuple[int, ...]
    action: tuple[int, ...]
    sliced: bool = False

    @property
    def commanded(self) -> tuple[str, ...]:
        """Names of the action's joints."""
        return tuple(self.names[index] for index in self.action)


def read_joints(fields: Fields, robot_joints: Sequence[str], overlay: Overlay) -> PolicyJoints:
    """Read ``joint_ids_map`` and the action's ``joint_ids``, unless the overlay overrides them."""
    motors = fields.integers("joint_ids_map")
    if not motors:
        raise FieldError(fields.file, "joint_ids_map", "the motor of at least one joint", "none")
    for index, motor in enumerate(motors):
        place = fields.at(f"joint_ids_map[{index}]")
        if not 0 <= motor < len(robot_joints):
            expected = f"a motor from 0 to {len(robot_joints) - 1}"
            raise JointMismatchError(fields.file, place, expected, motor)
        if motor in motors[:index]:
            raise JointMismatchError(fields.file, place, "every motor once", f"{motor} again")
    names = overlay.overridden_joints("joints") or tuple(robot_joints[motor] for motor in motors)
    if len(names) != len(motors):
        expected = f"{len(motors)} joints, as joint_ids_map has"
        raise WidthMismatchError(overlay.file, "override.joints", expected, f"{len(names)}")
    own = overlay.overridden_joints("action", "joints")
    if own:
        return PolicyJoints(
            names, motors, tuple(names.index(name) for name in own if name in names)
        )
    action = action_fields(fields)
    ids = action.optional("joint_ids")
    return PolicyJoints(names, motors, chosen_joints(ids, names, action), isinstance(ids, Slice))


def chosen_joints(ids: object, joints: Sequence[str], fields: Fields) -> tuple[int, ...]:
    """Return the indices that ``joint_ids`` selects; null selects all."""
    if ids is None:
        return tuple(range(len(joints)))
    if isinstance(ids, Slice):
        return ids.indices(len(joints))
    place = fields.at("joint_ids")
    if not isinstance(ids, list) or not ids or not all(type(i) is int for i in ids):
        raise FieldError(
            fields.file, place, "a list of whole numbers, a slice or null", ids or "none"
        )
    for index, i in enumerate(ids):
        if not 0 <= i < len(joints) or i in ids[:index]:
            expected = f"different indices from 0 to {len(joints) - 1}"
            raise JointMismatchError(fields.file, f"{place}[{index}]", expected, i)
    return tuple(ids)


def action_fields(fields: Fields) -> Fields:
    """Return the one action that is known."""
    actions = fields.fields("actions")
    if actions.names() != ("JointPositionAction",):
        found = ", ".join(actions.names()) or "nothing"
        raise FieldError(fields.file, "actions", "JointPositionAction alone", found)
    return actions.fields("JointPositionAction")


def default_pose(fields: Fields, joints: PolicyJoints, robot_joints: Sequence[str]) -> list[float]:
    """Return the default pose in policy order; of all motors where the policy has fewer joints."""
    values = fields.numbers("default_joint_pos")
    if len(values) == len(joints.names):
        return list(values)
    if len(values) == len(robot_joints):
        return [values[motor] for motor in joints.motors]
    expected = f"{len(joints.names)} values"
    raise WidthMismatchError(fields.file, "default_joint_pos", expected, f"{len(values)}")


def of_motors(
    fields: Fields, name: str, joints: PolicyJoints, robot_joints: Sequence[str]
) -> list[float]:
    """Return gains of the action's joints; they are by motor, or of the map's motors, ascending."""
    values, motors = fields.numbers(name), joints.motors
    own = [motors[index] for index in joints.action]
    if len(values) == len(motors):
        of_motor = dict(zip(sorted(motors), values, strict=True))
        return [of_motor[motor] for motor in own]
    if max(motors) < len(values) <= len(robot_joints) and len(motors) < len(robot_joints):
        return [values[motor] for motor in own]
    expected = f"{len(robot_joints)} values, one per motor in SDK order"
    if len(motors) < len(robot_joints):
        expected += f", or {len(motors)}, one per motor of joint_ids_map in that order"
    raise WidthMismatchError(fields.file, name, expected, f"{len(values)}")


def per_action(action: Fields, key: str, joints: PolicyJoints, null: float) -> list[float]:
    """Return one number per joint of the action; one number, or null, is that of all."""
    if action.is_null(key):
        return [null] * len(joints.action)
    value = action.required(key, "a list of numbers")
    place = action.at(key)
    if not is_list(value):
        return [finite_number(value, action.file, place)] * len(joints.action)
    return list(_selected(action.numbers(key), joints, action, key))


def _selected(
    values: Sequence[float], joints: PolicyJoints, fields: Fields, key: str
) -> tuple[float, ...]:
    """Return those of the action's joints, where values are of all joints of the policy."""
    wanted, every = len(joints.action), len(joints.names)
    if len(values) == wanted:
        return tuple(values)
    if len(values) == every:
        return tuple(values[index] for index in joints.action)
    expected = f"{wanted} values"
    if every != wanted:
        expected += f" as joint_ids, or {every} as joint_ids_map"
    raise WidthMismatchError(fields.file, fields.at(key), expected, f"{len(values)}")


def limits_of(action: Fields, joints: PolicyJoints) -> list[list[float | None]]:
    """Return bounds of every joint's target; one pair is that of all."""
    place, clip = action.at("clip"), action.required("clip")
    if not is_list(clip):
        raise FieldError(action.file, place, "pairs of bounds, or null", clip)
    if len(clip) == 2 and not any(is_list(side) for side in clip):
        return [bounds(clip, Path(action.file), place)] * len(joints.action)
    pairs = range(len(clip))
    chosen = _selected(pairs, joints, action, "clip")
    return [bounds(clip[int(i)], Path(action.file), f"{place}[{int(i)}]") for i in chosen]


def scale_of(scale: object, chosen: Sequence[int], joints: PolicyJoints) -> object:
    """Return the scales of the joints that a term shows, where there is one for every joint."""
    if isinstance(scale, list) and len(chosen) != len(scale) == len(joints.names):
        return [scale[index] for index in chosen]
    return scale
