"""The other side, by the vendor's SDK: runs in its Python 3.10 and answers lines of JSON.

usage: counterpart.py DOMAIN INTERFACE
"""

import dataclasses
import json
import os
import platform
import sys
import time

ANSWERS = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # the SDK prints

from cyclonedds.idl._support import Endianness  # noqa: E402
from unitree_sdk2py.core.channel import (  # noqa: E402
    ChannelFactoryInitialize,
    ChannelPublisher,
    ChannelSubscriber,
)
from unitree_sdk2py.idl import default, unitree_api, unitree_hg  # noqa: E402
from unitree_sdk2py.rpc.client import Client  # noqa: E402
from unitree_sdk2py.rpc.server import Server  # noqa: E402
from unitree_sdk2py.utils.crc import CRC  # noqa: E402

platform.system = lambda: "none"  # its package on PyPI lacks the library; this takes its own loop
CHECKSUM = CRC()

API = unitree_api.msg.dds_


def request():
    identity, policy = API.RequestIdentity_(0, 0), API.RequestPolicy_(0, False)
    return API.Request_(API.RequestHeader_(identity, API.RequestLease_(0), policy), "", [])


def response():
    header = API.ResponseHeader_(API.RequestIdentity_(0, 0), API.ResponseStatus_(0))
    return API.Response_(header, "", [])


TYPES = {
    name: (getattr(unitree_hg.msg.dds_, name), getattr(default, f"unitree_hg_msg_dds__{name}"))
    for name in ("LowCmd_", "LowState_", "IMUState_", "BmsState_")
} | {"Request_": (API.Request_, request), "Response_": (API.Response_, response)}
"""Each class, and what makes one; the SDK's own makers of calls are broken."""
SUMMED = ("LowCmd_", "LowState_")
heard = {}
publishers, subscribers, servers = {}, {}, []


def fill(message, values):
    """Set the fields of a message of dataclasses from dicts and lists of the same shape."""
    for name, value in values.items():
        here = getattr(message, name)
        if dataclasses.is_dataclass(here):
            fill(here, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for one, its in zip(here, value, strict=True):
                fill(one, its)
        else:
            setattr(message, name, value)


def listen(name, topic):
    inbox = heard.setdefault(topic, [])
    subscriber = subscribers[topic] = ChannelSubscriber(topic, TYPES[name][0])
    subscriber.Init(inbox.append)
    return {}


def take(name, topic, count=1, patience=10.0):
    """Return messages heard, and the vendor's checksums of them."""
    end = time.monotonic() + patience
    while len(heard[topic]) < count and time.monotonic() < end:
        time.sleep(0.002)
    messages, heard[topic][:] = list(heard[topic]), []
    return {
        "messages": [dataclasses.asdict(message) for message in messages],
        "checksums": [CHECKSUM.Crc(message) for message in messages if name in SUMMED],
    }


def speak(name, topic):
    publisher(name, topic)
    return {}


def publisher(name, topic):
    if topic not in publishers:
        publishers[topic] = ChannelPublisher(topic, TYPES[name][0])
        publishers[topic].Init()
    return publishers[topic]


def say(name, topic, message, seal=False):
    made = TYPES[name][1]()
    fill(made, message)
    if seal:
        made.crc = CHECKSUM.Crc(made)
    return {"written": publisher(name, topic).Write(made, 5.0)}


def say_strangely(name, topic, message, encoding):
    """Write in big-endian CDR, or as a list of parameters (PL_CDR)."""
    kind, normal = TYPES[name][0], TYPES[name][0].serialize

    def serialize(self, buffer=None, endianness=None, use_version_2=None):
        if encoding == "big-endian":
            return normal(self, buffer, Endianness.Big, use_version_2)
        return b"\x00\x03" + normal(self, buffer, endianness, use_version_2)[2:]

    kind.serialize = serialize
    try:
        return say(name, topic, message)
    finally:
        kind.serialize = normal


def order(name):
    """Return the fields of a type and of the types in it, in their order."""

    def of(message):
        return [
            [field.name, of(value) if dataclasses.is_dataclass(value) else None]
            for field in dataclasses.fields(message)
            for value in [first(getattr(message, field.name))]
        ]

    def first(value):
        return value[0] if isinstance(value, list) and value else value

    return {"fields": of(TYPES[name][1]())}


def call(service, api, parameter):
    client = Client(service, False)
    client.SetTimeout(10.0)
    client._SetApiVerson("1.0.0.1")
    client._RegistApi(api, 0)
    code, data = client._Call(api, parameter)
    return {"code": code, "data": data}


def serve(service, api, answer):
    server = Server(service)
    server._RegistHandler(api, lambda parameter: (0, answer + parameter), False)
    server.Start(False)
    servers.append(server)
    return {}


DO = {
    function.__name__: function
    for function in (listen, take, speak, say, say_strangely, order, call, serve)
}


def main():
    domain, interface = sys.argv[1:]
    ChannelFactoryInitialize(int(domain), interface)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = DO[asked.pop("do")](**asked)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        ANSWERS.write(json.dumps(answer, default=list) + "\n")
        ANSWERS.flush()
    os._exit(0)  # its threads have no other end


main()
