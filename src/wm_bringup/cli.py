"""``wm``: one command line for trying, deploying and judging a humanoid.

Only the command that was typed is imported, so that ``wm --help`` answers at once although some
commands load simulators and solvers; see ``wm_bringup.commands`` for how a command is added.
"""

from __future__ import annotations

import errno
import functools
import importlib
import math
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, ParamSpec

import typer
from typer.core import TyperCommand

from wm_bringup.commands import COMMANDS, COULD_NOT_RUN, ELSEWHERE, INTERRUPTED
from wm_bringup.host.extras import remedy
from wm_control.configuration.share import package_version
from wm_control.errors import WmError

P = ParamSpec("P")

HELP = """Model-based, learned and hybrid control of a humanoid under ROS 2, compared with numbers.

Exit codes: 0 what was asked for held, 1 it did not hold, 2 it could not run, 130 interrupted.

Example: wm walk --velocity 0.5 0 0 --seconds 20 --seeds 5
"""


CURES = {
    errno.EACCES: "name a place that may be written and read, or change its permissions",
    errno.EDQUOT: "free some space, or name a folder on another disk",
    errno.EISDIR: "name a file, not a folder",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
    errno.ENOENT: "see that the folder is there and the name is spelt right",
    errno.ENOSPC: "free some space, or name a folder on another disk",
    errno.ENOTDIR: "a part of this path is a file: name another",
    errno.EPERM: "name a place that may be written and read, or change its permissions",
    errno.EROFS: "this disk is read-only: name a folder on another",
}
"""What helps against an error of the operating system, by its number."""


NARROWEST_BOX = 60
"""Columns of a terminal below which a frame leaves too little room for what it frames."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``wm`` with ``arguments`` (default: those of the process) and return its exit code."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    make_streams_patient()
    previous = install_signal_handlers()
    try:
        return run_app(arguments)
    except WmError as error:
        print(f"wm: {error}", file=sys.stderr)
    except BrokenPipeError:
        pass  # whoever read our output has had enough
    except OSError as error:
        print(f"wm: output: {describe(error)}", file=sys.stderr)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    give_up_output()
    return COULD_NOT_RUN


def run_app(arguments: Sequence[str]) -> int:
    """Run the command and see that what it said is written; OSError where it cannot be."""
    code: object = 0
    try:
        build_app(arguments)(arguments, prog_name="wm")
    except SystemExit as leave:
        code = leave.code
    sys.stdout.flush()
    return code if isinstance(code, int) else COULD_NOT_RUN


def give_up_output() -> None:
    """Leave the interpreter's end nothing to write: it would fail, with a code of its own."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def build_app(
    arguments: Sequence[str],
    commands: Mapping[str, str] = COMMANDS,
    package: str = "wm_bringup.commands",
) -> typer.Typer:
    """Build the command line in which only the command named first in ``arguments`` is imported.

    commands: name and help line of each; ``package`` holds a module of each name. The other
    commands are listed by their help line alone.
    """
    app = typer.Typer(
        help=HELP,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if has_room_for_boxes() else None,
    )
    app.callback()(global_options)
    for name, line in commands.items():
        command = load_command(name, package) if list(arguments[:1]) == [name] else unloaded
        if isinstance(command, typer.Typer):
            for one in command.registered_commands:
                one.cls = Command
            app.add_typer(command, name=name)
        else:
            app.command(name, short_help=line, cls=Command)(guarded(command))
    return app


def has_room_for_boxes() -> bool:
    """Whether help and errors go to a terminal that can show frames; others get plain text."""
    terminal = all(stream.isatty() for stream in (sys.stdout, sys.stderr))
    plain = os.environ.get("TERM", "dumb") == "dumb"
    return terminal and not plain and shutil.get_terminal_size().columns >= NARROWEST_BOX


def load_command(name: str, package: str) -> Callable[..., int] | typer.Typer:
    """Import the module of one command and return its function, or its group of subcommands.

    Exits with code 2 and one line when the module is not part of this installation or a library
    that it needs is not installed.
    """
    try:
        module = importlib.import_module(ELSEWHERE.get(name, f"{package}.{name}"))
    except ModuleNotFoundError as error:
        refuse(f"'wm {name}' needs {missing(error)}")
    command: Callable[..., int] | typer.Typer = getattr(module, name)
    if isinstance(command, typer.Typer):
        for info in command.registered_commands:
            info.callback = guarded(info.callback) if info.callback else None
            info.cls = Command
    return command


def missing(error: ModuleNotFoundError) -> str:
    """Say which module is not there, and how to get it; one of our own cannot be had alone."""
    name = str(error.name)
    cure = "" if name.startswith("wm_") else f": {remedy(name)}"
    return f"the Python module '{name}', which is not installed here{cure}"


EMPTY_IS_A_CHOICE = ("run",)
"""Commands with options that are empty to mean none; elsewhere a path of no letters would be ``.``,
as of a variable that is not set."""


