#!/usr/bin/env bash
# Add what shows a robot in the browser to the virtual environment: the extra `view`.
#
# usage: tools/setup_view.sh VENV
set -euo pipefail

venv=$1
cd "$(dirname "$0")/.."
"$venv/bin/python" -c 'import trimesh, viser' 2>/dev/null && exit 0

. tools/narrate.sh

version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
say "installing viser, which shows the robot in the browser (25 MB on disk)"
"$venv/bin/python" -m pip install --progress-bar off --disable-pip-version-check \
    --constraint "requirements/python$version.txt" --editable ".[view]" | narrate ||
    { say "pip could not install it; its message is above. This needs the network once."; exit 1; }
