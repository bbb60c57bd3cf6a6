#!/usr/bin/env bash
# Make an environment with the SDK of Unitree, the counterpart of `make test-wire`.
#
# usage: tools/setup_wire.sh VENV
# PYTHON310=/path/to/python3.10 in the environment names an interpreter, UNITREE_SDK=FOLDER|URL a
# unitree_sdk2_python of your own (what pip installs); else its package on PyPI is taken.
#
# The SDK wants cyclonedds 0.10.2, whose wheels end with Python 3.10.
set -euo pipefail

venv=$1
"$venv/bin/python" -c 'import unitree_sdk2py.core.channel' 2>/dev/null && exit 0

. "$(dirname "$0")/narrate.sh"

find_python() {
    local candidate
    for candidate in ${PYTHON310:-python3.10 "$HOME"/.pyenv/versions/3.10.*/bin/python}; do
        if "$candidate" -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    return 1
}

python=$(find_python) || {
    say "the SDK of Unitree needs Python 3.10, and there is none: the wire was NOT tested against it."
    say "Install one, or name one: make test-wire PYTHON310=/path/to/python3.10"
    exit 1
}
say "making $venv with $python"
"$python" -m venv --clear "$venv"
install() {
    "$venv/bin/python" -m pip install --progress-bar off --disable-pip-version-check "$@" | narrate || {
        say "pip could not install $*; its message is above."
        exit 1
    }
}
install "cyclonedds==0.10.2" numpy
install --no-deps "${UNITREE_SDK:-unitree-sdk2==1.0.1}" # without OpenCV, which only its cameras need
if [ -z "${UNITREE_SDK:-}" ]; then # on PyPI it imports a folder that it lacks
    packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    mkdir -p "$packages/unitree_sdk2py/b2"
    touch "$packages/unitree_sdk2py/b2/__init__.py"
fi
"$venv/bin/python" -c 'import unitree_sdk2py.core.channel'
