"""Answers of the service that gives and takes the vendor's controller."""

import json

import pytest

from wm_bringup.emulator.authority import Authority
from wm_bringup.emulator.parameters import VendorParameters, WatchdogParameters
from wm_bringup.emulator.switcher import MotionSwitcher
from wm_bringup.robots.unitree.link import ApiRequest


@pytest.fixture
def switcher(g1):
    vendor = VendorParameters()
    return MotionSwitcher(Authority(g1, vendor, WatchdogParameters()), vendor.modes)


def call(switcher, api, parameter="{}"):
    answer = switcher.answer(ApiRequest(42, api, parameter))
    assert (answer.number, answer.api) == (42, api)
    return answer.code, answer.data


def name_of(switcher):
    code, data = call(switcher, 1001)
    assert code == 0
    return json.loads(data)["name"]


def test_the_mode_is_told_released_and_selected_again(switcher):
    assert name_of(switcher) == "ai"
    assert call(switcher, 1003) == (0, "")
    assert name_of(switcher) == ""
    assert call(switcher, 1003) == (0, "")
    assert call(switcher, 1002, '{"name": "ai"}') == (0, "")
    assert name_of(switcher) == "ai"


@pytest.mark.parametrize(
    ("api", "parameter", "code"),
    [
        (1002, '{"name": "dancing"}', 7004),
        (1002, '{"name": ""}', 7004),
        (1002, "{}", 7001),
        (1002, "not JSON", 7001),
        (1002, "[]", 7001),
        (1002, '{"name": ["ai"]}', 7004),
        (1999, "{}", 3203),
    ],
)
def test_what_cannot_be_done_has_an_error_code_and_changes_nothing(switcher, api, parameter, code):
    call(switcher, 1003)
    assert call(switcher, api, parameter) == (code, "")
    assert name_of(switcher) == ""
