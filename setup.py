"""What pyproject.toml cannot say: the files that ament and ``ros2 launch`` look for in share/.

Version, description and licence come from package.xml, where colcon and bloom read them; the rest
of the metadata is in pyproject.toml.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from setuptools import setup

ROOT = Path(__file__).parent
SHARE = Path("share/wm_humanoid")


def share_files() -> list[tuple[str, list[str]]]:
    """Return (destination folder, files) of the ament marker, package.xml, launch/ and config/."""
    folders: dict[str, list[str]] = {
        "share/ament_index/resource_index/packages": ["resource/wm_humanoid"],
        SHARE.as_posix(): ["package.xml", "LICENSE"],
    }
    for path in sorted([*ROOT.glob("launch/*.py"), *ROOT.glob("config/**/*")]):
        relative = path.relative_to(ROOT)
        if path.is_file():
            folders.setdefault((SHARE / relative.parent).as_posix(), []).append(relative.as_posix())
    return list(folders.items())


manifest = ElementTree.parse(ROOT / "package.xml").getroot()

setup(
    version=manifest.findtext("version"),
    description=manifest.findtext("description"),
    license=manifest.findtext("license"),
    # Stated here because colcon cannot read the same line from pyproject.toml: it evaluates the
    # printed metadata as literals, and setuptools turns that line into an object.
    python_requires=">=3.10,<3.13",
    package_dir={"": "src"},
    data_files=share_files(),
)
