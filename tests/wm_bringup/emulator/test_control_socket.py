"""Requests through a local socket; the robot waits for nobody."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from wm_bringup.emulator.control_socket import ControlSocket, ask
from wm_control.errors import WmError


@pytest.fixture
def robot(meet):
    return meet(crane={"start": "standing"}).robot


@pytest.fixture
def client():
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
        one.settimeout(2.0)
        yield one


def answers(client, count):
    text = b""
    while text.count(b"\n") < count:
        text += client.recv(4096)
    return [json.loads(line) for line in text.splitlines()]


def test_lines_are_obeyed_and_answered_in_order_also_in_pieces(robot, client, tmp_path):
    with ControlSocket(tmp_path / "g1") as control:
        client.connect(str(tmp_path / "g1"))
        client.sendall(b'{"press": ["A"]}\n{"press": ["L3"]}\nsta')
        control.serve(robot)
        control.serve(robot)
        assert robot.remote.raw[3] == 1
        client.sendall(b"tus\n")
        control.serve(robot)
        done, refused, told = answers(client, 3)
    assert done == {"done": 0.0}
    assert "L3" in refused["refused"]
    assert told["mode"] == "ai"
    assert not (tmp_path / "g1").exists()


def test_it_goes_on_when_a_client_leaves(robot, client, tmp_path):
    with ControlSocket(tmp_path / "g1") as control:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
            other.connect(str(tmp_path / "g1"))
            other.sendall(b'{"press": ["B"]}\n')
        control.serve(robot)
        client.connect(str(tmp_path / "g1"))
        client.sendall(b"status\n")
        control.serve(robot)
        control.serve(robot)
        assert len(answers(client, 1)) == 1
    assert robot.remote.raw[3] == 2


def test_a_client_that_sends_no_line_is_given_up(robot, client, tmp_path):
    with ControlSocket(tmp_path / "g1") as control:
        client.connect(str(tmp_path / "g1"))
        for _ in range(3):
            client.sendall(b"x" * 60000)
            control.serve(robot)
            control.serve(robot)
            if not control.clients:
                break
        assert control.clients == 0


def test_what_a_dead_process_left_is_taken_over_and_nothing_else(tmp_path):
    path = tmp_path / "g1"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    with ControlSocket(path), pytest.raises(WmError, match="in use"):
        ControlSocket(path)
    path.write_text("a file")
    with pytest.raises(WmError, match="in use"):
        ControlSocket(path)
    assert path.read_text() == "a file"


def test_asking_waits_for_the_answer_and_says_when_nobody_is_there(robot, tmp_path):
    path = tmp_path / "g1"
    with pytest.raises(WmError, match="nobody answers"):
        ask(path, "status")
    with ControlSocket(path) as control, ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, path, '{"press":\n["A"]}')
        while not asked.done():
            control.serve(robot)
        assert asked.result() == {"done": 0.0}
    assert robot.remote.raw[3] == 1
