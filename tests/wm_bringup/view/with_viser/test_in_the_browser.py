"""The page in a headless Chromium: loads, moves, acts, comes back after a reload."""

from __future__ import annotations

import io
import threading
import time

import numpy as np
import pytest
from browser import Browser
from loop_fakes import G1, N
from PIL import Image
from recorded import decision, standing, write_bag

from wm_bringup.host.ports import AddressError
from wm_bringup.view.acting import in_loop, on_leaving
from wm_bringup.view.driving import Able, Controls
from wm_bringup.view.from_bag import BagRun
from wm_bringup.view.live import LiveRun
from wm_bringup.view.page import Page, address, run_until, serve
from wm_bringup.view.watch import Watch
from wm_bringup.wire.robot_messages import EstimateEncoder
from wm_bringup.wire.topics import DECISION, ESTIMATE
from wm_control.types import VelocityCommand

SIZE = {"width": 900, "height": 620}
PANEL = {"width": 560, "height": 900}
"""With little of a stage, which costs most."""

STAGE = 480
"""Columns of a picture that are not the panel's."""


class Served:
    """A page, its thread and a browser on it."""

    def __init__(self, make, size=SIZE):
        self.server = serve("127.0.0.1", 0, "tested")
        self.page = in_loop(self.server, lambda: make(self.server))
        self._ending = threading.Event()
        self._thread = threading.Thread(
            target=run_until, args=(self.server, self._ending.is_set, self.page.frame, 5.0)
        )
        self._thread.start()
        self.browser = Browser(address(self.server), patience=120.0, **size)

    def until(self, done, what):
        end = time.monotonic() + 60.0
        while not done():
            assert time.monotonic() < end, what
            time.sleep(0.1)

    def picture(self):
        """(rows, columns, 3) of the stage."""
        image = Image.open(io.BytesIO(self.browser.picture())).convert("RGB")
        return np.asarray(image, dtype=float)[:, :STAGE]

    def close(self):
        self.browser.close()
        self._ending.set()
        self._thread.join()
        self.server.stop()


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    run = BagRun(write_bag(tmp_path_factory.mktemp("view") / "bag"))
    served = Served(lambda server: Watch(server, run))
    served.browser.wait_for("mpc drives")
    yield served
    served.close()


def test_the_robot_is_drawn_and_who_drives_is_told(watched):
    watched.until(lambda: watched.picture().std() > 15.0, "nothing is drawn")
    assert "capture margin" in watched.browser.text
    assert watched.browser.errors == []


def test_a_jump_goes_to_just_before_the_intervention(watched):
    watched.browser.click("next ▶")
    watched.until(lambda: watched.page.player.time == pytest.approx(0.7), "no jump")


def test_playing_moves_the_robot_and_ends_with_the_recording(watched):
    watched.page.player.seek(0.0)
    time.sleep(1.0)
    before = watched.picture()
    watched.browser.click("Play")
    watched.until(lambda: watched.page.player.time == pytest.approx(1.98), "it does not play")
    watched.until(
        lambda: np.abs(watched.picture() - before).max() > 60.0, "nothing moves in the picture"
    )
    watched.browser.wait_for("Play")


def test_a_reload_brings_everything_back(watched):
    watched.page.player.seek(1.2)
    watched.browser.wait_for("policy drives")
    watched.browser.reload()
    watched.browser.wait_for("policy drives")
    watched.until(lambda: watched.picture().std() > 15.0, "nothing is drawn after the reload")


class Asked:
    """A graph that takes note."""

    def __init__(self):
        self.calls = []

    def call(self, service):
        self.calls.append(service)

    def disturb(self, text):
        self.calls.append(text)

    inject = disturb

    def kill(self, process):
        self.calls.append(f"kill {process}")

    def drive(self, command):
        self.calls.append(command)

    def processes(self):
        return ["control", "mpc"]


class LivePage:
    """A page of a robot that stands there, live."""

    def __init__(self, server):
        self.run, self.asked = LiveRun(G1), Asked()
        able = Able(("mpc", "policy"), simulated=True, real=False)
        self.page = Page(
            server,
            self.run,
            lambda gui: setattr(self, "controls", Controls(gui, self.asked, able)),
            meshes=False,
        )
        on_leaving(server, lambda client: self.controls.gone(client))
        self._encoder = EstimateEncoder(N)

    def frame(self, clock):
        self.run.see(ESTIMATE, self._encoder.encode(standing(clock)), clock)
        self.run.see(DECISION, decision(clock, "mpc"), clock)
        self.page.show(self.run.tick(clock), clock)
        self.controls.refresh()


