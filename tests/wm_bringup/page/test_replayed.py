"""Pictures of an episode come from walking it again, once."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from wm_bringup.judging.episodes import WalkSetup, walk
from wm_bringup.page.replayed import pictures_of, stints
from wm_bringup.scenarios.scenario import Scenario

KEY = "stand in mujoco, mpc, seed 0"
SETUP = WalkSetup(Scenario(name="stand", duration=0.4), engine="mujoco")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def pictures(folder):
    recorded = {"trace_sha256": walk(SETUP, 0).record.sha256()}
    return pictures_of(KEY, 0, recorded, folder, {KEY: SETUP}.__getitem__)


def test_the_film_is_a_picture_inside_the_page(pictures):
    head, content = pictures.film.split(",")
    assert head == "data:image/jpeg;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert image.format == "JPEG"
    assert image.width > image.height > 500


def test_the_timeline_names_who_drove(pictures):
    assert pictures.timeline.startswith("<svg")
    assert ">mpc</text>" in pictures.timeline


def test_the_episode_is_walked_once_and_compared_with_what_was_recorded(folder, pictures):
    assert pictures.same is True
    again = pictures_of(KEY, 0, {"trace_sha256": "another"}, folder, {}.__getitem__)
    assert (again.film, again.same) == (pictures.film, False)
    assert pictures_of(KEY, 0, {}, folder, {}.__getitem__).same is None


def test_stints_are_told_from_change_to_change():
    ticks = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
    told = stints(ticks, ["mpc", "mpc", "policy", "policy", "mpc"])
    assert told == [(0.0, 0.2, "mpc"), (0.2, 0.4, "policy"), (0.4, 0.4, "mpc")]
    assert stints(ticks[:0], []) == []
