"""Calls of services: their client against our answers, our calls against their server."""

from dataclasses import replace

import pytest
from waiting import until

from wm_bringup.robots.unitree.link import (
    SWITCHER_REQUEST,
    SWITCHER_RESPONSE,
    ApiRequest,
    ApiResponse,
)

CHECK_MODE = 1001
SERVED = (
    replace(SWITCHER_REQUEST, topic="rt/api/ours_asks/request"),
    replace(SWITCHER_RESPONSE, topic="rt/api/ours_asks/response"),
)
REQUESTS = [
    ("Request_", SWITCHER_REQUEST, "header.identity.id", "number"),
    ("Request_", SWITCHER_REQUEST, "header.identity.api_id", "api"),
    ("Request_", SWITCHER_REQUEST, "parameter", "parameter"),
    ("Response_", SWITCHER_RESPONSE, "header.identity.id", "number"),
    ("Response_", SWITCHER_RESPONSE, "header.identity.api_id", "api"),
    ("Response_", SWITCHER_RESPONSE, "header.status.code", "code"),
    ("Response_", SWITCHER_RESPONSE, "data", "data"),
]
OURS = {
    "Request_": ApiRequest(2**62 + 1, -1002, '{"name": "ai — ü"}'),
    "Response_": ApiResponse(-(2**62) - 3, 1003, -7002, '{"form": "0", "name": "ai"}'),
}
BINARY = {
    "Request_": {
        "header": {"lease": {"id": 77}, "policy": {"priority": -3, "noreply": True}},
        "binary": [1, 2, 255],
    },
    "Response_": {"binary": list(range(200))},
}


def nested(path, value):
    for step in reversed(path.split(".")):
        value = {step: value}
    return value


def value_at(message, path):
    for step in path.split("."):
        message = message[step]
    return message


def merged(one, other):
    both = dict(one)
    for key, value in other.items():
        both[key] = merged(both.get(key, {}), value) if isinstance(value, dict) else value
    return both


@pytest.fixture(scope="module")
def ends(vendor, link):
    """Channels of topics that nobody else is on: name, our reader, our writer."""
    made = {}
    for name, channel in (("Request_", SWITCHER_REQUEST), ("Response_", SWITCHER_RESPONSE)):
        here, there = (replace(channel, topic=f"rt/fields/{way}/{name}") for way in ("in", "out"))
        reader, writer = link.reader(here), link.writer(there)
        vendor.reader_of(name, writer, there, OURS[name])
        vendor.writer_to(name, reader, here)
        made[name] = (here.topic, reader, there.topic, writer)
    return made


def theirs_of(name):
    """What ``OURS`` is to them."""
    message = BINARY[name]
    for its, _, path, field in REQUESTS:
        if its == name:
            message = merged(message, nested(path, getattr(OURS[name], field)))
    return message


@pytest.mark.parametrize(("name", "_", "path", "field"), REQUESTS)
def test_they_read_what_we_write(vendor, ends, name, _, path, field):
    _, _, topic, writer = ends[name]
    writer.write(OURS[name])
    (message,) = vendor.ask("take", name=name, topic=topic)["messages"]
    assert value_at(message, path) == getattr(OURS[name], field)


@pytest.mark.parametrize(("name", "_", "path", "field"), REQUESTS)
def test_we_read_what_they_write_whatever_else_they_write(vendor, ends, name, _, path, field):
    topic, reader, _, _ = ends[name]
    vendor.ask("say", name=name, topic=topic, message=theirs_of(name))
    assert reader.wait(10.0)
    assert reader.take() == [OURS[name]]


def test_our_requests_ask_for_an_answer_without_lease_priority_and_data(vendor, ends):
    _, _, topic, writer = ends["Request_"]
    writer.write(OURS["Request_"])
    (message,) = vendor.ask("take", name="Request_", topic=topic)["messages"]
    assert message["header"]["lease"] == {"id": 0}
    assert message["header"]["policy"] == {"priority": 0, "noreply": False}
    assert message["binary"] == []


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5000])
def test_strings_of_every_length_arrive_both_ways(vendor, ends, length):
    here, reader, there, writer = ends["Response_"]
    text = "x" * length
    writer.write(ApiResponse(1, 2, 0, text))
    (message,) = vendor.ask("take", name="Response_", topic=there)["messages"]
    assert message["data"] == text
    vendor.ask("say", name="Response_", topic=here, message={"data": text})
    assert reader.wait(10.0)
    (taken,) = reader.take()
    assert taken.data == text


def test_their_client_gets_our_answer(vendor, link):
    requests, responses = link.reader(SWITCHER_REQUEST), link.writer(SWITCHER_RESPONSE)
    vendor.begin("call", service="motion_switcher", api=CHECK_MODE, parameter="{}")
    assert requests.wait(10.0)
    (request,) = requests.take()
    assert (request.api, request.parameter) == (CHECK_MODE, "{}")
    until(lambda: responses.matched)
    responses.write(ApiResponse(request.number, request.api, 0, '{"form": "0", "name": "ai"}'))
    assert vendor.finish() == {"code": 0, "data": '{"form": "0", "name": "ai"}'}


def test_their_server_answers_our_call(vendor, link):
    requests, responses = link.writer(SERVED[0]), link.reader(SERVED[1])
    vendor.ask("serve", service="ours_asks", api=CHECK_MODE, answer="heard ")
    until(lambda: requests.matched and responses.matched)
    requests.write(ApiRequest(41, CHECK_MODE, "{}"))
    assert responses.wait(10.0)
    assert responses.take() == [ApiResponse(41, CHECK_MODE, 0, "heard {}")]


def test_their_server_refuses_a_call_that_it_does_not_know(vendor, link):
    requests, responses = link.writer(SERVED[0]), link.reader(SERVED[1])
    until(lambda: requests.matched and responses.matched)
    answers = []

    def answered():  # their server may not know of this client yet: asked until it answers
        requests.write(ApiRequest(42, 9999))
        responses.wait(0.5)
        answers.extend(responses.take())
        return answers

    until(answered)
    response = answers[0]
    assert response.number == 42
    assert response.code != 0
