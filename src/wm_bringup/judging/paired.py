"""Two contestants on the same episodes: whose falls are more, and how sure that is.

The exact test of McNemar: only episodes in which one fell and the other did not tell them apart,
and were both as good, either would be the one that fell with probability 1/2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wm_bringup.judging.episode import EpisodeResult
from wm_bringup.judging.markdown import markdown_table
from wm_bringup.judging.statistics import count_of, mcnemar, proportion_interval
from wm_bringup.judging.suite import Paired, Suite

SIGNIFICANT = 0.05
"""Probability of a difference as large by chance, below which it is taken for one."""

ALL = "all cases"

Falls = Mapping[tuple[str, int], bool]
"""Whether it fell, by case and seed."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Falls of two contestants, one and other, over n episodes that both walked.

    only_one, only_other: episodes in which the one fell and the other did not, and vice versa.
    """

    other: str
    n: int
    falls: int
    other_falls: int
    only_one: int
    only_other: int

    @staticmethod
    def of(one: Falls, other: Falls, name: str) -> Pairs:
        """Count them. name: of the other."""
        both = [(one[key], other[key]) for key in one if key in other]
        return Pairs(
            name,
            len(both),
            sum(a for a, _ in both),
            sum(b for _, b in both),
            sum(a and not b for a, b in both),
            sum(b and not a for a, b in both),
        )

    @property
    def p_different(self) -> float:
        """Probability that two equally good ones differ as much, either way."""
        return mcnemar(self.only_one, self.only_other)

    @property
    def p_more(self) -> float:
        """Probability that two equally good ones differ as much with the one falling more."""
        return mcnemar(self.only_one, self.only_other, "greater")

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {
            "contestant": self.other,
            "n": self.n,
            "falls": self.other_falls,
            "falls_interval": list(proportion_interval(self.other_falls, self.n)),
            "only_it_fell": self.only_other,
            "only_the_other_fell": self.only_one,
            "p_different": self.p_different,
            "p_more": self.p_more,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """One contestant beside the best and the worst of others in one case."""

    case: str
    contestant: str
    better: Pairs
    worse: Pairs
    of_worse: float | None

    @property
    def not_more_than_better(self) -> bool:
        """Whether it does not fall significantly more than the best of them."""
        return not self.better.p_more < SIGNIFICANT

    @property
    def less_than_worse(self) -> bool:
        """Whether it falls at most as often as is wanted, if it is, beside the worst of them."""
        if self.of_worse is None:
            return True
        return self.worse.falls <= self.of_worse * self.worse.other_falls

    @property
    def held(self) -> bool:
        """Whether both hold."""
        return self.not_more_than_better and self.less_than_worse

    def as_json(self) -> dict[str, Any]:
        """Plain dictionary."""
        return {
            "case": self.case,
            "contestant": self.contestant,
            "n": self.better.n,
            "falls": self.better.falls,
            "falls_interval": list(proportion_interval(self.better.falls, self.better.n)),
            "better": self.better.as_json(),
            "worse": self.worse.as_json(),
            "of_worse_at_most": self.of_worse,
            "held": self.held,
        }


def comparisons(suite: Suite, results: Sequence[EpisodeResult]) -> list[Comparison]:
    """Compare what the suite wants compared, case by case and over all cases."""
    falls: dict[str, dict[tuple[str, int], bool]] = {}
    for one in results:
        falls.setdefault(one.contestant, {})[one.case, one.seed] = one.fell
    cases = [case.name for case in suite.cases]
    found = []
    for pair in suite.paired:
        for wanted in (*cases, *([ALL] if len(cases) > 1 else [])):
            own = {who: _of_case(known, wanted) for who, known in falls.items()}
            found += _compared(pair, wanted, own)
    return found


def _of_case(falls: Falls, case: str) -> Falls:
    return {key: fell for key, fell in falls.items() if case in (ALL, key[0])}


def _compared(pair: Paired, case: str, falls: Mapping[str, Falls]) -> list[Comparison]:
    """Compare in one case; nothing where nobody else walked the same episodes."""
    one = falls.get(pair.contestant, {})
    all_pairs = [Pairs.of(one, falls.get(name, {}), name) for name in pair.parents]
    others = sorted((p for p in all_pairs if p.n), key=lambda p: p.other_falls / p.n)
    if not others:
        return []
    return [Comparison(case, pair.contestant, others[0], others[-1], pair.of_worse)]


def comparison_table(found: Sequence[Comparison]) -> str:
    """Tabulate in Markdown."""
    heads = [
        *("case", "contestant", "falls (95 %)", "better parent", "only it / only the other fell"),
        *("p that it falls more", "worse parent", "only it / only the other fell"),
        *("p that they differ", "holds"),
    ]
    return markdown_table(heads, map(_cells, found))


def _cells(one: Comparison) -> tuple[str, ...]:
    better, worse = one.better, one.worse
    return (
        one.case,
        one.contestant,
        count_of(better.falls, better.n),
        f"{better.other} {count_of(better.other_falls, better.n)}",
        f"{better.only_one} / {better.only_other}",
        f"{better.p_more:.2g}",
        f"{worse.other} {count_of(worse.other_falls, worse.n)}",
        f"{worse.only_one} / {worse.only_other}",
        f"{worse.p_different:.2g}",
        "yes" if one.held else "NO",
    )


def broken_comparisons(found: Sequence[Comparison]) -> list[str]:
    """Say what does not hold, one sentence each."""
    said = []
    for one in found:
        who = f"{one.case}, {one.contestant}"
        if not one.not_more_than_better:
            better = one.better
            said.append(
                f"{who}: falls {better.falls} times of {better.n}, {better.other} "
                f"{better.other_falls} times: significantly more (p {better.p_more:.2g})"
            )
        if not one.less_than_worse:
            worse = one.worse
            said.append(
                f"{who}: falls {worse.falls} times of {worse.n}, limit {one.of_worse:.3g} of the "
                f"{worse.other_falls} times of {worse.other}"
            )
    return said
