"""``wm`` imports only what was asked for and turns every outcome into its exit code."""

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wm_bringup import cli
from wm_bringup.commands import COMMANDS

BODIES = {
    "holds": "return 0",
    "falls": "return 1",
    "refuses": "raise WmError('the robot has no left foot')",
    "bug": "raise ZeroDivisionError('oops')",
    "full_disk": "raise OSError(28, 'No space left on device', 'bag.mcap')",
    "no_folder": "open('/no/such/folder/walk.json')",
    "no_file": "open('/')",
    "no_words": "raise OSError('the camera is gone')",
    "speaks": "print('40 N·s  ±0.25 größer →')",
    "starved": "raise MemoryError",
    "killed": "from concurrent.futures import BrokenExecutor; raise BrokenExecutor('died')",
    "lacks": "import a_library_nobody_has",
    "interrupted": "raise KeyboardInterrupt",
}


@pytest.fixture
def wm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return ``wm`` with made-up commands, whose modules lie in a folder of their own."""
    package = tmp_path / "made_up_commands"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, body in BODIES.items():
        (package / f"{name}.py").write_text(
            f"from wm_control.errors import WmError\n\n\ndef {name}() -> int:\n    {body}\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    for name in [name for name in sys.modules if name.startswith("made_up_commands")]:
        monkeypatch.delitem(sys.modules, name)
    real = cli.build_app
    monkeypatch.setattr(
        cli,
        "build_app",
        lambda arguments: real(
            arguments, dict.fromkeys([*BODIES, "absent"], "Help."), "made_up_commands"
        ),
    )
    return lambda *arguments: cli.main(arguments)


@pytest.mark.parametrize(("name", "code"), [("holds", 0), ("falls", 1)])
def test_what_a_command_returns_is_the_exit_code(
    wm: Callable[..., int], name: str, code: int
) -> None:
    assert wm(name) == code


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("refuses", "wm: the robot has no left foot\n"),
        (
            "full_disk",
            "wm: bag.mcap: No space left on device: free some space, or name a folder",
        ),
        ("no_folder", "wm: /no/such/folder/walk.json: No such file or directory: see that the fol"),
        ("no_file", "wm: /: Is a directory: name a file, not a folder\n"),
        ("no_words", "wm: the camera is gone\n"),
        ("starved", "wm: a process was ended, for want of memory as a rule: try fewer --jobs\n"),
        ("killed", "wm: a process was ended, for want of memory as a rule: try fewer --jobs\n"),
        ("lacks", "wm: this needs the Python module 'a_library_nobody_has', which is not"),
        ("absent", "wm: 'wm absent' needs the Python module 'made_up_commands.absent', which"),
    ],
)
def test_what_cannot_run_is_one_clear_line_and_exit_code_2(
    wm: Callable[..., int], name: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wm(name) == 2
    error = capsys.readouterr().err
    assert error.startswith(line)
    assert error.count("\n") == 1


def test_a_bug_shows_where_it_is_and_does_not_pass_for_a_fallen_robot(
    wm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert wm("bug") == 2
    error = capsys.readouterr().err
    assert "bug.py" in error
    assert "please report" in error


def test_ctrl_c_is_exit_code_130(
    wm: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert wm("interrupted") == 130
    assert capsys.readouterr().err == "wm: interrupted\n"


@pytest.mark.parametrize("arguments", [["hold"], ["--no-such-option"], ["holds", "--no-such"]])
def test_a_usage_error_is_exit_code_2(wm: Callable[..., int], arguments: list[str]) -> None:
    assert wm(*arguments) == 2


def test_only_the_command_that_was_typed_is_imported(wm: Callable[..., int]) -> None:
    wm("holds")
    loaded = {name for name in sys.modules if name.startswith("made_up_commands.")}
    assert loaded == {"made_up_commands.holds"}


def test_help_imports_no_command_and_no_heavy_library() -> None:
    heavy = {
        "numpy",
        "rclpy",
        "pinocchio",
        "casadi",
        "pybullet",
        "mujoco",
        "matplotlib",
        "pydantic",
    }
    program = (
        "import sys; from wm_bringup.cli import main; code = main(['--help']);"
        f"print({heavy!r} & set(sys.modules), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    assert done.stderr == "set()\n"
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([name, "--help"]) == 0
    assert f"Example: wm {name}" in capsys.readouterr().out


@pytest.mark.parametrize("boxes", [True, False])
def test_brackets_in_help_are_no_markup(
    boxes: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli, "has_room_for_boxes", lambda: boxes)
    assert cli.main(["rehearse", "--help"]) == 0
    assert "[default: mpc, policy" in capsys.readouterr().out


def test_an_option_of_a_command_in_a_group_is_given_once_as_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.main(["robot", "show", "g1", "--json", "a.json", "--json", "b.json"]) == 2
    assert "given more than once" in capsys.readouterr().err


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("wm_humanoid 0.")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_an_impatient_second_signal_does_not_cut_the_clean_up_short(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    (tmp_path / "patient").mkdir()
    (tmp_path / "patient" / "__init__.py").write_text("")
    (tmp_path / "patient" / "work.py").write_text(
        "import os, signal\n"
        "def work() -> int:\n"
        "    try:\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "    finally:\n"
        f"        os.kill(os.getpid(), {int(number)})\n"
        "        print('bag closed', flush=True)\n"
        "    return 0\n"
    )
    program = (
        "import sys; from wm_bringup import cli; real = cli.build_app;"
        "cli.build_app = lambda a: real(a, {'work': ''}, 'patient'); sys.exit(cli.main(['work']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(tmp_path)
    )
    assert done.returncode == code
    assert done.stdout == "bag closed\n"
    assert "wm: already stopping" in done.stderr


def environment(*folders: Path) -> dict[str, str]:
    source = Path(cli.__file__).resolve().parents[1]
    return os.environ | {"PYTHONPATH": os.pathsep.join(map(str, [source, *folders]))}


PLAIN = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize(
    "closed", [[], [1], [2], [1, 2]], ids=["ascii", "no stdout", "no stderr", "neither"]
)
def test_no_letter_and_no_closed_stream_makes_printing_fail(
    tmp_path: Path, closed: list[int]
) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "__init__.py").write_text("")
    (tmp_path / "words" / "say.py").write_text(
        "import sys\n"
        "def say() -> int:\n"
        "    print('40 N·s → größer')\n"
        "    print('40 N·s', file=sys.stderr)\n"
        "    return 1\n"
    )
    program = (
        f"import os\nfor k in {closed}: os.close(k)\n"
        f"os.execv({sys.executable!r}, [{sys.executable!r}, '-c', {SAY!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(tmp_path) | PLAIN,
    )
    assert done.returncode == 1, done.stderr
    if not closed:
        assert done.stdout == "40 N?s ? gr??er\n"


SAY = (
    "import sys; from wm_bringup import cli; real = cli.build_app;"
    "cli.build_app = lambda a: real(a, {'say': ''}, 'words'); sys.exit(cli.main(['say']))"
)


@pytest.fixture(scope="module")
def bare_copy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment in which our code lies somewhere without its configuration."""
    source = Path(cli.__file__).resolve().parents[1]
    copy = tmp_path_factory.mktemp("bare") / "src"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return os.environ | {"PYTHONPATH": str(copy)}


