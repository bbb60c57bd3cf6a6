"""``python tools/punch_falls.py``: falls per punch, by force and limb, worked by hand."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import yaml

FILE = Path(__file__).parents[3] / "tools" / "punch_falls.py"

SUITE = """
name: s
contestants: [{name: mpc}, {name: p, controller: policy}]
scenario:
  punches:
    - {joint: waist_yaw_joint, force: [0, 0, 400], at: 3.0}
    - {joint: left_elbow_joint, force: [0, 300, 0], at: 2.0}
    - {joint: left_knee_joint, force: [199, 0, 0], at: 1.0}
cases: [{name: c}]
"""


@pytest.fixture
def told(tmp_path, monkeypatch, capsys):
    """Run the tool on such a suite with (contestant, seconds, fell); returns code, out, err."""
    spec = importlib.util.spec_from_file_location("punch_falls", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["punch_falls.py", str(tmp_path)])

    def run(summary):
        (tmp_path / "summary.json").write_text(summary)
        code = module.main()
        return code, *capsys.readouterr()

    return run


def summary_of(*episodes):
    keys = ("contestant", "seconds", "fell")
    rows = [
        {"case": "c", "seed": seed, **dict(zip(keys, one, strict=True))}
        for seed, one in enumerate(episodes)
    ]
    return json.dumps({"suite": yaml.safe_load(SUITE), "episodes": rows})


def test_a_fall_counts_for_the_last_punch_before_it(told):
    met = summary_of(
        ("mpc", 2.5, True),
        ("mpc", 9.0, False),
        ("p", 3.1, True),
        ("p", 1.5, True),
        ("p", 0.5, True),
    )
    code, said, _ = told(met)
    assert code == 0
    rows = {
        line.split(" | ")[1]: line.strip("| ").split(" | ")[2:] for line in said.split("\n")[2:4]
    }
    counts = {who: [cell.partition(" (")[0] for cell in row] for who, row in rows.items()}
    columns = ("0 to 200", "200 to 300", "300 to 400", "from 400", "arms", "waist", "legs")
    assert dict(zip(columns, counts["mpc"], strict=True)) == {
        "0 to 200": "0 of 2", "200 to 300": "0 of 0", "300 to 400": "1 of 2", "from 400": "0 of 1",
        "arms": "1 of 2", "waist": "0 of 1", "legs": "0 of 0",
    }  # fmt: skip
    assert counts["p"] == [
        "1 of 2", "0 of 0", "0 of 1", "1 of 1", "0 of 1", "1 of 1", "0 of 0"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        ("{}", "summary of a suite"),
        ("[]", "summary of a suite"),
        ("{", "summary of a suite"),
        (summary_of(("mpc", 0.5, False)), "nobody met a punch"),
    ],
)
def test_what_tells_nothing_of_punches_is_said(told, summary, words):
    code, _, said = told(summary)
    assert code == 2
    assert words in said
