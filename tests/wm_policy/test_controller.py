"""The policy as a contestant: its own rate, held targets, shadow, exchange, bad input."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from policy_files import ALL, G1, LEGS, deploy_yaml, estimate, leg_manifest, write_yaml
from tiny_networks import linear, save, weights

from wm_control.types import Command, Executed, Status, VelocityCommand
from wm_policy.controller import PolicyController
from wm_policy.loading import load_policy
from wm_policy.policy import Policy

TICK = 0.002
STILL = VelocityCommand()


def make_policy(folder: Path, **changes: object) -> Policy:
    folder.mkdir(exist_ok=True)
    linear(folder / "policy.onnx", 96, 29)
    write_yaml({**deploy_yaml(), **changes}, folder / "deploy.yaml")
    return load_policy(folder, G1)


@pytest.fixture
def controller(tmp_path: Path) -> PolicyController:
    controller = PolicyController(make_policy(tmp_path / "first"), G1)
    controller.reset(estimate())
    return controller


def moving(tick: int) -> object:
    return estimate(tick * TICK, gyro=(np.sin(tick), 0.0, 0.0))


def test_it_takes_a_step_every_tenth_tick_and_holds_its_targets_between(
    controller: PolicyController,
) -> None:
    results = [controller.step(moving(tick), STILL, TICK) for tick in range(40)]
    targets = [tuple(result.command.position) for result in results]
    assert len(set(targets)) == 4
    assert [targets[i] == targets[i - 1] for i in (9, 10, 19, 20)] == [True, False, True, False]
    assert [round(r.solves[0].age / TICK) for r in results[8:12]] == [8, 9, 0, 1]


def test_every_command_answers_its_own_observation(controller: PolicyController) -> None:
    for tick in range(15):
        command = controller.step(moving(tick), STILL, TICK).command
        assert (command.stamp, command.sequence) == (tick * TICK, tick)
        assert not command.velocity.any()
        assert not command.torque.any()


def test_stamps_that_jitter_neither_lose_nor_add_steps(controller: PolicyController) -> None:
    rng = np.random.default_rng(1)
    ages = []
    for tick in range(500):
        stamp = tick * TICK + rng.uniform(-0.0004, 0.0004)
        result = controller.step(estimate(stamp), STILL, TICK)
        ages.append(result.solves[0].age)
    assert ages.count(0.0) == 50


def test_after_a_gap_it_goes_on_from_now_without_catching_up(controller: PolicyController) -> None:
    controller.step(moving(0), STILL, TICK)
    ages = [controller.step(moving(tick), STILL, TICK).solves[0].age for tick in range(500, 521)]
    assert [i for i, age in enumerate(ages) if age == 0.0] == [0, 10, 20]


def test_a_measurement_that_is_not_finite_fails_with_a_cause_and_is_forgotten(
    controller: PolicyController,
) -> None:
    controller.step(moving(0), STILL, TICK)
    bad = estimate(10 * TICK, gyro=(np.nan, 0.0, 0.0))
    result = controller.step(bad, STILL, TICK)
    assert (result.status, result.command) == (Status.FAILED, None)
    assert result.cause == "observation of the policy is not finite"
    result = controller.step(moving(20), STILL, TICK)
    assert result.status == Status.OK
    assert np.isfinite(result.command.position).all()


def test_a_velocity_command_that_is_not_finite_fails(controller: PolicyController) -> None:
    result = controller.step(moving(0), VelocityCommand(float("nan")), TICK)
    assert result.status == Status.FAILED


def test_commands_beyond_the_policys_ranges_are_clamped(controller: PolicyController) -> None:
    assert controller.policy.bounded(VelocityCommand(5.0, -5.0, 0.1)) == (1.0, -0.3, 0.1)


def test_an_exchanged_policy_starts_from_its_beginning_at_the_next_step(
    controller: PolicyController, tmp_path: Path
) -> None:
    other = make_policy(tmp_path / "other", stiffness=[61.0] * 29)
    controller.step(moving(0), STILL, TICK)
    controller.replace(other)
    assert controller.step(moving(5), STILL, TICK).command.stiffness[0] == 60.0
    assert controller.step(moving(10), STILL, TICK).command.stiffness[0] == 61.0
    assert controller.policy is other


def test_in_shadow_its_last_action_is_what_the_driver_did(controller: PolicyController) -> None:
    """A driver's torque of 6 N·m is, at stiffness 60 and scale 0.25, an action of 0.4 further."""
    n = len(ALL)
    pose = np.array(controller.policy.manifest.default_position)
    now = estimate(0.0, position=pose)
    executed = Command(0.0, 0, pose, np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, 6.0))
    controller.step(now, STILL, TICK, Executed(executed, "mpc"))
    seen = controller.policy.runner.inputs["obs"][-29:]
    assert seen == pytest.approx([6.0 / 60.0 / 0.25] * 29, abs=1e-5)
    own = np.array(controller.policy.runner.outputs["actions"])
    controller.step(estimate(0.02, position=pose), STILL, TICK, Executed(executed, "policy"))
    assert controller.policy.runner.inputs["obs"][-29:] == pytest.approx(own, abs=1e-6)


