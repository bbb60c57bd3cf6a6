"""``wm report``: a comparison's results for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from wm_bringup.commands import HELD


def report(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Results of wm compare.")],
    pictures: Annotated[
        bool, typer.Option(help="Walk the worst episodes again for film strips.")
    ] = True,
    markdown: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only bring the tables in this file up to date."),
    ] = None,
) -> int:
    """Write the report.html of a comparison's results, or its tables into a Markdown file.

    The page is one file that loads nothing. With --markdown what stands between the file's markers
    of this comparison is replaced, see docs/results/README.md.

    Example: wm report results/compare_quick
    """
    from wm_bringup.page.markdown import bring_up_to_date
    from wm_bringup.page.replayed import setups_of
    from wm_bringup.page.write import write_report
    from wm_bringup.report.screen import make_console, make_screen

    if markdown is not None:
        changed = bring_up_to_date(markdown, folder)
        told = "brought up to date" if changed else "was up to date"
        make_console().print(f"{markdown}: {told}")
        return HELD
    with make_screen().status("Writing the report; the worst episodes are walked again ..."):
        path = write_report(folder, setups_of(folder) if pictures else None)
    make_console().print(str(path))
    return HELD
