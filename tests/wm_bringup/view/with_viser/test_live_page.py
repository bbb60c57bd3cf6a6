"""The node ``view`` beside a whole graph: it hears it, and what its page asks for is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from wm_bringup.view.acting import in_loop

DOMAIN = "91"
PATIENCE = 60.0


@pytest.fixture
def graph(tmp_path, monkeypatch, slow_motion):
    """Graph of both drivers, held until it is armed."""
    monkeypatch.setenv("ROS_DOMAIN_ID", DOMAIN)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    words = ("run", "--controller", "hybrid", "--engine", "mujoco", "--no-arm", "--trips", "")
    words += ("--slow-motion", f"{slow_motion:g}")
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "wm_bringup.cli", *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=os.environ,
        )
        yield process
        process.send_signal(signal.SIGINT)
        process.wait(30)


class Seen:
    """The node's page without a browser."""

    def __init__(self, view):
        self.view = view

    def until(self, done, what):
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"{what}; {self.said}; {self.told}"
            in_loop(self.view.server, lambda: self.view.frame(time.monotonic()))
            time.sleep(0.02)

    @property
    def told(self):
        return self.view.told

    @property
    def impulse(self):
        """Largest of the last 15 s."""
        curve = self.view.curves.get("impulse")
        return 0.0 if curve is None else np.nanmax(curve.value)

    @property
    def said(self):
        return self.view.said


@pytest.mark.live
def test_controls_act_on_the_graph(graph):
    from wm_bringup.nodes.support import process
    from wm_bringup.nodes.view import View, parse

    words = ["--port", "8191", "--simulated", "--driver", "mpc", "--driver", "policy", "--capsules"]
    with process.ros(None):
        view = View(parse(words))
        seen = Seen(view)
        try:
            seen.until(lambda: seen.told is not None, "nothing is heard")
            view.graph.inject("nonsense")
            seen.until(lambda: "expected TARGET:VERB" in seen.said, "nonsense is not refused")
            view.graph.call("arbiter/arm")
            seen.until(lambda: seen.told.armed, "it is not armed")
            view.graph.disturb("push=0,80")
            seen.until(lambda: seen.impulse > 2.0, "the push is not in the observation")
            view.graph.inject("estimator:nan@0+30")
            seen.until(
                lambda: "not finite" in " ".join((seen.told.text, *seen.told.causes)),
                "the fault is not in the decision",
            )
            view.graph.call("arbiter/stop")
            seen.until(lambda: "operator stopped" in seen.told.text, "it is not stopped")
            view.graph.call("arbiter/prefer_policy")
            seen.until(lambda: "policy drives as soon" in seen.said, "no answer about policy")
            view.graph.call("robot/reset")
            seen.until(lambda: "starting again" in seen.said, "no answer about the reset")
            assert "mpc" in view.graph.processes()
            view.graph.kill("mpc")
            seen.until(lambda: "mpc" not in view.graph.processes(), "mpc is not killed")
        finally:
            view.close()
