"""``wm compare``: what is walked, kept and told, and going on after a kill."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import pytest

from wm_bringup.cli import main
from wm_bringup.commands import COULD_NOT_RUN, HELD, NOT_HELD
from wm_bringup.costs import contestants
from wm_bringup.costs.fact import Fact
from wm_bringup.judging import episodes
from wm_bringup.judging.criteria.criterion import Measured
from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.page import write

COMPARISON = """
name: small
seeds: {count: 3}
scenario: {duration: 0.1, noise: nominal}
worlds: [{name: home}, {name: bare, safety_layer: false}]
axes: [{name: course}]
contestants: [{name: mpc}, {name: hybrid, controller: hybrid}]
random: {of: [hybrid]}
oracle: [mpc]
paired: [{contestant: hybrid, parents: [mpc]}]
facets:
  - name: safety
    title: Does it fall
    headline: {figure: up, one: hybrid, other: mpc}
    figures: [{name: up, title: stays up, value: success, over: share, more_is_better: true}]
  - name: compute
    title: What it costs
    headline: {figure: cpu, one: hybrid, other: mpc}
    figures: [{name: cpu, title: CPU, value: control_cpu, fallen: measured}]
cases:
  - {name: stand, axis: course, worlds: [home, bare]}
"""

FILES = {
    "episodes.jsonl", "junit.xml", "manifest.json", "suite.yaml", "summary.json", "timings.json",
}  # fmt: skip


@pytest.fixture
def cheap(tmp_path, monkeypatch):
    """Episodes that cost nothing; whoever is in ``falls`` falls."""
    falls: set[str] = set()

    def run_episode(setup, seed):
        numbers = {
            "fell": setup.controller in falls,
            "seconds": 0.1,
            "rescues": 1 if setup.controller == "hybrid" else 0,
            "preferred_share": 0.5,
        }
        metrics = {name: Measured(float(value), "") for name, value in numbers.items()}
        notes = {"cpu_per_tick_ms": dict.fromkeys(
            ("estimator", "controller", "arbiter", "planner"), time.thread_time())}  # fmt: skip
        return EpisodeResult("", "", seed, metrics, notes)

    monkeypatch.setattr(episodes, "run_episode", run_episode)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(COMPARISON)
    return falls


def compare(*options):
    return main(["compare", "--suite", "small.yaml", "--no-report", *options])


def summary_of(folder):
    return json.loads((folder / "summary.json").read_text())


def test_a_comparison_leaves_its_files_and_says_its_verdicts(cheap, tmp_path, capsys):
    assert compare("--jobs", "1") == HELD
    folder = tmp_path / "results" / "compare_small"
    assert {path.name for path in folder.iterdir()} == FILES
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["schema"], manifest["complete"], manifest["episodes"]) == (1, True, 15)
    assert manifest["seeds"] == [0, 1, 2]
    assert manifest["conditions"]["parameters_sha256"]
    assert len(manifest["policies"]["hybrid"]["sha256"]) == 64
    said = capsys.readouterr().out
    assert "stays up: no difference shown between mpc and hybrid, 3 of 3 and 3 of 3" in said
    assert "hybrid: policy wm_g1_legs (Apache-2.0), trained for linear_x" in said
    kinds = {one["name"]: one["kind"] for one in summary_of(folder)["contestants"]}
    assert kinds == {
        "mpc": "mpc", "hybrid": "hybrid", "hybrid random": "random", "oracle": "oracle",
    }  # fmt: skip


def test_the_same_seeds_give_the_same_summary_byte_for_byte(cheap, tmp_path):
    for name in ("one", "two"):
        assert compare("--output", name, "--jobs", "1") == HELD
    one, two = ((tmp_path / name / "summary.json").read_bytes() for name in ("one", "two"))
    assert one == two
    one, two = ((tmp_path / name / "timings.json").read_bytes() for name in ("one", "two"))
    assert one != two  # these were measured


def test_a_hybrid_that_falls_more_than_its_parents_ends_it_with_one(cheap, tmp_path):
    cheap.add("hybrid")
    assert (
        compare("--seeds", "5", "--output", "out", "--jobs", "1", "--json", "mine.json") == NOT_HELD
    )
    assert (tmp_path / "mine.json").read_text() == (tmp_path / "out" / "summary.json").read_text()
    root = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot()
    failures = {
        test.get("name") for test in root.iter("testcase") if test.find("failure") is not None
    }
    assert failures == {"hybrid beside mpc"}


def test_what_cannot_be_compared_ends_with_two(cheap, tmp_path):
    assert compare("--policy", "nowhere.onnx") == COULD_NOT_RUN
    assert main(["compare", "--suite", "nothing"]) == COULD_NOT_RUN
    assert compare("--robot", "nobody") == COULD_NOT_RUN
    assert not (tmp_path / "results").exists()


def test_costs_and_page_are_made_once_all_episodes_are_there(cheap, tmp_path, monkeypatch):
    fact = Fact(7.0, "FLOP", "Operations.", "counted")
    monkeypatch.setattr(
        contestants, "facts_of", lambda setups: {"compute": {"mpc": {"flop": fact}}}
    )
    monkeypatch.setattr(
        contestants, "timed", lambda setups: ({"mpc": {"p": fact}}, {"mpc": {"n": 4000}})
    )
    monkeypatch.setattr(
        write, "write_report", lambda folder, setups: (folder / "report.html").touch()
    )
    assert main(["compare", "--suite", "small.yaml", "--output", "out", "--jobs", "1"]) == HELD
    folder = tmp_path / "out"
    assert summary_of(folder)["facets"]["compute"]["facts"]["mpc"]["flop"]["value"] == 7.0
    timed = json.loads((folder / "timings.json").read_text())
    assert timed["facets"]["compute"]["facts"]["mpc"]["p"]["unit"] == "FLOP"
    assert timed["latency"]["mpc"]["n"] == 4000
    assert (folder / "report.html").is_file()


def test_another_comparison_does_not_go_on_in_the_same_folder(cheap, tmp_path):
    assert compare("--output", "out", "--jobs", "1") == HELD
    assert compare("--output", "out", "--resume", "--jobs", "1") == HELD
    asked = (tmp_path / "out" / "suite.yaml").read_bytes()
    assert compare("--output", "out", "--resume", "--seeds", "2") == COULD_NOT_RUN
    assert (tmp_path / "out" / "suite.yaml").read_bytes() == asked


def test_figures_are_counted_anew_of_episodes_that_another_version_walked(cheap, tmp_path, capsys):
    assert compare("--output", "out", "--jobs", "1") == HELD
    lines, found = tmp_path / "out/episodes.jsonl", tmp_path / "out/summary.json"
    told, episodes = found.read_bytes(), lines.read_text()
    lines.write_text(episodes.replace('"version": "', '"version": "of old '))
    found.unlink()
    assert compare("--output", "out", "--resume") == COULD_NOT_RUN
    assert compare("--output", "out", "--recount") == HELD
    assert found.read_bytes() == told
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["conditions"]["version"].startswith("of old ")
    assert not manifest["counted"]["version"].startswith("of old ")
    assert "of old" in lines.read_text()

    assert compare("--output", "out", "--recount", "--seeds", "2") == COULD_NOT_RUN
    assert "other cases" in capsys.readouterr().err
    assert "wall" not in manifest  # that of counting is nobody's

    for rest in ("", '{"key": "sta'):
        lines.write_text("\n".join(episodes.splitlines()[:-1]) + "\n" + rest)
        before = lines.read_bytes()
        assert compare("--output", "out", "--recount") == COULD_NOT_RUN
        assert "go on with --resume" in capsys.readouterr().err
        assert lines.read_bytes() == before  # counting leaves episodes as they are
    lines.write_text(episodes.replace("\n", "\n\n", 1))
    assert compare("--output", "out", "--recount") == COULD_NOT_RUN
    assert "line 2 is no run" in capsys.readouterr().err
    assert compare("--output", "nowhere", "--recount") == COULD_NOT_RUN


def test_killed_it_goes_on_loses_nothing_and_finds_the_same(tmp_path, environment, popen):
    file, killed, whole = tmp_path / "small.yaml", tmp_path / "killed", tmp_path / "whole"
    file.write_text(COMPARISON.replace("[home, bare]", "[home]").replace("count: 3", "count: 2"))
    line = ["compare", "--suite", str(file), "--no-report"]
    first = popen(
        [sys.executable, "-m", "wm_bringup.cli", *line, "--output", str(killed), "--jobs", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines, deadline = killed / "episodes.jsonl", time.monotonic() + 120.0
    while not lines.is_file() or len(lines.read_text().splitlines()) < 3:
        assert time.monotonic() < deadline
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    kept = lines.read_text().splitlines()
    with lines.open("a", encoding="utf-8") as cut_off:
        cut_off.write('{"key": "stand')

    assert main([*line, "--output", str(killed), "--jobs", "1", "--resume"]) == HELD
    assert lines.read_text().splitlines()[: len(kept)] == kept
    keys = [json.loads(line)["key"] for line in lines.read_text().splitlines()[1:]]
    assert len(keys) == len(set(keys)) == 6

    assert main([*line, "--output", str(whole), "--jobs", "1"]) == HELD
    assert (whole / "summary.json").read_bytes() == (killed / "summary.json").read_bytes()
