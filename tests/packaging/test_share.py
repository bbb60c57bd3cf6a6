"""Configuration is found wherever the package was put."""

from pathlib import Path

import pytest

from wm_control.configuration.share import ShareNotFoundError, config_file, share_directory


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def test_in_a_checkout_the_share_directory_is_the_checkout(tmp_path: Path) -> None:
    touch(tmp_path / "package.xml")
    assert share_directory(touch(tmp_path / "src/wm_control/configuration/share.py")) == tmp_path


@pytest.mark.parametrize(
    "libraries", ["lib/python3.11/site-packages", "lib/python3.12/dist-packages"]
)
def test_installed_it_is_share_under_the_prefix(tmp_path: Path, libraries: str) -> None:
    touch(tmp_path / "share/wm_humanoid/config/graph.yaml")
    module = touch(tmp_path / libraries / "wm_control/configuration/share.py")
    assert share_directory(module) == tmp_path / "share/wm_humanoid"


def test_a_virtual_environment_inside_a_checkout_uses_its_own_copy(tmp_path: Path) -> None:
    touch(tmp_path / "package.xml")
    touch(tmp_path / "config/graph.yaml")
    touch(tmp_path / ".venv/share/wm_humanoid/config/graph.yaml")
    packages = tmp_path / ".venv/lib/python3.11/site-packages"
    module = touch(packages / "wm_control/configuration/share.py")
    assert share_directory(module) == tmp_path / ".venv/share/wm_humanoid"


def test_an_installation_without_configuration_says_how_to_install(tmp_path: Path) -> None:
    module = touch(tmp_path / "lib/python3.11/site-packages/wm_control/configuration/share.py")
    with pytest.raises(ShareNotFoundError, match="pip install"):
        share_directory(module)


def test_a_missing_configuration_file_is_named_with_its_place() -> None:
    with pytest.raises(ShareNotFoundError, match=r"config/no_such_file\.yaml"):
        config_file("no_such_file.yaml")
