"""``wm emulate`` as a process on a network: over DDS, in real time."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from wm_bringup.emulator.control_socket import ask
from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.frames import is_sound
from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SECONDARY_IMU,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
)
from wm_bringup.robots.unitree.variants import load_body
from wm_bringup.robots.unitree.wiring import JointFrames
from wm_control.errors import WmError
from wm_control.types import Command

DOMAIN = 216

START_PATIENCE = 60.0


EMULATE = [sys.executable, "-m", "wm_bringup.cli", "emulate", "--engine", "mujoco"]


@pytest.fixture
def emulator(tmp_path):
    """Return a process, where it listens, and where it leaves its counts."""
    control, counts = tmp_path / "g1", tmp_path / "counts.json"
    process = subprocess.Popen(
        [*EMULATE, "--domain", str(DOMAIN), "--control", str(control), "--json", str(counts)],
        stdout=subprocess.DEVNULL,
    )
    end = time.monotonic() + START_PATIENCE
    while time.monotonic() < end:
        try:
            ask(control, "status")
            break
        except WmError:
            time.sleep(0.1)
    yield process, control, counts
    process.kill()
    process.wait()


@pytest.fixture
def link():
    one = open_link(DOMAIN, "lo")
    yield one
    one.close()


@pytest.mark.live
def test_states_come_commands_are_followed_and_calls_are_answered(emulator, link, g1):
    process, control, counts = emulator
    states, torso, battery = (link.reader(c) for c in (LOW_STATE, SECONDARY_IMU, BATTERY))
    commands, calls = link.writer(LOW_COMMAND), link.writer(SWITCHER_REQUEST)
    answers = link.reader(SWITCHER_RESPONSE)
    assert states.wait(5.0)
    while not (commands.matched and calls.matched and answers.matched):
        time.sleep(0.01)
    calls.write(ApiRequest(1, 1003))
    assert answers.wait(2.0)
    (answer,) = answers.take()
    assert (answer.number, answer.code) == (1, 0)
    zero = np.zeros(29)
    holding = Command(0.0, 0, g1.default_position, zero, g1.stiffness, g1.damping, zero)
    frame = JointFrames(g1.joint_names, load_body("g1").wiring).command_frame(holding, 5)
    ticks = []
    for _ in range(500):
        assert states.wait(1.0)
        for state in states.take():
            assert is_sound(state)
            ticks.append(int(state["tick"][0]))
        commands.write(frame)
    assert (np.diff(ticks) > 0).all()
    assert torso.take()
    assert battery.take()
    assert ask(control, '{"press": ["L1"]}')["done"] > 1.0
    assert states.wait(1.0)
    told = ask(control, "status")
    assert told["mover"] in ("computer", "damping")
    process.send_signal(signal.SIGTERM)
    assert process.wait(10.0) == 0
    left = json.loads(counts.read_text())
    assert left["rejected"] == {}
    assert left["accepted"] == left["heard"] > 0
    assert left["fell_at"] is None
