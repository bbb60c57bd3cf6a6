"""A whole graph with its page in a browser: what is clicked happens, and is seen there."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest
from browser import Browser
from ros_observer import Observer

from wm_bringup.host import clock
from wm_bringup.host.ports import free_port
from wm_bringup.view.reading import read_decision
from wm_bringup.wire.messages import decode_estimate
from wm_bringup.wire.topics import DECISION, ESTIMATE
from wm_control.constants import GRAVITY

PANEL = {"width": 560, "height": 900}
N = 29
"""Joints of the G1."""


class Live:
    """Graph, browser, and somebody else who listens to the graph."""

    def __init__(self, observer, browser):
        self.observer, self.browser = observer, browser
        browser.wait_for("capture margin")
        browser.click("Push, load, ground")
        browser.click("Faults")

    def told(self):
        """The newest decision, as anybody hears it."""
        kept = self.observer.kept[DECISION.name]
        return read_decision(kept[-1], 0.0) if kept else None

    def decided(self, what, holds):
        return self.observer.until(what, lambda: (told := self.told()) and holds(told))

    def decides(self, driver):
        self.decided(f"{driver} drives, in the decision", lambda told: told.driver == driver)

    def estimates(self, n=20):
        return [decode_estimate(data, N) for data in self.observer.more(ESTIMATE, n)]

    def weight(self):
        """Of the robot, as its soles feel it [kg]."""
        return float(np.mean([e.foot_wrench[:, 2].sum() for e in self.estimates(100)])) / GRAVITY


@pytest.fixture(scope="module")
def slow_motion(slow_motion):
    """Where there is little time, as much again for the browser: it draws by software."""
    return slow_motion if slow_motion == 1.0 else min(2.0 * slow_motion, clock.SLOWEST)


@pytest.fixture(scope="module")
def live(domain, pace, tmp_path_factory):
    """Graph of both drivers, held until it is armed."""
    port = free_port("127.0.0.1", 8300)
    words = ("run", "--controller", "hybrid", "--engine", "mujoco", "--no-arm", "--trips", "")
    words += ("--view", "--view-port", str(port), "--slow-motion", f"{pace:g}")
    with ExitStack() as stack:
        log = stack.enter_context((tmp_path_factory.mktemp("live") / "log").open("w"))
        graph = subprocess.Popen(
            [sys.executable, "-m", "wm_bringup.cli", *words], stdout=log, stderr=subprocess.STDOUT
        )
        stack.callback(graph.wait, 60)
        stack.callback(graph.send_signal, signal.SIGINT)
        observer = Observer(domain.number)
        stack.callback(observer.close)
        observer.listen(DECISION, ESTIMATE)
        observer.more(ESTIMATE, 5)
        browser = Browser(f"http://127.0.0.1:{port}", patience=120.0, **PANEL)
        stack.callback(browser.close)
        yield Live(observer, browser)


def test_armed_from_the_page_the_robot_is_let_go(live):
    assert "not armed" in live.browser.text
    live.browser.click("arm")
    live.decided("armed, in the decision", lambda told: told.armed)
    live.browser.wait_for("mpc drives")
    assert "not armed" not in live.browser.text


def test_another_driver_that_is_preferred_takes_over_on_the_page_and_in_the_decision(live):
    for driver in ("policy", "mpc"):
        live.browser.click(driver)
        live.decides(driver)
        live.browser.wait_for(f"{driver} drives")
    bars = "[...document.querySelectorAll('rect title')].map(e => e.textContent).join()"
    assert " policy: " in live.browser.run(bars)


def test_a_fault_changes_the_driver_on_the_page_and_in_the_decision(live):
    live.browser.enter("fault", "mpc:nan@0+3")
    live.browser.click("inject")
    live.decides("policy")
    live.browser.wait_for("policy drives")
    assert "mpc:" in live.browser.text  # the cause is told with it
    live.decides("mpc")


def test_a_push_is_in_the_observation_and_in_what_the_arbiter_sees(live):
    live.browser.enter("push, N·s", "25")
    live.browser.click("push")
    live.observer.until(
        "the push in the robot's speed",
        lambda: abs(live.estimates(1)[0].base_velocity_in_base[1]) > 0.1,
    )
    live.decided("the push in the decision", lambda told: told.figures.get("impulse", 0.0) > 2.0)
    live.observer.until(
        "standing again", lambda: abs(live.estimates(5)[-1].base_velocity_in_base[1]) < 0.02
    )


def test_a_payload_is_felt_by_the_soles(live):
    before = live.weight()
    live.browser.enter("payload, kg", "5")
    live.observer.until("the load on the soles", lambda: live.weight() > before + 3.0)
    live.browser.enter("payload, kg", "0")


def test_the_ground_is_as_slippery_as_is_asked_for(live):
    live.browser.enter("friction", "0.4")
    live.observer.until(
        "friction in the robot's health",
        lambda: (
            "friction=0.4"
            in getattr(live.observer.health.get("robot: disturbances"), "message", "")
        ),
    )
    live.browser.enter("friction", "0.6")


def test_it_walks_as_it_is_driven_from_the_page(live):
    live.browser.enter("ahead, m/s", "0.3")
    live.browser.click("drive from here")
    live.observer.until(
        "the robot walks ahead",
        lambda: np.mean([e.base_velocity_in_base[0] for e in live.estimates(50)]) > 0.2,
    )
    live.browser.wait_for("+0.30 +0.00 +0.00")
    live.browser.click("halt")
    live.observer.until(
        "the robot stands",
        lambda: np.mean([e.base_velocity_in_base[0] for e in live.estimates(50)]) < 0.03,
    )


def test_a_reload_brings_back_who_drives(live):
    live.browser.reload()
    live.browser.wait_for("mpc drives")
    live.browser.click("Faults")


def test_a_killed_planner_is_gone_and_the_policy_drives(live):
    live.browser.choose("process", "mpc")
    live.browser.click("kill")
    live.decides("policy")
    live.browser.wait_for("policy drives")


def test_stopped_cleared_reset_and_armed_again(live):
    live.browser.click("STOP")
    live.decided("stopped", lambda told: not told.armed and "operator" in told.text)
    live.browser.wait_for("operator stopped")
    live.browser.click("reset")
    live.browser.wait_for("starting again")
    live.browser.click("clear")
    live.decided("cleared", lambda told: "operator stopped" not in told.text)
    live.browser.click("arm")
    live.decided("armed again", lambda told: told.armed and math.isfinite(told.share))
