"""Asking who has the robot, and for a change."""

import json

import pytest

from wm_bringup.robots.unitree.in_process import Network
from wm_bringup.robots.unitree.link import SWITCHER_REQUEST, SWITCHER_RESPONSE, ApiResponse
from wm_bringup.robots.unitree.motion_switcher import (
    CHECK_MODE,
    RELEASE_MODE,
    SELECT_MODE,
    MotionSwitcher,
)


class Robot:
    """Its side: what it was asked, and who has it."""

    def __init__(self, network, owner="ai"):
        link = network.link()
        self.requests = link.reader(SWITCHER_REQUEST)
        self.responses = link.writer(SWITCHER_RESPONSE)
        self.owner, self.asked = owner, []

    def answer(self, code=0, data=None):
        for request in self.requests.take():
            self.asked.append((request.api, json.loads(request.parameter)))
            if request.api == RELEASE_MODE:
                self.owner = ""
            elif request.api == SELECT_MODE:
                self.owner = json.loads(request.parameter)["name"]
            said = json.dumps({"form": "0", "name": self.owner}) if data is None else data
            self.responses.write(ApiResponse(request.number, request.api, code, said))


def switching(select, looks=4, **answer):
    network = Network()
    switcher, robot = MotionSwitcher(network.link()), Robot(network)
    for k in range(looks):
        switcher.update(0.25 * k, select=select)
        robot.answer(**answer)
    switcher.update(0.25 * looks - 0.2, select=select)
    return switcher, robot


def test_whoever_has_the_robot_is_asked_for_and_nothing_is_changed_unasked():
    switcher, robot = switching(None)
    assert switcher.owner == "ai"
    assert {api for api, _ in robot.asked} == {CHECK_MODE}


def test_a_controller_is_released_once_it_is_known_that_there_is_one():
    switcher, robot = switching("")
    assert switcher.owner == ""
    assert [api for api, _ in robot.asked] == [
        CHECK_MODE,
        RELEASE_MODE,
        CHECK_MODE,
        CHECK_MODE,
        CHECK_MODE,
    ]


def test_a_controller_is_selected_by_name():
    switcher, robot = switching("normal")
    assert switcher.owner == "normal"
    assert (SELECT_MODE, {"name": "normal"}) in robot.asked


@pytest.mark.parametrize(
    "answer", [{"code": 7}, {"data": "no json"}, {"data": "[]"}, {"data": '{"name": 3}'}]
)
def test_an_answer_that_says_nothing_leaves_it_unknown(answer):
    switcher, robot = switching("", **answer)
    assert switcher.owner is None
    assert {api for api, _ in robot.asked} == {CHECK_MODE}


def test_it_is_asked_five_times_a_second_and_not_more():
    network = Network()
    switcher, robot = MotionSwitcher(network.link()), Robot(network)
    for k in range(1001):
        switcher.update(0.002 * k, select=None)
        robot.answer()
    assert len(robot.asked) in (10, 11)


def test_what_was_asked_before_it_was_forgotten_is_not_believed_after():
    network = Network()
    switcher, robot = MotionSwitcher(network.link()), Robot(network, owner="")
    switcher.update(0.0, select=None)
    robot.answer()
    switcher.forget()
    robot.owner = "ai"
    switcher.update(0.01, select=None)
    assert switcher.owner is None
    robot.answer()
    switcher.update(0.02, select=None)
    assert switcher.owner == "ai"
