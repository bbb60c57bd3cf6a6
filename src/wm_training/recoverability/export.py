"""From branches to a robot's ``recoverability.yaml``: networks, limits, and the card of both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wm_bringup.host.provenance import provenance
from wm_control.arbiter.balance import BalanceMeter
from wm_control.arbiter.recoverability import FEATURES, FallNetwork
from wm_control.drivers import DRIVERS
from wm_control.robot.description import load_robot
from wm_training.recoverability.branches import HORIZON, IMPULSES, BranchRecord
from wm_training.recoverability.fitting import Seen, fit, seen
from wm_training.recoverability.grading import (
    FALSE_ALARMS,
    FOLDS,
    calibrated_limit,
    card_of,
    cross_judged,
)

FILE = "recoverability.yaml"


@dataclass(frozen=True, slots=True)
class Learned:
    """A network and its card for every driver, and what was learned from."""

    networks: dict[str, FallNetwork]
    cards: dict[str, dict[str, Any]]
    data: dict[str, Any]

    def lines(self) -> Iterable[str]:
        """Say how good each is, for people."""
        for driver, card in self.cards.items():
            yield (
                f"{driver}: AUC {card['auc_50_ms_after_the_push']} 50 ms after the push; limit "
                f"{card['limit']}: tells {card['falls_told']} of {card['falls']} falls, "
                f"{card['false_alarms']} false alarms in {card['calm_episodes']} episodes"
            )


def learn(paths: Sequence[Path], robot: str, seed: int) -> Learned:
    """Learn a network for every driver from branches."""
    meter = BalanceMeter(load_robot(robot))
    branches = [seen(BranchRecord.load(path), meter) for path in paths]
    usable = [one for one in branches if len(one.since) > 1]
    networks, cards = {}, {}
    for driver in DRIVERS:
        its = [one for one in usable if one.driver == driver]
        judged = cross_judged(its, seed)
        cards[driver] = card_of(judged, calibrated_limit(judged), seed)
        networks[driver] = fit(its, seed)
    return Learned(networks, cards, _data(branches, seed))


def _data(branches: Sequence[Seen], seed: int) -> dict[str, Any]:
    told = provenance()
    return {
        "episodes": len({one.seed for one in branches}),
        "branches": len(branches),
        "pushes_n_s": list(IMPULSES),
        "falls_within_s": HORIZON,
        "judged_in_folds": FOLDS,
        "false_alarms_allowed": FALSE_ALARMS,
        "seed": seed,
        "parameters_sha256": told["parameters_sha256"],
        "version": told["version"],
    }


def write(learned: Learned, folder: Path) -> Path:
    """Write the robot's file, whole or not at all."""
    fields = FallNetwork.__dataclass_fields__
    drivers = {
        name: {field: _plain(getattr(network, field)) for field in fields}
        for name, network in learned.networks.items()
    }
    card = {**learned.data, **learned.cards}
    content = {"card": card, "features": list(FEATURES), "drivers": drivers}
    path, part = folder / FILE, folder / f"{FILE}.part"
    text = yaml.safe_dump(content, sort_keys=False, width=100, default_flow_style=None)
    part.write_text(f"# Written by wm recoverability, see docs/training.md.\n{text}")
    part.replace(path)
    return path


def _plain(value: Any) -> Any:  # noqa: ANN401 - numbers, nested
    return [_plain(one) for one in value] if isinstance(value, tuple) else value
