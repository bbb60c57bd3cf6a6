"""The five policies that everybody can download, unmodified, through their own formats.

Their files are not part of this repository. Where they do not lie beside the checkout, in
``../shared/policies``, these tests say so and are skipped.
"""

from pathlib import Path

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator
from policy_files import ALL, G1, estimate, examined

from wm_control.types import VelocityCommand
from wm_policy.checking.golden import synthetic_estimate
from wm_policy.checking.plausibility import breadth_first
from wm_policy.loading import load_policy
from wm_policy.policy import Policy

FOLDER = Path(__file__).parents[3] / "shared" / "policies"
FAMILIES = {
    "unitree_rl_lab": "unitree_deploy",
    "unitree_rl_mjlab": "unitree_deploy",
    "holosoma": "holosoma",
    "mujoco_playground": "manifest",
    "wbc_agile_grove": "leapp",
}

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the third-party policies are not in {FOLDER}"
)


def load(name: str) -> Policy:
    return load_policy(FOLDER / name, G1)


@pytest.mark.parametrize(("name", "family"), FAMILIES.items())
def test_each_may_start_and_is_known_by_its_format(name: str, family: str) -> None:
    examination = examined(FOLDER / name)
    assert [str(problem) for problem in examination.problems] == []
    assert examination.manifest.family == family
    assert examination.manifest.rate == 50.0


@pytest.mark.parametrize("name", FAMILIES)
def test_each_reproduces_its_golden_vector_in_another_evaluator(name: str) -> None:
    """Start-up has checked onnxruntime; here ONNX's own reference answers the same."""
    policy = load(name)
    (golden,) = policy.manifest.golden
    reference = ReferenceEvaluator(str(policy.network.path.resolve()))
    feed = {
        tensor.name: np.zeros(tensor.shape, dtype=np.float32)
        for tensor in policy.network.inputs.values()
    }
    for tensor, values in golden.inputs.items():
        feed[tensor].reshape(-1)[:] = values
    outputs = reference.run(list(golden.outputs), feed)
    for expected, found in zip(golden.outputs.values(), outputs, strict=True):
        assert np.asarray(found).reshape(-1) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", FAMILIES)
def test_each_is_held_to_a_story_of_its_commands(name: str) -> None:
    assert load(name).manifest.story is not None


WALK = VelocityCommand(0.4, 0.1, -0.15)
COMMAND = np.array([0.4, 0.1, -0.15])
SDK_DEFAULT_HOLOSOMA = np.array(
    [-0.312, 0, 0, 0.669, -0.363, 0] * 2 + [0] * 3 + [0.2, 0.2, 0, 0.6, 0, 0, 0]
    + [0.2, -0.2, 0, 0.6, 0, 0, 0]
)  # fmt: skip


