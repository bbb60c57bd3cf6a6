"""Gather everything that drives a robot into a folder, for a computer that has no internet.

usage: python3.10 tools/wheelhouse.py FOLDER [--arch aarch64|x86_64] [--glibc 35] [--extra NAME]

Run it with the Python version that the robot's computer has (3.10, 3.11 or 3.12), on any computer
with internet. There, from the folder:

    python3 -m pip install --no-index -f FOLDER wm_humanoid

What has no wheel is built here if it is Python alone; whatever else has none for that computer is
named, and the exit code is 1; everything else is there. 2: nothing could be fetched or built.
"""

from __future__ import annotations

import argparse
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OLDEST_GLIBC, NEWEST_GLIBC = 17, 40
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"

CONSTRAINT = str(ROOT / f"requirements/python{VERSION}.txt")

_NO_WHEEL = re.compile(
    r"no matching distributions available for your environment:\n((?:    \S+\n)+)"
    r"|No matching distribution found for (\S+)"
)
"""How pip names what it found no wheel of, for somebody's sake or asked for by name."""

_NO_ANSWER = re.compile(r"connection broken by '(\w+)")
"""How pip names why it did not reach where it gets wheels from."""

_EXTRA = re.compile(r"""\bextra\s*==\s*['"]([\w-]+)['"]""")


class UnreachableError(Exception):
    """Where pip gets wheels from does not answer: nothing can be said of what has none."""


def build_own(folder: Path) -> Path:
    """Build this package's wheel, which runs everywhere; return it.

    Built from a copy of what git knows: a folder ``build`` left here may hold modules of old.
    """
    with tempfile.TemporaryDirectory() as copy:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (Path(copy) / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, Path(copy) / name)
        pip("wheel", "--no-deps", "--wheel-dir", str(folder), copy)
    for file in (ROOT / "deploy").iterdir():
        shutil.copy2(file, folder)
    return max(folder.glob("wm_humanoid-*.whl"), key=lambda wheel: wheel.stat().st_mtime)


def requirements(wheel: Path, extras: list[str]) -> list[str]:
    """Read what a wheel requires, by itself and with the extras; without their markers."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    wanted = []
    for line in metadata.get_all("Requires-Dist") or []:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        if extra is None or extra[1] in extras:
            wanted.append(requirement.strip())
    return wanted


def tags(arch: str, glibc: int) -> list[str]:
    """Return what pip is told of a computer: its manylinux tags, the newest first."""
    versions = (f"manylinux_2_{minor}_{arch}" for minor in range(glibc, OLDEST_GLIBC - 1, -1))
    return [f"--platform={tag}" for tag in (*versions, f"manylinux2014_{arch}", "any")]


def gather(requirement: str, folder: Path, platforms: list[str]) -> str:
    """Fetch one library with all that it needs; return why not, empty when it is there."""
    built: set[str] = set()
    while True:
        problem, without = download(requirement, folder, platforms)
        new = {name for name in without - built if build_pure(name, folder)}
        if not problem or not new:
            return problem
        built |= new


def build_pure(name: str, folder: Path) -> bool:
    """Build the wheel of something that has none; whether it is there and runs everywhere."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            pip("wheel", "--no-deps", "--wheel-dir", scratch, "--constraint", CONSTRAINT, name)
        except subprocess.CalledProcessError:
            return False
        pure = list(Path(scratch).glob("*-none-any.whl"))
        for wheel in pure:
            shutil.copy2(wheel, folder)
        return bool(pure)


def download(requirement: str, folder: Path, platforms: list[str]) -> tuple[str, set[str]]:
    """Try to fetch one library with all that it needs; return why not, and what has no wheel."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--disable-pip-version-check"),
            *("--only-binary=:all:", "--implementation=cp", f"--python-version={VERSION}"),
            *(f"--abi=cp{VERSION.replace('.', '')}", "--abi=abi3", "--abi=none"),
            *(*platforms, "--dest", str(folder), "-f", str(folder)),
            *("--constraint", CONSTRAINT, requirement),
        ],
        capture_output=True,
        text=True,
    )
    if done.returncode and (why := _NO_ANSWER.search(done.stderr)):
        raise UnreachableError(f"pip does not reach where it gets wheels from ({why[1]})")
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR: ")]
    said = errors[-1].removeprefix("ERROR: ") if errors else done.stderr.strip()
    without = without_wheel(done.stdout + done.stderr)
    if without:
        said += f"; pip found no wheel of {', '.join(sorted(without))}"
    return (said or "pip failed", without) if done.returncode else ("", set())


def without_wheel(said: str) -> set[str]:
    """Return the names in pip's words; without versions, which the constraints have."""
    names = " ".join(several or one for several, one in _NO_WHEEL.findall(said)).split()
    return {re.split(r"[<>=!~;\[]", name)[0] for name in names}


def newest_glibc(folder: Path) -> tuple[int, list[str]]:
    """Return the least glibc (2.x) that all wheels run on, and which of them ask for it."""
    asked: dict[int, list[str]] = {}
    for wheel in folder.glob("*.whl"):
        minors = [int(m) for m in re.findall(r"manylinux_2_(\d+)_", wheel.name)]
        if minors:
            asked.setdefault(min(minors), []).append(wheel.name.split("-")[0])
    newest = max(asked, default=OLDEST_GLIBC)
    return newest, sorted(asked.get(newest, []))


def pip(*arguments: str) -> None:
    """Run pip; its own words tell what went wrong."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        check=True,
    )


def gather_all(folder: Path, extras: list[str], platforms: list[str]) -> dict[str, str]:
    """Fetch what our wheel requires, with it; return what is not there, and why."""
    missing = {}
    for requirement in requirements(build_own(folder), extras):
        problem = gather(requirement, folder, platforms)
        print(f"{'NO WHEEL' if problem else 'ok':8}  {requirement}", flush=True)
        if problem:
            missing[requirement] = problem
    return missing


def main() -> int:
    """Gather; return 1 when something has no wheel, 2 when there is nobody to ask."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--arch", choices=("aarch64", "x86_64"), default=platform.machine())
    parser.add_argument(
        "--glibc", type=int, default=35, help="2.x, of `ldd --version` there: 31, 35, 39"
    )
    parser.add_argument("--extra", action="append", default=[], help="as in wm_humanoid[NAME]")
    options = parser.parse_args()
    if not OLDEST_GLIBC <= options.glibc <= NEWEST_GLIBC:
        parser.error(f"--glibc: from {OLDEST_GLIBC} to {NEWEST_GLIBC}")
    options.folder.mkdir(parents=True, exist_ok=True)
    try:
        missing = gather_all(options.folder, options.extra, tags(options.arch, options.glibc))
    except UnreachableError as error:
        print(f"wheelhouse: {error}; the folder is not complete", file=sys.stderr)
        return 2
    except subprocess.CalledProcessError:
        print("wheelhouse: pip could not build wm_humanoid, see above", file=sys.stderr)
        return 2
    for requirement, problem in missing.items():
        print(f"{requirement}: {problem}", file=sys.stderr)
    size = sum(wheel.stat().st_size for wheel in options.folder.glob("*.whl")) / 2**20
    minor, by = newest_glibc(options.folder)
    more = f" and {len(by) - 12} more" if len(by) > 12 else ""
    print(
        f"{len(list(options.folder.glob('*.whl')))} wheels, {size:.0f} MiB, for Python {VERSION} "
        f"on {options.arch} with glibc 2.{minor} or newer ({', '.join(by[:12])}{more})"
    )
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
