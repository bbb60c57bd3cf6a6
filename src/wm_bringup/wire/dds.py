"""Keep the DDS traffic of our processes on sockets of this machine.

``ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST`` makes rmw_fastrtps choose its transports itself, shared
memory first, whatever ``FASTDDS_BUILTIN_TRANSPORTS`` says. Its segments have locks that a
subscriber's process shares with the publisher's: one that is not scheduled while it holds such a
lock, as when many join at once, stops the publisher for a third of a second and more. A socket
never waits. The same range in a profile of ours has no shared memory, and listens on 127.0.0.1
only, where rmw_fastrtps listens on every interface.
"""

from __future__ import annotations

from collections.abc import MutableMapping

from wm_control.configuration.share import config_file

RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
PROFILE = "FASTRTPS_DEFAULT_PROFILES_FILE"
MIDDLEWARE = "rmw_fastrtps_cpp"


def keep_on_loopback(environment: MutableMapping[str, str], middleware: str) -> None:
    """Replace the range LOCALHOST by our profile, before ROS reads the environment.

    Another range, a profile of the user's own and another middleware are left alone.
    """
    localhost = environment.get(RANGE) == "LOCALHOST"
    if localhost and middleware == MIDDLEWARE and not environment.get(PROFILE):
        environment[RANGE] = "SYSTEM_DEFAULT"
        environment[PROFILE] = str(config_file("dds/loopback.xml"))
