"""Whole graphs on real DDS, each on a ROS domain of its own."""

from __future__ import annotations

import shutil

import pytest
import yaml
from ros_domain import Domain
from ros_observer import Observer

from wm_bringup.graph.processes import describe, graph_arguments
from wm_bringup.graph.runner import GraphRunner
from wm_control.configuration.share import config_file

LENIENT = {
    "overruns_in_a_row": 100,
    "overrun_share": 1.0,
    "overrun_share_fallback": 1.0,
    "plan_age": 1.0,
    "loop_stall": 10.0,
    "loop_stall_damping": 10.0,
}
"""Limits of the arbiter on punctuality, so that no test depends on the machine's speed."""


class Bench:
    """A runner and an observer on one domain; ``said`` holds what the processes printed."""

    def __init__(self, domain: Domain, **arguments: object) -> None:
        self.said: list[str] = []
        self.domain = domain
        graph = describe(graph_arguments({"backend": "mock", "trips": "", **arguments}))
        self.runner = GraphRunner(graph, self.said.append)
        self.observer = Observer(domain.number, graph.namespace)

    def be_patient(self) -> None:
        """Let the graph be as late as it has to be on a busy machine."""
        for name, limit in LENIENT.items():
            result = self.observer.set_parameter("arbiter", f"arbiter.{name}", limit)
            assert result.successful, result.reason

    def text(self) -> str:
        self.runner.poll()
        return "\n".join(self.said)

    def close(self) -> None:
        self.runner.stop()
        self.observer.close()


@pytest.fixture(scope="module")
def patient_robot(tmp_path_factory):
    """Folder of a G1 whose estimator bears half a second in which the machine did something else.

    Otherwise a stall of 0.1 s, which the arbiter is told to bear here, ends in damping anyway.
    """
    folder = tmp_path_factory.mktemp("patient") / "g1"
    shutil.copytree(config_file("robots/g1/robot.yaml").parent, folder)
    parameters = {"sensors": {"outage_limit": 0.5}}
    (folder / "estimator.yaml").write_text(yaml.safe_dump(parameters), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def bench(domain, patient_robot):
    """One running graph, armed and planned for, for all tests of a module."""
    running = Bench(domain, robot=str(patient_robot))

    def nominal() -> bool:
        text = running.text()
        assert not running.runner.exits, text
        return running.observer.decision().get("action") == "NOMINAL"

    try:
        running.runner.start()
        running.be_patient()
        running.observer.until("an armed robot", nominal)
        yield running
    finally:
        running.close()