@pytest.mark.parametrize("arguments", [["--version"], ["run"], ["demo"], ["walk"]])
def test_without_configuration_every_command_names_the_folder_and_the_cure(
    bare_copy: dict[str, str], arguments: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wm_bringup.cli", *arguments],
        capture_output=True,
        text=True,
        env=bare_copy,
        cwd=tmp_path,
    )
    assert done.returncode == 2
    (line,) = [line for line in done.stderr.splitlines() if line]
    assert "share/wm_humanoid/config" in line
    assert "pip install ." in line


@pytest.mark.parametrize("command", ["run", "demo"])
def test_without_a_home_the_cure_is_named_on_one_line(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "ROS_HOME", "ROS_LOG_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main([command]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("wm: ROS has no place for its logs")
    assert "export ROS_LOG_DIR=" in line


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"a: [\n b: {", "is not valid YAML"),
        (b"- 1\n- 2", "must be a mapping of keys to values, found list"),
        (None, "cannot be read: Is a directory"),
    ],
    ids=["bytes", "broken YAML", "a list", "a folder"],
)
def test_a_file_that_cannot_be_read_is_one_line_and_no_bug(
    content: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "scenario.yaml"
    file.mkdir() if content is None else file.write_bytes(content)
    assert cli.main(["walk", "--scenario", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"wm: {file}: {said}")


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["walk", "--help"], ["doctor"]])
def test_output_that_cannot_be_written_is_one_line_and_exit_code_2(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "wm_bringup.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
        )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("wm: ")
    assert line.endswith("No space left on device: " + cli.CURES[errno.ENOSPC])


@pytest.mark.parametrize("arguments", [["train"], ["walk", "--json", "w.json"], ["demo"]])
def test_a_folder_that_is_gone_is_named_as_the_cause(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "wm: the folder that this was started in is gone: cd to one that is there"


@pytest.mark.parametrize(
    "arguments",
    [
        ["policy", "check", ""],
        ["policy", "check", "p.onnx", "--overlay", ""],
        ["walk", "--controller", "policy", "--policy", ""],
        ["walk", "--json", ""],
        ["demo", "--policy", ""],
        ["train", "--judge", ""],
        ["bench", "policy", "--policy", ""],
        ["walk", "--scenario", ""],
        ["walk", "--robot", ""],
    ],
)
def test_an_empty_path_is_a_variable_that_is_not_set_and_no_folder(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 2
    assert "is empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["walk", "--json", "a.npz", "--trace", "a.npz"],
        ["walk", "--json", "a.png", "--film", "./a.png"],
        ["policy", "check", "p.onnx", "--json", "p.onnx"],
        ["train", "--judge", "p.onnx", "--json", "p.onnx"],
    ],
)
def test_one_file_for_two_purposes_is_refused_before_either_is_lost(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.onnx").write_bytes(b"weights")
    assert cli.main(arguments) == 2
    assert "is named twice" in capsys.readouterr().err
    assert (tmp_path / "p.onnx").read_bytes() == b"weights"


def test_a_policy_that_cannot_start_is_refused_before_the_walk_that_would_time_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "wm_bringup.bench.walking.record_walk", lambda *_, **__: pytest.fail("walked")
    )
    assert cli.main(["bench", "policy", "--policy", "absent.onnx"]) == 2
    assert "absent.onnx: file: expected a policy, found no such file" in capsys.readouterr().err
