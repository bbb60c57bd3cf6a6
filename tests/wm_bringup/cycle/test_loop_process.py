"""The real-time process as its parent sees it: a mock robot, no ROS."""

import os
import signal
from dataclasses import replace
from itertools import islice

import pytest
from loop_fakes import G1

from wm_bringup.cycle.control_cycle import CycleOptions, CycleRecord
from wm_bringup.cycle.loop_client import LoopClient, LoopStartError
from wm_bringup.cycle.loop_messages import LoopHealth, LoopReady, LoopRequest, LoopSetup
from wm_bringup.cycle.loop_process import Ending, LoopProcess
from wm_bringup.cycle.record_codec import unpack
from wm_bringup.cycle.stack import estimator_parameters, model_based_parameters, safety_parameters
from wm_bringup.host import clock, realtime
from wm_control.arbiter.operator import OperatorInput
from wm_control.types import Action, VelocityCommand

N = len(G1.joint_names)


def setup(**changes):
    arguments = {
        "robot": "g1",
        "backend": "mock",
        "engine": "pybullet",
        "drivers": ("mpc",),
        "scenario": "",
        "gui": False,
        "ros_time": True,
        "options": CycleOptions(arm=False, held=False),
        "safety": safety_parameters("g1"),
        "estimator": estimator_parameters("g1"),
        "model_based": model_based_parameters("g1"),
    }
    return LoopSetup(**{**arguments, **changes})


class Parent:
    """Starts the process and keeps what it says."""

    def __init__(self, **changes):
        self.client = LoopClient(setup(**changes))
        self.health = []
        try:
            self.client.await_ready()
            self.client.send(LoopRequest.START)
        except BaseException:
            self.client.close()
            raise

    def records(self):
        while (message := self.client.receive()) is not None:
            if isinstance(message, LoopHealth):
                self.health.append(message)
            if isinstance(message, tuple):
                yield unpack(message, N)

    def until(self, wanted) -> CycleRecord:
        return next(record for record in self.records() if wanted(record))


@pytest.fixture(autouse=True)
def pace(slow_motion):
    """As fast as this machine can: a loop that is late gives periods up."""
    with clock.slow_motion(slow_motion):
        yield


@pytest.fixture
def parent():
    started = Parent()
    yield started
    started.client.close()


def test_every_cycle_arrives_and_a_stop_ends_in_damping_and_exit_code_zero(parent):
    records = parent.records()
    sequences = [next(records).tick.observation.sequence for _ in range(200)]
    assert sequences == list(range(sequences[0], sequences[0] + 200))
    parent.client.stop()
    last = list(records)[-1].tick.decision
    assert last.action == Action.DAMPING
    assert not last.command.stiffness.any()
    assert (last.command.damping > 0.0).all()
    assert parent.client.failure == ""
    assert parent.health


def test_what_is_sent_is_heeded_in_the_next_cycles(parent):
    parent.client.send(VelocityCommand(float("nan"), 0.0, 0.0))
    parent.client.send(OperatorInput(stop=True))
    stopped = parent.until(lambda r: any(c.rule == "operator_stop" for c in r.tick.decision.causes))
    assert stopped.tick.decision.action == Action.DAMPING
    next(r for r in parent.records() if parent.health and parent.health[-1].safeguards.refused)
    assert "linear_x is nan" in parent.health[-1].safeguards.velocity_cause


def test_a_reset_starts_the_sequence_again(parent):
    parent.until(lambda r: r.tick.observation.sequence > 50)
    parent.client.send(LoopRequest.RESET)
    assert parent.until(lambda r: r.tick.observation.sequence < 50).tick.observation.stamp > 0.0


def test_sigterm_damps_and_ends(parent):
    records = parent.records()
    next(records)
    os.kill(parent.client.pid, signal.SIGTERM)
    assert list(records)[-1].tick.decision.action == Action.DAMPING
    assert parent.client.failure == ""


def test_sigint_is_left_to_the_parent(parent):
    records = parent.records()
    next(records)
    os.kill(parent.client.pid, signal.SIGINT)
    for _ in range(300):
        assert next(records).tick.decision.source


def test_a_killed_process_is_noticed_with_its_signal(parent):
    records = parent.records()
    next(records)
    os.kill(parent.client.pid, signal.SIGKILL)
    assert list(records) is not None
    assert "signal 9" in parent.client.failure


def test_a_parent_that_vanishes_takes_the_process_with_it():
    parent = Parent()
    try:
        next(parent.records())
        parent.client._link.close()
        assert parent.client._process.wait(10.0) == 1
    finally:
        parent.client._process.kill()


def test_a_wrong_configuration_stops_the_start_with_its_reason():
    client = LoopClient(setup(scenario="no_such_place"))
    try:
        with pytest.raises(LoopStartError, match="no_such_place"):
            client.await_ready()
    finally:
        client.close()
    assert client._process.poll() == 2


def test_faults_of_simulated_sensors_are_told_like_all_others(tmp_path):
    scenario = tmp_path / "biased.yaml"
    scenario.write_text('name: biased\nfaults: ["gyro:bias=0.01@0.1"]\n', encoding="utf-8")
    biased = Parent(backend="simulated", engine="mujoco", scenario=str(scenario))
    try:
        for _ in islice(biased.records(), 2000):
            if biased.health and any(fault.count for fault in biased.health[-1].faults):
                break
        told = {fault.fault.text: fault.count > 0 for fault in biased.health[-1].faults}
        assert told == {"gyro:bias=0.01@0.1": True}
    finally:
        biased.client.close()


class Script:
    """The other end, in this process: what it says, period by period."""

    def __init__(self, *said):
        self.said = list(said)
        self.lost = 0

    def send(self, message): ...

    def receive(self, patience=0.0):
        return self.said.pop(0) if self.said else None


def test_what_raises_between_two_cycles_leaves_the_robot_damped(monkeypatch):
    link = Script(LoopRequest.START, None, None, LoopReady())  # the last of which nobody takes
    process = LoopProcess(setup(), link, Ending())
    robot, commands = process._robot, []
    whole_cycle, step = process._cycle.run, robot.step

    def noted(command, *arguments):
        commands.append(command)
        return step(command, *arguments)

    def stiff_cycle(beat):
        whole_cycle(beat)
        robot.step(replace(commands[-1], stiffness=G1.stiffness))

    monkeypatch.setattr(robot, "step", noted)
    monkeypatch.setattr(process._cycle, "run", stiff_cycle)
    monkeypatch.setattr(realtime, "prepare_process", lambda: realtime.RealTimeReport(0, 0, ()))
    monkeypatch.setattr(realtime, "raise_thread", lambda _: False)
    with pytest.raises(KeyError):
        process.run()
    assert commands[-2].stiffness.any()
    assert not commands[-1].stiffness.any()
    assert (commands[-1].damping > 0.0).all()