def with_gain_outputs(folder: Path, **action: object) -> Policy:
    """Legs whose network says its gains: 50 N·m/rad and 1 N·m·s/rad everywhere."""
    gains = {"kp": np.full((1, 12), 50.0), "kd": np.full((1, 12), 1.0)}
    shapes = {"actions": (1, 12), "kp": (1, 12), "kd": (1, 12)}
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in {"obs": (1, 47), **shapes}.items()
    ]
    nodes = [helper.make_node("MatMul", ["obs", "W"], ["actions"])]
    nodes += [helper.make_node("Identity", [f"{name}_fixed"], [name]) for name in gains]
    fixed = [
        numpy_helper.from_array(value.astype(np.float32), f"{name}_fixed")
        for name, value in gains.items()
    ]
    fixed.append(numpy_helper.from_array(weights(47, 12), "W"))
    graph = helper.make_graph(nodes, "gains", values[:1], values[1:], fixed)
    content = leg_manifest(save(graph, folder / "legs.onnx"))
    content["gains"] = {"stiffness_output": "kp", "damping_output": "kd"}
    content["action"].update(action)
    return load_policy(write_yaml(content, folder / "legs.yaml"), G1)


def in_shadow(policy: Policy, torque: float) -> list[float]:
    """Last action of a policy in its default pose while somebody drives with this torque."""
    pose = np.array(G1.default_position)
    pose[: len(LEGS)] = policy.manifest.default_position
    now, n = estimate(0.0, position=pose), len(ALL)
    policy.step(now, STILL)
    executed = Command(0.0, 0, pose, np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, torque))
    policy.replace_action(executed, now)
    return list(policy.observation.signals.last_action)


def test_in_shadow_its_last_action_follows_the_gains_that_its_network_says(tmp_path: Path) -> None:
    """6 N·m are, at stiffness 50 and scale 0.25, an action of 0.48."""
    policy = with_gain_outputs(tmp_path)
    assert in_shadow(policy, 6.0) == pytest.approx([6.0 / 50.0 / 0.25] * 12, abs=1e-5)


def test_in_shadow_its_last_action_stays_within_its_clip(tmp_path: Path) -> None:
    policy = with_gain_outputs(tmp_path, clip=[-0.3, 0.2])
    assert in_shadow(policy, 6.0) == pytest.approx([0.2] * 12)
    assert in_shadow(policy, -6.0) == pytest.approx([-0.3] * 12)


def test_its_own_command_taken_back_is_its_own_action(controller: PolicyController) -> None:
    now = estimate(0.0, gyro=(0.3, -0.2, 0.1), velocity=np.full(29, 0.4))
    command = controller.step(now, STILL, TICK).command
    own = np.array(controller.policy.runner.outputs["actions"])
    controller.policy.replace_action(command, now)
    assert controller.policy.observation.signals.last_action == pytest.approx(own, abs=1e-5)


def test_the_time_of_an_inference_is_taken_on_the_clock_it_is_given(tmp_path: Path) -> None:
    ticks = iter(range(100))
    folder = tmp_path / "policy"
    make_policy(folder)
    policy = load_policy(folder, G1, clock=lambda: 0.001 * next(ticks))
    controller = PolicyController(policy, G1)
    controller.reset(estimate())
    result = controller.step(estimate(), STILL, TICK)
    assert result.solves[0].solve_time == pytest.approx(0.001)
