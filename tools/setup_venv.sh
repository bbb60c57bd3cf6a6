#!/usr/bin/env bash
# Make or update the virtual environment that `make demo`, `make test` and `make lint` use.
#
# usage: tools/setup_venv.sh VENV
# PYTHON=/path/to/python3.11 in the environment overrides the choice of interpreter.
#
# Python 3.11 and 3.10 come first because PyBullet has wheels for them; 3.12 compiles it. Where
# ROS 2 is sourced, its own Python comes first and rclpy is taken from there, not from wheels.
set -euo pipefail

venv=$1
root=$(cd "$(dirname "$0")/.." && pwd)
unset _ROS_WHEELS_BOOTSTRAP_COMPLETE # inherited from another environment, it would hide our own ROS

. "$root/tools/narrate.sh"

is_usable() { # interpreter: true when it runs, is 3.10 to 3.12 and can make environments
    "$1" -c 'import sys, ensurepip, venv; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' \
        >/dev/null 2>&1
}

describe() { # interpreter: its version, or why it does not count
    "$1" -c 'import sys; print("Python %d.%d.%d" % sys.version_info[:3])' 2>/dev/null || echo "does not run"
}

choose_python() {
    local candidate candidates="python3.11 python3.10 python3.12 python3 python"
    [ -z "${ROS_DISTRO:-}" ] || candidates="python3 $candidates"
    for candidate in ${PYTHON:-$candidates}; do
        if is_usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "no Python 3.10, 3.11 or 3.12 that can make virtual environments. Looked at:"
    for candidate in ${PYTHON:-$candidates}; do
        command -v "$candidate" >/dev/null && say "  $candidate: $(describe "$candidate")"
    done
    say "Install one, for example: sudo apt install python3.11 python3.11-venv"
    say "or name one:              make venv PYTHON=/path/to/python3.11"
    return 1
}

base_of() { # interpreter: the Python installation behind it
    "$1" -c 'import sys; print(sys.base_prefix, sys.version_info[:3])' 2>/dev/null
}

rclpy_of_ros() { # where a sourced ROS 2 keeps rclpy; nothing when there is none
    "$venv/bin/python" -c 'import sys
from importlib.util import find_spec
found = find_spec("rclpy")
if found and not found.origin.startswith(sys.prefix): print(found.origin)'
}

if [ -n "${PYTHON:-}" ] && [ "$(base_of "$PYTHON")" != "$(base_of "$venv/bin/python")" ] ||
    ! is_usable "$venv/bin/python"; then
    python=$(choose_python)
    say "making $venv with $python ($(describe "$python"))"
    "$python" -m venv --clear "$venv"
fi

version=$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
if [ "$version" = 3.12 ]; then
    if ! command -v c++ >/dev/null && ! command -v g++ >/dev/null; then
        say "PyBullet has no wheel for Python 3.12 and there is no C++ compiler to build it with."
        say "Install one (sudo apt install build-essential), or Python 3.11: make venv PYTHON=python3.11"
        exit 1
    fi
    say "PyBullet has no wheel for Python 3.12: compiling it takes some minutes, once"
fi

say "installing pinned libraries (about 2 GB on disk; a minute or two on a fast line)"
cd "$root"
install() {
    "$venv/bin/python" -m pip install --progress-bar off --disable-pip-version-check \
        --constraint "requirements/python$version.txt" "$@" | narrate || {
        say "pip could not install everything; its message is above. This needs the network once."
        exit 1
    }
}
install pip setuptools wheel
install --editable ".[sim,report,dev,unitree]"

ros=$(rclpy_of_ros)
if [ -z "$ros" ]; then
    install --editable ".[ros-wheels]"
elif trouble=$("$venv/bin/python" -c 'import rclpy' 2>&1); then
    say "rclpy comes from the sourced ROS 2 ${ROS_DISTRO:-}: $ros"
else
    say "a ROS 2 ${ROS_DISTRO:-} is sourced, but its rclpy does not load in Python $version:"
    say "  ${trouble##*$'\n'}"
    say "Use ROS's own Python (make venv PYTHON=/usr/bin/python3), or a terminal without ROS sourced."
    exit 1
fi
say "ready: $venv/bin/wm --help"
