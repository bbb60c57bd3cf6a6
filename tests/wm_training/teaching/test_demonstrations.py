"""The teacher's labels: what they mean, and that they come with the right gait."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from wm_control.robot.description import load_robot
from wm_policy.manifest import Phase
from wm_policy.models import shipped_policy
from wm_training.run_folder import training_parameters
from wm_training.teaching.demonstrations import Demonstrations, teach
from wm_training.teaching.demonstrator import TeachersClock

ROBOT = load_robot("g1")


def test_the_students_clock_is_in_the_teachers_step() -> None:
    """The teacher's 0.5 is the right foot's landing: then the left leg begins to swing."""
    clock = TeachersClock(Phase(1.25, (0.0, math.pi), "before"), 50.0)
    clock.follow(0.5)
    assert clock.sine == pytest.approx((0.0, 0.0), abs=1e-6)
    assert clock.cosine == pytest.approx((1.0, -1.0))
    clock.follow(0.75)
    assert clock.sine == pytest.approx((1.0, -1.0))
    clock.tick((1.0, 0.0, 0.0), 0.0, 0.0)
    assert clock.sine == pytest.approx((1.0, -1.0))
    clock.follow(math.nan)
    assert clock.sine.tolist() == [0.0, 0.0]
    assert clock.cosine.tolist() == [1.0, 1.0]


@pytest.fixture(scope="module")
def lesson() -> Demonstrations:
    """A few seconds in which the teacher drives, with the shipped policy as the student."""
    imitation = replace(training_parameters("g1", None).imitation, lesson=4.0)
    return teach("g1", shipped_policy(), 5, imitation, 0.0).demonstrations


def test_a_lesson_holds_one_example_per_period_of_the_student(lesson: Demonstrations) -> None:
    assert 60 <= len(lesson) <= 200  # 4 s at 50 Hz, less those of starting and stopping
    assert lesson.observation.shape == (len(lesson), 217)
    assert lesson.label.shape == (len(lesson), 12)
    assert np.isfinite(lesson.label).all()


def test_the_last_action_that_is_seen_is_the_label_that_was_at_work(
    lesson: Demonstrations,
) -> None:
    """Scaled by 0.25, at the end of the newest frame; examples follow one another."""
    seen = lesson.observation[1:, 7 + 30 : 7 + 42] / 0.25
    same = np.abs(seen - lesson.label[:-1]).max(axis=1) < 1e-4
    assert same.mean() > 0.9


def test_standing_labels_hold_the_weight_with_the_knees(lesson: Demonstrations) -> None:
    standing = (lesson.observation[:, 5:7] > 0.999).all(axis=1)
    assert standing.any()
    assert (lesson.label[standing][:, [3, 9]] > 0.0).all()


def test_demonstrations_are_written_and_read(tmp_path: Path, lesson: Demonstrations) -> None:
    lesson.save(tmp_path / "a.npz")
    again = Demonstrations.load(tmp_path / "a.npz")
    assert np.array_equal(again.label, lesson.label)
    assert len(again.joined(lesson)) == 2 * len(lesson)


def test_a_student_of_100_hz_gets_an_example_per_period_of_its_own(tmp_path: Path) -> None:
    """In 2.5 s a student of 50 Hz gets at most 125."""
    shipped = shipped_policy()
    content = yaml.safe_load(shipped.read_text())
    for key in ("golden", "story"):
        content.pop(key, None)
    content["rate"] = 100.0
    shutil.copy(shipped.with_suffix(".onnx"), tmp_path)
    student = tmp_path / shipped.name
    student.write_text(yaml.safe_dump(content))
    imitation = replace(training_parameters("g1", None).imitation, lesson=2.5)
    assert 150 <= len(teach("g1", student, 5, imitation, 0.0).demonstrations) <= 250
