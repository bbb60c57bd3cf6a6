"""How long a state took to become a command on the wire."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wm_bringup.cycle.latency import percentiles


def path_of(file: Path) -> dict[str, Any]:
    """Return the path's percentiles [ms] and the share of missed deadlines of a run's latencies.

    Percentiles are those of the samples that were kept, of a long run its last minutes. The path is
    from the robot's stamp, on this computer's clock by the fastest transport that was seen, to the
    return of the call that writes to the wire. Empty without a file.
    """
    if not file.is_file():
        return {}
    with np.load(file) as kept:
        path = kept["t_published"] + kept["backend_time"] - kept["t_sensor"]
        return {
            "path_ms": asdict(percentiles(1e3 * path)),
            "missed": int(kept["misses"]) / max(int(kept["periods"]), 1),
        }
