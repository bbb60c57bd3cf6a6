"""Histories in every arrangement, with numbers worked by hand.

The frame has two terms of widths 2 and 1; frame k is (10 k, 10 k + 1, 10 k + 2), k = 1, 2, ...
"""

import numpy as np
import pytest

from wm_policy.history import BlockWriter, arrangement
from wm_policy.manifest import History

WIDTHS = [2, 1]


def history(**changes: object) -> History:
    base = {
        "length": 2,
        "layout": "per_term",
        "order": "oldest_first",
        "fill": "zero",
        "current": True,
    }
    return History(**{**base, **changes})


def written(steps: int, **changes: object) -> list[float]:
    """Write frames 1 to ``steps`` and return the last target."""
    chosen = history(**changes)
    frame = np.zeros(3, dtype=np.float32)
    target = np.zeros(3 * chosen.length, dtype=np.float32)
    writer = BlockWriter(frame, target, WIDTHS, chosen)
    for k in range(1, steps + 1):
        frame[:] = (10 * k, 10 * k + 1, 10 * k + 2)
        writer.write()
    return target.tolist()


@pytest.mark.parametrize(
    ("layout", "order", "expected"),
    [
        ("per_term", "oldest_first", [20, 21, 30, 31, 22, 32]),
        ("per_term", "newest_first", [30, 31, 20, 21, 32, 22]),
        ("per_frame", "oldest_first", [20, 21, 22, 30, 31, 32]),
        ("per_frame", "newest_first", [30, 31, 32, 20, 21, 22]),
    ],
)
def test_two_frames_after_three_steps(layout: str, order: str, expected: list[float]) -> None:
    assert written(3, layout=layout, order=order) == expected


def test_without_the_current_frame_the_newest_is_the_one_before() -> None:
    assert written(3, layout="per_frame", current=False) == [10, 11, 12, 20, 21, 22]


def test_zero_fill_leaves_zeros_for_the_time_before_the_start() -> None:
    assert written(1, layout="per_frame") == [0, 0, 0, 10, 11, 12]
    assert written(1, layout="per_frame", current=False) == [0, 0, 0, 0, 0, 0]


def test_first_fill_repeats_the_first_frame() -> None:
    assert written(1, layout="per_frame", fill="first") == [10, 11, 12, 10, 11, 12]
    assert written(1, layout="per_frame", fill="first", current=False) == [10, 11, 12] * 2
    assert written(2, layout="per_frame", fill="first", length=3) == [10, 11, 12] * 2 + [20, 21, 22]


def test_long_runs_keep_exactly_the_last_frames() -> None:
    assert written(12, layout="per_frame", length=3) == [
        *(100, 101, 102),
        *(110, 111, 112),
        *(120, 121, 122),
    ]


def test_a_reset_forgets_all_frames() -> None:
    frame = np.ones(3, dtype=np.float32)
    target = np.zeros(6, dtype=np.float32)
    writer = BlockWriter(frame, target, WIDTHS, history(layout="per_frame"))
    writer.write()
    writer.reset()
    writer.write()
    assert target.tolist() == [0, 0, 0, 1, 1, 1]


def test_a_block_without_history_is_the_frame_of_now() -> None:
    frame = np.array([1, 2, 3], dtype=np.float32)
    target = np.zeros(3, dtype=np.float32)
    BlockWriter(frame, target, WIDTHS, None).write()
    assert target.tolist() == [1, 2, 3]


@pytest.mark.parametrize("layout", ["per_term", "per_frame"])
@pytest.mark.parametrize("order", ["oldest_first", "newest_first"])
def test_every_arrangement_uses_every_value_once(layout: str, order: str) -> None:
    places = arrangement([3, 1, 5], history(length=4, layout=layout, order=order))
    assert sorted(places.tolist()) == list(range(36))