class Command(TyperCommand):
    """A command whose options are given once: of two, the first would be dropped unseen."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's own
        """Refuse an option that comes twice and is no list, or has no letters."""
        values, _, given = self.make_parser(ctx).parse_args(args=list(args))
        for param in given:
            if given.count(param) > 1 and param.nargs != -1 and not param.multiple:
                raise typer.BadParameter("given more than once", param_hint=f"--{param.name}")
            if values.get(param.name) == "" and ctx.info_name not in EMPTY_IS_A_CHOICE:
                raise typer.BadParameter("is empty", param_hint=f"'{param.name}'")
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer's own
        """Print the help with its brackets, which rich would take for markup."""
        from rich.markup import escape

        if self.rich_markup_mode is not None:
            for one in (self, *self.params):
                if text := getattr(one, "help", None):
                    setattr(one, "help", escape(text))  # noqa: B010 - not every parameter has one
        super().format_help(ctx, formatter)


def refuse_shared_files(options: Mapping[str, object]) -> None:
    """Refuse one file for two purposes: what is written last would be all that is left."""
    seen: dict[Path, str] = {}
    for name, value in options.items():
        if not isinstance(value, Path):
            continue
        path = Path(os.path.realpath(value))
        if path in seen and not path.is_dir() and not path.is_char_device():
            raise typer.BadParameter(
                f"{value} is named twice, for {seen[path]} as well",
                param_hint="--" + name.replace("_", "-"),
            )
        seen[path] = name.replace("_", "-")


def refuse_non_finite(options: Mapping[str, object]) -> None:
    """Refuse numbers that are none: NaN passes every bound that an option has."""
    for name, value in options.items():
        numbers = value if isinstance(value, (tuple, list)) else (value,)
        if any(isinstance(number, float) and not math.isfinite(number) for number in numbers):
            hint = "--" + name.replace("_", "-")
            raise typer.BadParameter("must be finite", param_hint=hint)


def describe(error: OSError) -> str:
    """Say what the operating system refused, of which file, and what helps, on one line."""
    if error.filename is None and not working_folder_is_there():
        return "the folder that this was started in is gone: cd to one that is there"
    file = f"{error.filename}: " if error.filename is not None else ""
    cure = f": {CURES[error.errno]}" if error.errno in CURES else ""
    return f"{file}{error.strerror or error}{cure}"


def working_folder_is_there() -> bool:
    """Whether relative paths mean anything."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def ran_out_of_memory(error: Exception) -> bool:
    """Whether memory was refused, or a process of a pool died, as the system ends the largest."""
    from concurrent.futures import BrokenExecutor

    return isinstance(error, (MemoryError, BrokenExecutor))


def guarded(command: Callable[P, int]) -> Callable[P, None]:
    """Wrap a command so that its result and its errors become exit codes and one clear line."""

    @functools.wraps(command)
    def run(*arguments: P.args, **options: P.kwargs) -> None:
        try:
            refuse_non_finite(options)
            refuse_shared_files(options)
            raise typer.Exit(command(*arguments, **options))
        except WmError as error:
            refuse(str(error))
        except ModuleNotFoundError as error:
            refuse(f"this needs {missing(error)}")
        except KeyboardInterrupt:
            print("wm: interrupted", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except (typer.Exit, typer.Abort, BrokenPipeError):
            raise
        except OSError as error:
            refuse(describe(error))
        except Exception as error:
            if type(error).__module__.split(".")[0] in {"typer", "click"}:
                raise  # a usage error, which typer reports itself
            if ran_out_of_memory(error):
                refuse("a process was ended, for want of memory as a rule: try fewer --jobs")
            traceback.print_exc()
            refuse("this is a bug in wm_humanoid; please report it with the lines above")

    return run


def refuse(reason: str) -> None:
    """Say on stderr why the command could not run, and leave with exit code 2."""
    print(f"wm: {reason}", file=sys.stderr)
    raise SystemExit(COULD_NOT_RUN)


def unloaded() -> int:
    """Stand in for a command that was not asked for."""
    return COULD_NOT_RUN


def print_version(wanted: bool) -> None:
    """Print the installed version and leave, when ``--version`` was given."""
    if wanted:
        print(f"wm_humanoid {package_version()}")
        raise typer.Exit


def global_options(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Version.")
    ] = False,
) -> None:
    """Options of ``wm`` itself."""


def make_streams_patient() -> None:
    """See that printing never fails: for want of a letter in the encoding, or of a stream."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", errors="replace"))  # noqa: SIM115 - for good
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def install_signal_handlers() -> dict[int, Any]:
    """Let the first Ctrl-C or SIGTERM unwind the command, and later ones wait for it to finish.

    The ``finally`` blocks that bring a robot to rest and close a bag must not be cut short by an
    impatient second Ctrl-C. Returns the handlers that were in place before, by signal number.
    """
    signalled = False

    def unwind(number: int, _frame: FrameType | None) -> None:
        nonlocal signalled
        if signalled:
            os.write(2, b"wm: already stopping\n")
            return
        signalled = True
        if number == signal.SIGTERM:
            raise SystemExit(128 + number)
        raise KeyboardInterrupt

    return {number: signal.signal(number, unwind) for number in (signal.SIGINT, signal.SIGTERM)}


if __name__ == "__main__":
    sys.exit(main())
