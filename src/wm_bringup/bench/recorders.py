"""A recorder beside a graph that runs, or none."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from wm_bringup.graph.processes import describe, graph_arguments
from wm_bringup.graph.runner import GraphRunner
from wm_control.errors import WmError

START_UP = 60.0
"""A recorder that has not come up by then does not, on the graph's clock [s]."""


class RecorderError(WmError):
    """The recorder did not record to the end."""


@contextmanager
def recorders(given: Mapping[str, object], count: int) -> Iterator[list[int]]:
    """Have that graph recorded by so many; how large each bag is is known afterwards [B].

    given: arguments of the graph. GraphFailedError when one does not come up.
    """
    sizes: list[int] = []
    with tempfile.TemporaryDirectory(prefix="recorders_") as folder:
        bags = [Path(folder) / f"bag_{k}" for k in range(count)]
        running: list[GraphRunner] = []
        try:
            for bag in bags:
                running.append(_recorder(given, bag))
                running[-1].bring_up(START_UP)
            yield sizes
        finally:
            for runner in running:
                runner.stop()
        if said := [str(ended) for runner in running for ended in runner.exits if ended.failed]:
            raise RecorderError("; ".join(said))
        sizes += [sum(file.stat().st_size for file in bag.iterdir()) for bag in bags]


def _recorder(given: Mapping[str, object], bag: Path) -> GraphRunner:
    """Make ready to run the recorder of a graph alone, as it would be run with it."""
    graph = describe(graph_arguments({**given, "record": str(bag)}))
    alone = tuple(process for process in graph.processes if process.name == "recorder")
    return GraphRunner(replace(graph, processes=alone), lambda _: None)
