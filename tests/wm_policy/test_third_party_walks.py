"""The five public policies walk in PyBullet, on the estimate, as fast as they are known to.

Skipped, like test_third_party.py, where their files are not beside the checkout.
"""

from pathlib import Path

import pytest

from wm_bringup.judging.episodes import WalkSetup, run_episode
from wm_bringup.scenarios.scenario import Scenario, VelocitySegment

FOLDER = Path(__file__).parents[3] / "shared" / "policies"
REACHED = {
    "unitree_rl_lab": 0.54,
    "unitree_rl_mjlab": 0.47,
    "holosoma": 0.42,
    "mujoco_playground": 0.66,
    "wbc_agile_grove": 0.42,
}
"""Mean speed in PyBullet when 0.5 m/s is asked for, from ../shared/policies/README.md [m/s]."""

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the third-party policies are not in {FOLDER}"
)


@pytest.mark.parametrize(("name", "speed"), REACHED.items())
def test_each_walks_as_fast_as_it_is_known_to(name: str, speed: float) -> None:
    scenario = Scenario(
        duration=6.0,
        noise="nominal",
        initial_joint_noise=0.005,
        velocity=(VelocitySegment(at=0.5, x=0.5),),
    )
    episode = run_episode(WalkSetup(scenario, controller="policy", policy=FOLDER / name), seed=0)
    assert not episode.fell
    assert episode["degraded"] == 0.0
    assert episode["mean_velocity"][0] == pytest.approx(speed, abs=0.06)
