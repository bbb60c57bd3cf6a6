"""Calls and answers, which carry strings, over DDS within this machine."""

from wm_bringup.robots.unitree.cyclone.link import open_link
from wm_bringup.robots.unitree.link import (
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
    ApiResponse,
)

DOMAIN = 213


def test_calls_and_answers_of_any_length_are_taken_again_and_again_as_they_were_sent():
    link = open_link(DOMAIN, "lo")
    try:
        requests, calls = link.reader(SWITCHER_REQUEST), link.writer(SWITCHER_REQUEST)
        answers, says = link.reader(SWITCHER_RESPONSE), link.writer(SWITCHER_RESPONSE)
        for k in range(100):
            request = ApiRequest(k, 1001, "{" + "x" * (k % 50) + "}")
            calls.write(request)
            assert requests.wait(2.0)
            assert requests.take() == [request]
            answer = ApiResponse(k, 1001, k % 3, "" if k % 3 else "ü" * (k % 40))
            says.write(answer)
            assert answers.wait(2.0)
            assert answers.take() == [answer]
    finally:
        link.close()
