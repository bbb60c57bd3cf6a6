"""A recorder that is there for a while, a real one."""

from wm_bringup.bench.recorders import recorders


def test_a_recorder_comes_up_and_leaves_its_bag_behind_for_as_long_as_it_is_looked_at(domain):
    with recorders({}, 1) as sizes:
        assert sizes == []
    (size,) = sizes
    assert size > 100
