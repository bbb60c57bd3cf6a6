"""What goes over the link comes out of it the same."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from loop_fakes import G1, FakeController, FakeEstimator, observation_at
from robot_parameters import SAFETY

from wm_bringup.cycle.control_cycle import CycleRecord, TrueBase
from wm_bringup.cycle.cycle_message import decode_cycle, encode_cycle
from wm_bringup.cycle.latency import LatencySample
from wm_bringup.cycle.loop import Call, ControlLoop
from wm_bringup.cycle.record_codec import pack, unpack
from wm_control.arbiter.hardware import Hardware
from wm_control.types import Action, Status, VelocityCommand

N = len(G1.joint_names)


def record(**answer):
    controller = FakeController()
    controller.answer = answer
    loop = ControlLoop(G1, FakeEstimator(), [controller], SAFETY, clock=lambda: 1.5)
    loop.tick(observation_at(0.25, 125), VelocityCommand(0.5, -0.1, 0.2), now=0.25)
    assert loop.last is not None
    return CycleRecord(loop.last, LatencySample(125, "mpc", 1.0, 1.1, 1.2, 1.3, 1.4), held=False)


def through(original):
    """As the link carries it."""
    return unpack(pickle.loads(pickle.dumps(pack(original))), N)


def same(one, other):
    if isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, other)
        assert one.shape == other.shape
        assert one.dtype == other.dtype
    elif hasattr(type(one), "__dataclass_fields__"):
        assert type(one) is type(other)
        for name in type(one).__dataclass_fields__:
            same(getattr(one, name), getattr(other, name))
    else:
        assert (type(one), one) == (type(other), other)


def test_observation_estimate_decision_and_stamps_survive():
    original = record()
    got = through(original)
    for name in ("observation", "estimate", "velocity", "decision", "stamps", "background"):
        same(getattr(original.tick, name), getattr(got.tick, name))
    same(original.latency, got.latency)


def test_an_intervention_survives_with_its_causes():
    original = record(status=Status.FAILED, command=None, cause="diverged")
    got = through(original)
    assert got.tick.decision.action > Action.NOMINAL
    assert got.tick.decision.causes
    same(original.tick.decision, got.tick.decision)


@pytest.mark.parametrize(
    "answer",
    [
        {"status": Status.DEGRADED, "cause": "plan late", "figures": {"phase": 0.25}},
        {"status": Status.FAILED, "cause": "diverged", "command": None},
    ],
)
def test_results_survive_with_commands_causes_and_figures(answer):
    original = record(**answer)
    got = through(original).tick
    same(original.tick.results["mpc"], got.results["mpc"])
    assert got.results["mpc"].solves
    assert got.driver == "mpc"
    assert got.driving is got.results["mpc"]


def test_an_unhealthy_estimate_keeps_its_cause():
    original = record()
    ill = replace(original.tick.estimate, healthy=False, cause="imu silent")
    got = through(replace(original, tick=replace(original.tick, estimate=ill))).tick.estimate
    assert (got.healthy, got.cause) == (False, "imu silent")


@pytest.mark.parametrize("held", [True, False])
def test_truth_and_being_held_survive(held):
    truth = TrueBase(3.0, np.arange(3.0), np.arange(4.0), np.ones(3), np.zeros(3))
    got = through(replace(record(), held=held, truth=truth))
    assert got.held is held
    same(truth, got.truth)
    assert through(record()).truth is None


@pytest.mark.parametrize(
    "told",
    [
        Hardware(),
        Hardware(np.linspace(30.0, 80.0, N), 48.5, ("left_knee_joint: 0x1",), "hot", "silent"),
    ],
)
def test_what_the_robot_told_of_itself_survives_the_link_and_a_bag(told):
    loop = ControlLoop(G1, FakeEstimator(), [FakeController()], SAFETY, clock=lambda: 1.5)
    loop.report_hardware(told)
    loop.tick(observation_at(0.25, 125), VelocityCommand(), now=0.25)
    original = CycleRecord(loop.last, LatencySample(125, "mpc", 1, 1, 1, 1, 1), held=False)
    for got in (through(original), decode_cycle(encode_cycle(original), N)):
        ((call, (again,)),) = got.tick.heard.calls
        assert call is Call.HARDWARE
        same(told, again)
