"""Verdicts in words, made from the numbers and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from wm_bringup.comparing.summary import Difference, FigureTold, Number
from wm_bringup.judging.paired import SIGNIFICANT


def difference_words(one: Difference, figure: FigureTold, numbers: Sequence[Number]) -> str:
    """Say one difference, whoever is better named first.

    numbers: figures of the one and of the other, over the episodes that both walked.
    """
    evidence = f"({_evidence(_of_the_better(one, figure), figure)})"
    if one.one == one.other:
        return _change_words(one, figure, evidence)
    if not one.shown:
        told = _both(figure, numbers, "and")
        who = f"between {one.one} and {one.other}"
        return f"{figure.title}: no difference shown {who}{told} {evidence}"
    first = one.better == one.one
    told = _both(figure, numbers if first else numbers[::-1], "against")
    worse = one.other if first else one.one
    return f"{figure.title}: {one.better} is better than {worse}{told} {evidence}"


def _of_the_better(one: Difference, figure: FigureTold) -> Difference:
    """Turn a difference about, where it is shown and the other one is better."""
    if not one.shown or one.better != one.other or one.one == one.other:
        return one
    turned = _inverse if figure.unit == "1/h" else _negative
    value, low, high = (turned(number) for number in (one.value, one.high, one.low))
    return replace(one, one=one.other, other=one.one, value=value, low=low, high=high)


def _negative(number: float | None) -> float | None:
    return None if number is None else -number


def _inverse(number: float | None) -> float | None:
    if number is None:
        return None
    return 1.0 / number if number else math.inf


def _change_words(one: Difference, figure: FigureTold, evidence: str) -> str:
    if not one.shown:
        return f"{figure.title}: no change shown of {one.one} {evidence}"
    better = "better" if _improves(one, figure) else "worse"
    return f"{figure.title}: {one.one} gets {better} {evidence}"


def _improves(one: Difference, figure: FigureTold) -> bool:
    return one.value is not None and (one.value > 0.0) == figure.more_is_better


def _both(figure: FigureTold, numbers: Sequence[Number], word: str) -> str:
    first, second = (number_words(number, figure) for number in numbers)
    return f", {first} {word} {second}"


def number_words(number: Number, figure: FigureTold) -> str:
    """Write a figure as it is said: shares with their counts."""
    if number.events is not None and figure.unit != "1/h":
        return f"{number.events} of {number.n}"
    return f"{_short(number.value)}{' ' + figure.unit if figure.unit else ''}"


def figure_words(figure: FigureTold) -> str:
    """Say a figure of everybody, where nobody is compared by it."""
    told = ", ".join(
        f"{name} {number_words(number, figure)} ({_short(number.low)} to {_short(number.high)})"
        for name, number in figure.contestants.items()
    )
    return f"{figure.title}: {told}"


def _evidence(one: Difference, figure: FigureTold) -> str:
    """Difference, interval, p and n."""
    what = "ratio" if figure.unit == "1/h" else "difference"
    unit = "" if figure.unit in ("", "1/h") else f" {figure.unit}"
    p = one.p if one.p_holm is None else one.p_holm
    corrected = "" if one.p_holm is None else " corrected"
    return (
        f"{what} {_short(one.value)}{unit}, 95 % {_short(one.low)} to {_short(one.high)}, "
        f"p {p:.2g}{corrected}, {one.n} pairs"
    )


def _short(value: float | None) -> str:
    if value is None or math.isnan(value):
        return "-"
    return f"{value:.3g}"


def verdict_of(differences: Sequence[Difference], figures: Sequence[FigureTold]) -> list[str]:
    """Sum a facet up: the headline first, then all that is shown, then how much is not."""
    headline = [one for one in differences if one.headline]
    rest = [one for one in differences if not one.headline]
    shown = [one for one in rest if one.shown]
    said = [*(one.words for one in headline), *both_words(differences, figures)]
    said += [one.words for one in shown]
    compared = {one.figure for one in differences}
    said += [figure_words(figure) for figure in figures if figure.name not in compared]
    if rest:
        said.append(
            f"of {len(rest)} further comparisons {len(rest) - len(shown)} show no difference "
            f"(p {SIGNIFICANT:g}, corrected by Holm)"
        )
    return said


def both_words(differences: Sequence[Difference], figures: Sequence[FigureTold]) -> list[str]:
    """Model, policy or both: each contestant with the others that it is better or worse than.

    In the headline's figure, or nothing without one.
    """
    wanted = next((one.figure for one in differences if one.headline), None)
    if wanted is None:
        return []
    title = next(figure.title for figure in figures if figure.name == wanted)
    own = [one for one in differences if one.figure == wanted and one.one != one.other]
    names = dict.fromkeys(name for one in own for name in (one.one, one.other))
    ranks = [rank for name in names if (rank := _rank(name, own))]
    return [f"{title}: {'; '.join(ranks) or 'nobody is shown to be better than another'}"]


def _rank(name: str, differences: Sequence[Difference]) -> str:
    """Say whom a contestant beats and to whom it loses; empty where nothing is shown."""
    mine = [one for one in differences if one.shown and name in (one.one, one.other)]
    beats = [one.other if one.one == name else one.one for one in mine if one.better == name]
    loses = [one.other if one.one == name else one.one for one in mine if one.better != name]
    parts = [
        f"{word} {', '.join(names)}"
        for word, names in (("beats", beats), ("loses to", loses))
        if names
    ]
    return f"{name} {', '.join(parts)}" if parts else ""
