from dataclasses import replace

import numpy as np
import pytest
from made_up_run import START, write_bag, write_latencies
from PIL import Image

from wm_bringup.demo import report
from wm_bringup.demo.course import DemoCourse, Segment
from wm_bringup.demo.demo import DemoOptions, judge_run, leave_pictures
from wm_bringup.demo.live import LiveRun
from wm_bringup.demo.report import lines, segment_table
from wm_bringup.report.screen import make_console
from wm_bringup.scenarios.scenario import Push, Scenario
from wm_control.robot.description import load_robot

COURSE = DemoCourse(
    segments=(
        Segment("stand", 1.0),
        Segment("push", 4.0, x=0.5, push=(15.0, 0.0, 0.0), push_after=1.0),
        Segment("turn", 3.0, x=0.3, yaw=0.4, fault="plan:off@1+0.5"),
    )
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    decisions = [
        (0.0, "NOMINAL", "mpc drives"),
        (2.0, "NOMINAL", "policy drives", "policy"),
        (3.5, "NOMINAL", "mpc drives"),
    ]
    write_bag(folder / "bag", COURSE, decisions=decisions, acted={"plan:off@6+0.5": 60})
    write_latencies(folder / "latency.npz", COURSE.seconds, missed={5})
    options = DemoOptions(folder, COURSE, film=folder / "films" / "course.webp")
    processes = [{"name": "control", "pid": 1, "cpu_percent": 40.0, "memory_mb": 200.0}]
    live = LiveRun(START, COURSE.seconds, "", ["/robot"], processes, [])
    judged = judge_run(live, options)
    leave_pictures(judged, options)
    return folder, judged


def test_what_the_scenario_does_is_drawn_as_what_segments_do(run, tmp_path, monkeypatch):
    scenario = Scenario(pushes=(Push((0.0, 8.0, 0.0), at=6.5),), faults=("gyro:bias=0.1@7",))
    course, shown = replace(COURSE, scenario=scenario), {}
    monkeypatch.setattr(report, "plot_drivers", lambda timeline, *_: shown.update(of=timeline))
    report.draw_plots(run[1].record, course, tmp_path)
    assert [at for at, _ in shown["of"].pushes] == [6.5, 2.0]
    assert [text for _, _, text in shown["of"].faults] == ["gyro:bias=0.1@7", "plan:off@6+0.5"]
    monkeypatch.setattr(
        report, "film_strip", lambda frames, *_: shown.update(film=frames) or Film()
    )
    report.draw_film(run[1].record, course, load_robot("g1"), tmp_path / "film.png")
    said = " ".join(moment.caption for moment in shown["film"])
    assert "push (0 8 0)" in said
    assert "gyro:bias=0.1" in said


class Film:
    def save(self, path):
        pass


def colours(path):
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3)
    return len(np.unique(pixels, axis=0))


@pytest.mark.parametrize("name", ["film.png", "motion.png", "drivers.png", "latency.png"])
def test_every_picture_shows_something(run, name):
    assert colours(run[0] / name) > 50


def test_the_film_strip_shows_each_segment_and_the_push_four_times(run):
    width, height = Image.open(run[0] / "film.png").size
    assert (width // 300, height // 400) == (3, 2)


def test_the_course_moves_and_tells_of_the_push(run):
    film = Image.open(run[0] / "films" / "course.webp")
    assert film.n_frames == pytest.approx(12.5 * COURSE.seconds, abs=2)
    pushed = [k for k in range(film.n_frames) if _is_striking(film, k)]
    assert [pushed[0] / 12.5, pushed[-1] / 12.5] == pytest.approx([2.0, 2.5], abs=0.1)


def _is_striking(film, frame):
    """Whether there is red in the caption."""
    film.seek(frame)
    below = np.asarray(film.convert("RGB"), dtype=int)[-24:]
    return bool((below[..., 0] - below[..., 1] > 80).any())


def test_the_table_names_every_segment_and_the_text_says_how_it_went(run, capsys):
    console = make_console()
    console.print(segment_table(run[1].summary))
    for line in lines(run[1].summary):
        console.print(line)
    said = capsys.readouterr().out
    assert all(segment.name in said for segment in COURSE.segments)
    assert "without a fall" in said
    assert "missed 1 of" in said
    assert "process control: 40 % of a core" in said
