import json
import types

import numpy as np
import pytest
from policy_files import deploy_yaml, write_yaml
from ros_domain import Domain
from tiny_networks import linear

from wm_bringup.bench.measure import Bound, Measurement, Stopwatch, intercepted, measured
from wm_bringup.bench.policy import bench_policy
from wm_bringup.bench.stages import BENCHES
from wm_bringup.bench.walking import record_walk
from wm_bringup.cli import main
from wm_bringup.cycle.latency import percentiles

PARTS = ["estimator", "mpc", "wbc", "sim"]


@pytest.fixture(scope="module")
def walk():
    return record_walk(1.2)


def test_a_stopwatch_returns_what_it_timed():
    watch = Stopwatch()
    assert watch.call(divmod, 7, 2) == (3, 1)
    assert len(watch.cpu) == len(watch.wall) == 1


def test_the_ratio_is_to_the_bounds_median():
    watch, bound = Stopwatch([3.0, 4.0, 5.0], [3.0, 4.0, 5.0]), Stopwatch([2.0], [2.0])
    row = measured("x", watch, "bare", bound).as_json()
    assert row["ratio"] == pytest.approx(2.0)
    assert (row["p50"], row["n"]) == (4.0, 3)
    assert row["reference"] == {"name": "bare", "p50": 2.0}


def test_without_a_bound_there_is_no_ratio():

    row = Measurement("x", percentiles(np.ones(3)), None, None).as_json()
    assert (row["ratio"], row["reference"]) == (None, None)
    assert (
        Measurement("x", percentiles(np.ones(3)), None, Bound("b", 0.0)).as_json()["ratio"] is None
    )


def test_an_intercepted_function_is_put_back_even_after_an_error():
    module = types.ModuleType("library")
    module.solve = original = lambda: 1

    def fail():
        raise ValueError("stop")

    with pytest.raises(ValueError, match="stop"), intercepted(module, "solve", fail):
        module.solve()
    assert module.solve is original


def test_the_recorded_walk_walks(walk):
    assert len(walk.ticks) == len(walk.plans) == 600
    assert any(plan.gait.mode for plan in walk.plans)


@pytest.mark.parametrize("name", PARTS)
def test_each_part_takes_longer_than_the_bare_library(walk, name):
    rows = [m.as_json() for m in BENCHES[name](walk)]
    assert rows
    for row in rows:
        assert row["n"] >= 150
        assert row["p50"] <= row["p95"] <= row["p99"] <= row["max"]
        assert row["ratio"] > 1.0


def test_a_walk_in_mujoco_is_timed_beside_mujocos_own_steps():
    (row,) = (m.as_json() for m in BENCHES["sim"](record_walk(1.0, engine="mujoco")))
    assert row["reference"]["name"].startswith("mujoco.mj_step")
    assert row["ratio"] > 1.0


def test_every_kind_of_estimator_is_timed_on_the_same_walk(walk):
    rows = {m.name: m.as_json() for m in BENCHES["estimator"](walk)}
    assert set(rows) == {"estimator", "estimator_leg_odometry", "estimator_invariant_ekf"}
    assert {row["n"] for row in rows.values()} == {len(walk.ticks) - 1}


def test_a_replayed_controller_does_what_it_did_in_the_walk(walk):
    # otherwise the benchmark would time another, perhaps easier, walk
    from wm_bringup.cycle import stack
    from wm_control.controllers.model_based import ModelBasedController

    controller = ModelBasedController(walk.description, stack.model_based_parameters("g1"))
    controller.reset(walk.ticks[0].estimate)
    for tick, plan in zip(walk.ticks, walk.plans, strict=True):
        controller.receive(plan)
        result = controller.step(tick.estimate, tick.velocity, 0.002)
    recorded = walk.ticks[-1].results["mpc"]
    assert result.command.torque == pytest.approx(recorded.command.torque, abs=1e-6)


def test_the_command_writes_the_promised_keys(tmp_path):
    file = tmp_path / "bench.json"
    assert main(["bench", "loop", "--seconds", "1", "--json", str(file)]) == 0
    result = json.loads(file.read_text())
    assert {"p50", "p95", "p99", "max", "n", "reference", "ratio"} <= set(result["loop"])
    assert {"name", "p50"} == set(result["loop"]["reference"])
    assert "estimator_and_wbc" in result


def test_a_policy_is_timed_beside_bare_onnxruntime(walk, tmp_path):
    linear(tmp_path / "policy.onnx", 96, 29)
    write_yaml(deploy_yaml(), tmp_path / "deploy.yaml")
    (result,) = bench_policy(walk, tmp_path)
    assert result.cpu.n == len(walk.ticks)
    assert result.bound.name.startswith("onnxruntime")
    assert result.as_json()["ratio"] > 0.0


def test_a_policy_is_timed_without_naming_one_because_one_comes_with_the_package(tmp_path):
    file = tmp_path / "bench.json"
    assert main(["bench", "policy", "--seconds", "1", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["policy"]["n"] > 100


def test_timing_a_policy_that_is_not_there_says_so(capsys, tmp_path):
    assert main(["bench", "policy", "--policy", str(tmp_path / "gone.onnx")]) == 2
    assert "gone.onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["wbc", "--policy", "p.onnx"], "--policy means nothing for 'wbc'"),
        (["wbc", "--frames", "9"], "--frames means nothing for 'wbc'"),
        (["loop", "--rounds", "3"], "--rounds means nothing for 'loop'"),
        (["browsers", "--bag", "b"], "--bag means nothing for 'browsers'"),
        (["wire", "--domain", "233"], "--domain"),
        (["wbc", "--seconds", "nan"], "--seconds"),
        (["wbc", "--seconds", "inf"], "--seconds"),
        (["wbc", "--json", "/dev/null/b.json"], "/dev/null is a file"),
    ],
)
def test_what_would_have_no_effect_is_refused_before_the_walk(capsys, options, said):
    assert main(["bench", *options]) == 2
    assert said in capsys.readouterr().err


def test_frames_of_the_wire_are_counted_and_timed_both_ways(tmp_path):
    file, domain = tmp_path / "wire.json", Domain()
    asked = ["--seconds", "1", "--frames", "200", "--domain", str(domain.number)]
    assert main(["bench", "wire", *asked, "--json", str(file)]) == 0
    domain.release()
    result = json.loads(file.read_text())
    assert result["wire_encode"]["n"] == result["wire_decode"]["n"] == 200
    fast = result["exchanges"]["as fast"]
    assert fast["sent"] == 200
    assert fast["commands"]["received"] <= fast["states"]["received"] <= 200
    assert fast["commands"]["rejected"] == fast["states"]["refused"] == 0
