"""A run as a moving picture: as many frames as it lasts, the robot in the middle, small."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from short_bags import scenario

from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.record.animation import FRAMES_PER_SECOND, SIZE
from wm_bringup.scenarios.scenario import Push

SECONDS = 1.6


@pytest.fixture(scope="module", params=[".webp", ".gif"])
def film(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / f"new/walk{request.param}"
    push = Push(impulse=(0.0, 10.0, 0.0), at=0.4)
    setup = WalkSetup(scenario(SECONDS, pushes=(push,)), engine="mujoco", film=path)
    run_episode(setup, 0)
    return Image.open(path)


def frame(film, index):
    film.seek(index)
    return np.asarray(film.convert("RGB"), dtype=int)


def test_it_lasts_as_long_as_the_run(film):
    assert film.n_frames == pytest.approx(SECONDS * FRAMES_PER_SECOND, abs=1)
    film.seek(1)
    film.load()
    assert film.info["duration"] == 80
    assert film.info["loop"] == 0


def test_the_robot_is_whole_in_the_middle_and_moves(film):
    """Its head and soles are the only black there is, on a light ground."""
    for index in (0, film.n_frames // 2, film.n_frames - 1):
        dark = frame(film, index)[: SIZE[1]].max(axis=2) < 70
        rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
        assert 10 < rows[0] < 0.25 * SIZE[1]
        assert 0.75 * SIZE[1] < rows[-1] < SIZE[1] - 10
        assert 0.35 * SIZE[0] < columns.mean() < 0.65 * SIZE[0]
    first, last = frame(film, 0), frame(film, film.n_frames - 1)
    assert np.abs(first - last)[: SIZE[1]].max(axis=2).mean() > 3.0


def test_the_push_is_told_in_red_while_it_counts_and_no_longer(film):
    told = []
    for index in range(film.n_frames):
        below = frame(film, index)[SIZE[1] :]
        told.append(bool((below[..., 0] - below[..., 1] > 80).any()))
    times = np.flatnonzero(told) / FRAMES_PER_SECOND
    assert times.min() == pytest.approx(0.4, abs=0.1)
    assert times.max() == pytest.approx(1.0, abs=0.15)


def test_it_is_small_enough_for_a_page(film):
    from pathlib import Path

    assert Path(film.filename).stat().st_size / film.n_frames < 24_000
