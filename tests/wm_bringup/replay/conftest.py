"""One episode, walked once for all tests of replay."""

import pytest
from short_bags import walked


@pytest.fixture(scope="session")
def episode(tmp_path_factory):
    """Folder of its bag, and what was said of it."""
    folder = tmp_path_factory.mktemp("episode") / "bag"
    return folder, walked(folder)


@pytest.fixture(scope="session")
def bag(episode):
    return episode[0]
