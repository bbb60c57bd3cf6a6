#!/usr/bin/env bash
# Add what `wm train` needs to the virtual environment: the extra `train`, torch without CUDA.
#
# usage: tools/setup_training.sh VENV
set -euo pipefail

venv=$1
cd "$(dirname "$0")/.."
"$venv/bin/python" -c 'import mujoco.batch, torch' 2>/dev/null && exit 0

. tools/narrate.sh

version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$version" = 3.10 ]; then
    say "training needs MuJoCo 4, which needs Python 3.11 or 3.12: make venv PYTHON=python3.11"
    exit 1
fi
pins=requirements/python$version.txt
pin=$(sed -n 's/^torch==//p' "$pins")
install() {
    "$venv/bin/python" -m pip install --progress-bar off --disable-pip-version-check \
        --constraint "$pins" "$@" | narrate
}
say "installing torch $pin for CPU (about 1 GB on disk)"
# Builds without CUDA are named +cpu where pip's index has them; PIP_EXTRA_INDEX_URL may add one.
install "torch==$pin+cpu" 2>/dev/null ||
    { say "no build without CUDA in pip's index: taking the ordinary one, which is larger" &&
        install "torch==$pin"; } ||
    { say "pip could not install torch; its message is above."; exit 1; }
install --editable ".[train]"
