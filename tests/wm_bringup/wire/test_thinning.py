from loop_fakes import observation_at

from wm_bringup.wire.thinning import Thinning


def due(thinning, *sequences, run=0):
    return [s for s in sequences if thinning.due(observation_at(0.002 * s, s, run=run))]


def test_one_in_every_few_is_sent():
    assert due(Thinning(4), *range(10)) == [0, 4, 8]


def test_where_the_one_due_was_lost_the_next_is_sent_and_a_repeated_one_only_once():
    # 4 was lost: the packet of 3 came again in its place
    assert due(Thinning(4), 0, 1, 2, 3, 3, 5, 6, 7, 8, 9, 9) == [0, 5, 9]


def test_a_new_run_is_sent_at_once():
    thinning = Thinning(4)
    assert due(thinning, 0, 1, 2) == [0]
    assert due(thinning, 0, 1, run=1) == [0]
