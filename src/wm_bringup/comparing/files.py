"""The files of a comparison's results, beside its episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from wm_bringup.comparing.plan import Comparison
from wm_bringup.comparing.summary import Summary, Timings, as_text
from wm_bringup.host.provenance import provenance
from wm_bringup.judging.episode_store import RunStoreError, conditions_of
from wm_bringup.judging.runner import robots_of


def keep_comparison(comparison: Comparison, folder: Path) -> None:
    """Write what was asked, in full, as ``suite.yaml``: it asks the same on its own."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(comparison.as_json(), sort_keys=False, allow_unicode=True, width=120)
    (folder / "suite.yaml").write_text(text, encoding="utf-8")


def conditions(comparison: Comparison, policies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Say what decides the episodes: they go on only under the same."""
    return {
        "comparison": comparison.name,
        "comparison_sha256": comparison.sha256(),
        "policies_sha256": {name: facts["sha256"] for name, facts in policies.items()},
        "policies": {name: facts["identity"] for name, facts in policies.items()},
        "robots_sha256": robots_of(run.setup for run in comparison.runs()),
        **provenance(),
    }


DECIDES = ("comparison_sha256", "policies_sha256")
"""What two versions of this software must agree on to tell the same episodes."""


def walked_under(path: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return under what episodes were walked, by whatever version.

    RunStoreError where another comparison was asked for then, or policies were others.
    """
    walked = conditions_of(path)
    for key in DECIDES:
        if walked.get(key) != asked[key]:
            raise RunStoreError(f"{path} holds episodes of other cases or policies ({key} differs)")
    return walked


def write_results(
    folder: Path,
    summary: Summary,
    timings: Timings,
    manifest: Mapping[str, Any],
    extra: Path | None = None,
) -> None:
    """Write summary, timings, manifest and JUnit's file; the summary where else it is wanted."""
    text = as_text(summary)
    for path in (folder / "summary.json", extra):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    (folder / "timings.json").write_text(as_text(timings), encoding="utf-8")
    (folder / "manifest.json").write_text(as_text(manifest), encoding="utf-8")
    _write_junit(folder / "junit.xml", summary, timings)


def _write_junit(path: Path, summary: Summary, timings: Timings) -> None:
    """Write one test per claim, contestant and facet, whose verdict is its output."""
    root = ElementTree.Element("testsuites", name=summary.name)
    for suite, tests in (
        ("claims", _claim_tests(summary)),
        ("contestants", _contestant_tests(summary)),
        ("in time", _time_tests(summary, timings)),
        ("asked for", _missed_tests(summary)),
        ("facets", _facet_tests(summary)),
    ):
        rows = list(tests)
        failures = sum(bool(failure) for _, failure, _ in rows)
        node = ElementTree.SubElement(
            root, "testsuite", name=suite, tests=str(len(rows)), failures=str(failures)
        )
        for name, failure, output in rows:
            test = ElementTree.SubElement(node, "testcase", classname=suite, name=name)
            if failure:
                ElementTree.SubElement(test, "failure", message=failure)
            if output:
                ElementTree.SubElement(test, "system-out").text = output
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


Test = tuple[str, str, str]
"""Name, why it failed or nothing, output."""


def _claim_tests(summary: Summary) -> Iterator[Test]:
    for claim in summary.claims:
        name = f"{claim['contestant']} beside {claim['better']['contestant']}"
        why = [one for one in summary.broken if f"{claim['case']}, {claim['contestant']}:" in one]
        yield name, "" if claim["held"] else "; ".join(why), ""


def _contestant_tests(summary: Summary) -> Iterator[Test]:
    for one in summary.contestants:
        yield one.name, one.disqualified, f"{one.episodes} episodes"


def _time_tests(summary: Summary, timings: Timings) -> Iterator[Test]:
    for one in summary.contestants:
        yield one.name, timings.late.get(one.name, ""), ""


def _missed_tests(summary: Summary) -> Iterator[Test]:
    yield "everything that was asked for happened", "; ".join(summary.missed), ""


def _facet_tests(summary: Summary) -> Iterator[Test]:
    for name, facet in summary.facets.items():
        yield name, "", "\n".join(facet.verdict)
