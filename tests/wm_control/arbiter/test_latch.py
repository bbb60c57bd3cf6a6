from __future__ import annotations

from wm_control.arbiter.latch import Latch


def life(latch: Latch, samples: str) -> str:
    """Feed '.' good and 'x' bad samples; answers with '!' active and '-' not."""
    return "".join("!" if latch.update(s == ".") else "-" for s in samples)


def test_it_takes_trigger_bad_samples_in_a_row():
    assert life(Latch(3, 2), "xx.xx.xxx") == "--------!"


def test_it_takes_release_good_samples_in_a_row():
    assert life(Latch(1, 3), "x..x...") == "!!!!!!-"


def test_without_release_only_clear_lets_go_and_not_while_bad():
    latch = Latch(1, None)
    assert life(latch, "x....") == "!!!!!"
    latch.clear()
    assert not latch.active
    assert life(latch, "x") == "!"
    latch.clear()
    assert latch.active