@pytest.fixture(scope="module")
def live():
    served = Served(LivePage, PANEL)
    served.browser.wait_for("mpc drives")
    served.browser.click("Push, load, ground")
    served.browser.click("Faults")
    yield served
    served.close()


@pytest.mark.parametrize(
    ("button", "asked"),
    [
        ("STOP", "arbiter/stop"),
        ("clear", "arbiter/clear"),
        ("arm", "arbiter/arm"),
        ("reset", "robot/reset"),
        ("policy", "arbiter/prefer_policy"),
        ("push", "push=0,20"),
        ("inject", "plan:off@0+1"),
        ("kill", "kill control"),
        ("halt", VelocityCommand(0.0, 0.0, 0.0)),
    ],
)
def test_every_button_asks_for_what_it_says(live, button, asked):
    live.browser.wait_for(button)
    live.browser.click(button)
    live.until(lambda: asked in live.page.asked.calls, f"{button}: {live.page.asked.calls}")


@pytest.mark.parametrize(
    ("field", "text", "asked"),
    [
        ("payload, kg", "4", "payload=4"),
        ("friction", "0.3", "friction=0.3"),
    ],
)
def test_every_field_asks_for_what_is_typed_into_it(live, field, text, asked):
    live.browser.enter(field, text)
    live.until(lambda: asked in live.page.asked.calls, f"{field}: {live.page.asked.calls}")


def test_pushes_are_as_large_and_go_where_it_is_said(live):
    def wanted(text):
        live.until(lambda: live.page.controls.push_wanted == text, "not taken in")

    live.browser.enter("push, N·s", "30")  # the page sends one change in 50 ms, the last one
    wanted("push=0,30")
    live.browser.enter("towards, °", "180")
    wanted("push=-30,0")
    live.browser.choose("at phase", "0.25")
    wanted("push=-30,0@0.25")
    live.browser.click("push")
    live.until(lambda: "push=-30,0@0.25" in live.page.asked.calls, live.page.asked.calls)


def test_it_is_driven_only_while_that_is_asked_for(live):
    live.browser.click("halt")
    live.browser.enter("ahead, m/s", "0.3")
    wanted = VelocityCommand(0.3, 0.0, 0.0)
    live.until(lambda: live.page.asked.calls[-1] == wanted, live.page.asked.calls)
    live.browser.click("drive from here")
    live.until(lambda: live.page.asked.calls[-1] is None, live.page.asked.calls)


def test_whoever_drives_and_leaves_drives_no_more_and_neither_does_who_stops_the_robot(live):
    wanted = VelocityCommand(0.2, 0.0, 0.0)
    for end in (live.browser.reload, lambda: live.browser.click("STOP")):
        live.browser.wait_for("drive from here")
        live.browser.click("drive from here")
        live.browser.enter("ahead, m/s", "0.2")
        live.until(lambda: live.page.asked.calls[-1] == wanted, live.page.asked.calls)
        end()
        live.until(lambda: None in live.page.asked.calls[-2:], live.page.asked.calls)
        assert live.page.controls.velocity_wanted == VelocityCommand(0.0, 0.0, 0.0)


def test_an_example_of_a_fault_is_put_where_it_can_be_changed(live):
    live.browser.choose("example", "mpc:nan@0+0.2")
    live.until(lambda: live.page.controls.fault_wanted == "mpc:nan@0+0.2", "not taken in")
    live.browser.click("inject")
    live.until(lambda: "mpc:nan@0+0.2" in live.page.asked.calls, live.page.asked.calls)


def test_whatever_is_sent_to_browsers_is_sent_by_visers_own_thread(monkeypatch):
    from viser.infra import _async_message_buffer as buffers

    senders, push = set(), buffers.AsyncMessageBuffer.push

    def watched(buffer, message):
        senders.add(threading.get_ident() == buffer.event_loop._thread_id)
        push(buffer, message)

    served = Served(LivePage, PANEL)
    try:
        served.browser.wait_for("mpc drives")
        monkeypatch.setattr(buffers.AsyncMessageBuffer, "push", watched)
        served.browser.click("halt")
        served.until(lambda: served.page.asked.calls, "not halted")
        served.until(lambda: senders, "nothing is sent")
    finally:
        served.close()
    assert senders == {True}


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(AddressError, match=r"192\.0\.2\.1"):
        serve("192.0.2.1", 0, "nowhere")
