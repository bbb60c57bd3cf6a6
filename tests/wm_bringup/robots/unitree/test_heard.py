"""A robot is listened to over its network, and nothing is commanded there."""

import json

import numpy as np
import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, NOT_HELD
from wm_bringup.robots.unitree.frames import BATTERY_STATE, COMMAND, STATE, empty, seal
from wm_bringup.robots.unitree.heard import listen
from wm_bringup.robots.unitree.in_process import Network
from wm_bringup.robots.unitree.link import (
    BATTERY,
    LOW_COMMAND,
    LOW_STATE,
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiResponse,
)
from wm_bringup.robots.unitree.motion_switcher import CHECK_MODE


class Robot:
    """Speaks a state every 2 ms of a clock that goes on by 1 ms whenever it is looked at."""

    def __init__(self, network: Network) -> None:
        link = network.link()
        self._states, self._battery = link.writer(LOW_STATE), link.writer(BATTERY)
        self._requests = link.reader(SWITCHER_REQUEST)
        self._responses = link.writer(SWITCHER_RESPONSE)
        self.commands = link.reader(LOW_COMMAND)
        self.asked: list[int] = []
        self._ticks = 0

    def clock(self) -> float:
        self._ticks += 1
        if self._ticks % 2 == 0:
            state = empty(STATE)
            state["tick"] = self._ticks
            seal(state)
            self._states.write(state)
            self._battery.write(empty(BATTERY_STATE))
        for request in self._requests.take():
            self.asked.append(request.api)
            data = json.dumps({"form": "0", "name": "ai"})
            self._responses.write(ApiResponse(request.number, request.api, 0, data))
        return 1e-3 * self._ticks


def test_states_are_kept_with_their_arrivals_and_the_owner_is_asked_for() -> None:
    network = Network()
    robot = Robot(network)
    heard = listen(network.link(), robot.clock, 1.0)
    assert len(heard.states) == len(heard.arrivals)
    assert len(heard.states) == pytest.approx(500, abs=2)
    ticks = heard.states["tick"].astype(int)
    assert set(np.diff(ticks)) == {2}
    lateness = heard.arrivals - 1e-3 * ticks
    assert 0.0 <= lateness.min() <= lateness.max() < 0.0021
    assert heard.battery is not None
    assert (heard.owner, heard.publishers) == ("ai", 1)


def test_nothing_is_commanded_and_only_the_owner_is_asked_for() -> None:
    network = Network()
    robot = Robot(network)
    listen(network.link(), robot.clock, 1.0)
    assert robot.commands.take() == []
    assert LOW_COMMAND.topic not in network.writers
    assert set(robot.asked) == {CHECK_MODE}


def test_others_who_command_are_seen() -> None:
    network = Network()
    robot, stranger = Robot(network), network.link().writer(LOW_COMMAND)

    def clock() -> float:
        stranger.write(empty(COMMAND))
        return robot.clock()

    heard = listen(network.link(), clock, 0.1)
    assert heard.commanders == 1
    assert heard.commands >= 30


def test_a_silent_network_is_heard_as_nothing() -> None:
    ticks = iter(range(1000))
    heard = listen(Network().link(), lambda: 1e-3 * next(ticks), 0.5)
    assert len(heard.states) == len(heard.arrivals) == 0
    assert (heard.battery, heard.owner, heard.publishers) == (None, None, 0)


@pytest.fixture
def network(monkeypatch):
    network = Network()
    monkeypatch.setattr(
        "wm_bringup.commands.doctor.reach", lambda domain, interface: network.link()
    )
    return network


LISTEN = ("doctor", "--robot", "--interface", "lo", "--seconds", "0.5")


def test_wm_doctor_exits_with_2_when_no_robot_is_heard(network, capsys) -> None:
    assert main(LISTEN) == COULD_NOT_RUN
    assert "firewall" in capsys.readouterr().out


def test_wm_doctor_exits_with_1_when_something_is_found(network, monkeypatch, capsys, tmp_path):
    clock = Robot(network).clock
    monkeypatch.setattr("wm_bringup.commands.doctor.time.monotonic", clock)
    assert main([*LISTEN, "g1/mode_4.yaml", "--json", str(tmp_path / "a.json")]) == NOT_HELD
    assert "mode_machine is 0" in capsys.readouterr().out
    names = {check["name"] for check in json.loads((tmp_path / "a.json").read_text())["checks"]}
    assert {"body", "rate of states", "upright", "who else commands"} <= names


@pytest.mark.parametrize("arguments", [["doctor", "--robot"], ["doctor", "g1"]])
def test_wm_doctor_refuses_what_would_listen_to_nothing(arguments, capsys) -> None:
    assert main(arguments) == COULD_NOT_RUN
    assert "--robot" in capsys.readouterr().err
