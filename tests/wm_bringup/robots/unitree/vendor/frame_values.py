"""Frames as the vendor's classes hold them: dicts and lists, by the vendor's names."""

import numpy as np

from wm_bringup.robots.unitree.frames import empty

THEIR_NAMES = {
    "LowCmd_": {"motor": "motor_cmd"},
    "LowState_": {"motor": "motor_state", "imu": "imu_state"},
    "IMUState_": {},
    "BmsState_": {},
}
"""What we call otherwise."""


def random_frame(layout, seed):
    """Make a frame with another value in every member; floats are finite."""
    frame = empty(layout)
    random = np.random.default_rng(seed)
    fill_member(frame, random)
    return frame


def fill_member(values, random):
    if values.dtype.names:
        for name in values.dtype.names:
            fill_member(values[name], random)
    elif values.dtype.kind == "f":
        values[...] = random.normal(scale=100.0, size=values.shape)
    else:
        info = np.iinfo(values.dtype)
        values[...] = random.integers(info.min, info.max, values.shape, values.dtype, endpoint=True)


def as_theirs(value, names):
    """Turn one record into dicts and lists."""
    if value.dtype.names:
        if value.shape:
            return [as_theirs(one, names) for one in value]
        return {names.get(n, n): as_theirs(value[n], names) for n in value.dtype.names}
    return value.tolist()


def leaves(layout, names, before=()):
    """Yield paths of all members that are no structs, by their names."""
    for name in layout.names:
        member = layout.fields[name][0].base
        path = (*before, names.get(name, name))
        if member.names:
            yield from leaves(member, names, path)
        else:
            yield path


def order_of(layout, names):
    """Return names and the names in them, as ``counterpart.order`` does."""
    return [
        [names.get(name, name), order_of(member, names) if member.names else None]
        for name in layout.names
        for member in [layout.fields[name][0].base]
    ]


def at(message, path):
    """Return what is at a path: of an array of structs, of all of them."""
    for step in path:
        message = [one[step] for one in message] if isinstance(message, list) else message[step]
    return message
