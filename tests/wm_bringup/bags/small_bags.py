"""Small bags, and a small disk, for tests."""

import errno
import io

from rosbags.typesys import Stores, get_typestore

from wm_bringup.bags.writer import BagWriter

TYPES = get_typestore(Stores.ROS2_JAZZY)
TWIST = "geometry_msgs/msg/Twist"


def twist(x: float) -> bytes:
    vector = TYPES.types["geometry_msgs/msg/Vector3"]
    return bytes(
        TYPES.serialize_cdr(TYPES.types[TWIST](vector(x, 0.0, 0.0), vector(0.0, 0.0, 0.0)), TWIST)
    )


def record(directory, n=10, **options):
    writer = BagWriter(directory, **options)
    writer.add_topic("/cmd_vel", TWIST)
    for k in range(n):
        writer.write("/cmd_vel", 1_000_000 * k, twist(float(k)))
    return writer


def values(bag):
    return [message.linear.x for _, _, message in bag.messages("/cmd_vel")]


class SmallDisk(io.RawIOBase):
    """A raw file on a disk with ``room`` bytes beside the ballast's ``reserve``."""

    def __init__(self, raw, room, ballast, reserve):
        self.raw, self.room, self.ballast, self.reserve = raw, room, ballast, reserve

    def write(self, data):
        if self.ballast.dropped and self.reserve:
            self.room, self.reserve = self.room + self.reserve, 0
        if self.room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = min(len(data), self.room)
        self.room -= taken
        return self.raw.write(bytes(data)[:taken])

    def tell(self):
        return self.raw.tell()

    def close(self):
        self.raw.close()


def on_small_disk(directory, room, reserve):
    writer = BagWriter(directory, ballast_bytes=reserve)
    writer.add_topic("/cmd_vel", TWIST)
    file = writer._storage.bio.raw
    file._raw = SmallDisk(file._raw, room, writer._ballast, reserve)
    return writer
