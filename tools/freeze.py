"""Print the exact versions in this environment, for ``requirements/python3.X.txt``.

Unlike ``pip freeze`` it leaves out this package itself and what other wheels bundle (the ROS wheels
carry metadata of a ``rclpy`` and ``std_msgs`` that do not exist on PyPI under these names).
"""

from __future__ import annotations

import sys
from importlib import metadata

OURS = "wm_humanoid"


def pinned() -> list[str]:
    """Return ``name==version`` of everything that pip itself installed, sorted by name."""
    return sorted(
        f"{distribution.name.lower().replace('_', '-')}=={distribution.version}"
        for distribution in metadata.distributions()
        if (distribution.read_text("INSTALLER") or "").strip() == "pip"
        and distribution.name != OURS
    )


if __name__ == "__main__":
    print(f"# Written by `make lock` on Python {sys.version_info[0]}.{sys.version_info[1]}.")
    print("\n".join(pinned()))
