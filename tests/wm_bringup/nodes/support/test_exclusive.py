import math
import os
import signal
import subprocess
import sys

import pytest
import rclpy

from wm_bringup.nodes.support.exclusive import AlreadyRunningError, refuse_second

HOLDER = """
import math, rclpy, signal
from wm_bringup.nodes.support.exclusive import refuse_second
rclpy.init()
claims = refuse_second([rclpy.create_node("arbiter")], None, -math.inf)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def nodes(domain):
    """Makes nodes by name and namespace."""
    context = rclpy.Context()
    rclpy.init(context=context)
    made = []

    def make(name, namespace=""):
        made.append(rclpy.create_node(name, namespace=namespace, context=context))
        return made[-1]

    yield make
    for node in made:
        node.destroy_node()
    rclpy.shutdown(context=context)


def claimed(node):
    """Claim at once, before DDS can have told of anybody."""
    return refuse_second([node], None, -math.inf)


def test_a_name_is_one_process_s_until_that_is_killed(nodes):
    command = [sys.executable, "-c", HOLDER]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            node = nodes("arbiter")
            with pytest.raises(AlreadyRunningError, match="'/arbiter' is already running"):
                claimed(node)
            claimed(nodes("arbiter", "second"))
            claimed(nodes("robot"))
            claimed(nodes("arbiter", "long_" * 30))
        finally:
            holder.send_signal(signal.SIGKILL)
        holder.wait(60)
    assert claimed(node)
