"""Draw the README's moving picture: the demo's course, shortened, in lock-step with the hybrid.

python tools/demo_film.py docs/images/demo.webp [--seconds 30]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from wm_bringup.demo.course import load_course
from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.record.animation import ANIMATED
from wm_control.configuration.share import config_file
from wm_policy.models import shipped_policy


def main() -> int:
    """Walk and draw; 1 if the robot fell or something did not happen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, help=" or ".join(ANIMATED))
    parser.add_argument("--seconds", type=float, default=30.0, help="of the course's 42")
    given = parser.parse_args()
    course = load_course(config_file("demo.yaml")).shortened(given.seconds)
    setup = WalkSetup(
        course.commanded,
        controller="mpc+policy",
        policy=shipped_policy(),
        engine="mujoco",
        film=given.film,
    )
    result = run_episode(setup, 0)
    size = given.film.stat().st_size
    print("fell" if result.fell else "no fall", *result.missed, f"{given.film}: {size} bytes")
    return int(result.fell or bool(result.missed))


if __name__ == "__main__":
    raise SystemExit(main())