def walked(policy: Policy, steps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Run the synthetic walk; returns (first input, raw action) of every step."""
    first = policy.runner.inputs[policy.manifest.inputs[0].name]
    seen = []
    for k in range(steps):
        policy.step(synthetic_estimate(G1, 0.02 * k), WALK)
        seen.append((first.copy(), np.array(policy.runner.outputs[policy.manifest.action.output])))
    return seen


def gravity(k: int) -> np.ndarray:
    x, y, z, w = synthetic_estimate(G1, 0.02 * k).base_orientation
    return -np.array([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)])


def state(k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    e = synthetic_estimate(G1, 0.02 * k)
    return e.base_angular_velocity_in_base, gravity(k), e.joint_position, e.joint_velocity


def test_unitree_rl_lab_sees_five_frames_per_term_in_isaac_order() -> None:
    policy = load("unitree_rl_lab")
    isaac = np.array([ALL.index(name) for name in breadth_first(G1)])
    default = np.array(policy.manifest.default_position)
    seen = walked(policy, 7)
    frames = []
    for k in range(7):
        gyro, down, q, dq = state(k)
        action = seen[k - 1][1] if k else np.zeros(29)
        frames.append([gyro * 0.2, down, COMMAND, q[isaac] - default, dq[isaac] * 0.05, action])
    book = np.concatenate([np.concatenate([frames[k][t] for k in range(2, 7)]) for t in range(6)])
    assert seen[6][0] == pytest.approx(book, abs=1e-5)
    first = np.concatenate([np.tile(frames[0][t], 5) for t in range(6)])
    assert seen[0][0] == pytest.approx(first, abs=1e-5)


def test_unitree_rl_mjlab_sees_one_plain_frame_in_sdk_order() -> None:
    policy = load("unitree_rl_mjlab")
    default = np.array(policy.manifest.default_position)
    seen = walked(policy, 3)
    gyro, down, q, dq = state(2)
    book = np.concatenate([gyro, down, COMMAND, q - default, dq, seen[1][1]])
    assert seen[2][0] == pytest.approx(book, abs=1e-5)


def test_holosoma_sees_its_terms_in_alphabetical_order_with_a_phase() -> None:
    policy = load("holosoma")
    seen = walked(policy, 3)
    gyro, down, q, dq = state(2)
    phase = np.array([0.0, np.pi]) + 3 * 2 * np.pi / 50.0
    book = np.concatenate(
        [
            seen[1][1],
            gyro * 0.25,
            COMMAND[2:],
            COMMAND[:2],
            np.cos(phase),
            q - SDK_DEFAULT_HOLOSOMA,
            dq * 0.05,
            down,
            np.sin(phase),
        ]
    )
    assert seen[2][0] == pytest.approx(book, abs=1e-5)


def test_mujoco_playground_sees_the_base_velocity_and_its_own_clock() -> None:
    policy = load("mujoco_playground")
    default = SDK_DEFAULT_HOLOSOMA.copy()
    default[ALL.index("waist_pitch_joint")] = 0.073
    seen = walked(policy, 3)
    gyro, down, q, dq = state(2)
    velocity = synthetic_estimate(G1, 0.04).base_velocity_in_base
    phase = np.array([0.0, np.pi]) + 2 * 2 * np.pi * 1.5 * 0.02
    book = np.concatenate(
        [velocity, gyro, down, COMMAND, q - default, dq, seen[1][1], np.cos(phase), np.sin(phase)]
    )
    assert seen[2][0] == pytest.approx(book, abs=1e-5)


def test_wbc_agile_gets_raw_measurements_and_answers_with_targets_and_gains() -> None:
    policy = load("wbc_agile_grove")
    estimate_now = synthetic_estimate(G1, 0.0)
    step = policy.step(estimate_now, WALK)
    isaac = [ALL.index(name) for name in breadth_first(G1)]
    x, y, z, w = estimate_now.base_orientation
    inputs = policy.runner.inputs
    assert inputs["root_link_quat_w"] == pytest.approx([w, x, y, z], abs=1e-6)
    assert inputs["joint_pos"] == pytest.approx(estimate_now.joint_position[isaac], abs=1e-6)
    own = [ALL.index(name) for name in policy.manifest.action.joints]
    assert step.position[own] == pytest.approx(policy.runner.outputs["action_joint_pos"], abs=1e-6)
    gains = policy.runner.outputs["action_joint_pos_kp_gains"]
    assert step.stiffness[own] == pytest.approx(gains)
    held = sorted(set(range(29)) - set(own))
    assert (step.stiffness[held] >= 40.0).all()
    assert (step.damping <= 50.0).all()


def test_wbc_agile_forgets_its_states_with_a_reset() -> None:
    policy = load("wbc_agile_grove")
    first = policy.step(estimate(), WALK).position.tolist()
    for _ in range(3):
        policy.step(estimate(gyro=(1.0, 0.0, 0.0)), WALK)
    assert policy.runner.inputs["base_ang_vel_history"].any()
    policy.reset()
    assert policy.step(estimate(), WALK).position.tolist() == first


def test_the_hand_typed_waist_scale_is_taken_as_the_file_says() -> None:
    manifest = load("unitree_rl_mjlab").manifest
    assert manifest.action.scale[ALL.index("waist_yaw_joint")] == 0.35
