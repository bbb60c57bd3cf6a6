"""The graph for a real robot walks the emulated one: real processes, both networks."""

import json
import subprocess
import sys

import pytest

PLAN = """
course: [{name: walk, seconds: 2.0, x: 0.3}]
walking: {name: walk, seconds: 1.5, x: 0.3}
mishaps: [{name: loop killed, kill: loop_process, ends: damped, within: 5.0}]
"""

ATTEMPTS = 3
"""A busy machine may stand still for longer than the guard of the wire bears, on any of them."""


def rehearsed(folder, domain, *more):
    """What `wm rehearse` said of its last run, the first one that ended as it had to, if any did.

    On a DDS domain that no other test has.
    """
    plan = folder / "plan.yaml"
    plan.write_text(PLAN, encoding="utf-8")
    command = [sys.executable, "-m", "wm_bringup.cli", "rehearse", f"--plan={plan}"]
    for attempt in range(ATTEMPTS):
        output = folder / f"{attempt}"
        words = [f"--domain={domain.number + 100}", f"--output={output}", *more]
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
        (row,) = json.loads((output / "summary.json").read_text(encoding="utf-8"))["runs"]
        assert done.returncode == (0 if row["held"] else 1), done.stdout + done.stderr
        if row["held"]:
            break
    return row


@pytest.mark.live
def test_a_robot_is_taken_over_walked_stopped_and_given_back(domain, tmp_path):
    row = rehearsed(tmp_path, domain, "--controller=mpc", "--mishap=none")
    assert row["held"], row["why"]
    assert row["armed"]
    assert row["given_back"]
    assert not row["fell"]
    assert row["commands"] > 1000
    assert row["path_ms"]["n"] > 500


@pytest.mark.live
def test_a_loop_that_is_killed_while_it_walks_leaves_a_robot_that_is_damped(domain, tmp_path):
    row = rehearsed(tmp_path, domain, "--controller=mpc", "--runs=0", "--mishap=loop killed")
    assert row["held"], row["why"]
    assert row["damped_after"] is not None
