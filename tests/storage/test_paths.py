"""Where a person's files and the shipped ones are found."""

from pathlib import Path

import pytest

from app.storage import paths


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHAINROOM_HOME", "CHAINROOM_SAVES"):
        monkeypatch.delenv(name, raising=False)


def test_home_is_the_user_data_directory() -> None:
    assert paths.get_home().name == "chainroom"
    assert paths.get_home().is_absolute()
    assert paths.get_saves() == paths.get_home() / "saves"


def test_home_variable_moves_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    assert paths.get_wallet_file() == tmp_path / "wallet.json"
    assert paths.get_settings_file() == tmp_path / "settings.json"
    assert paths.get_themes() == tmp_path / "themes"
    assert paths.get_saves() == tmp_path / "saves"


def test_option_beats_variable_beats_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CHAINROOM_SAVES", str(tmp_path / "variable"))
    assert paths.get_saves() == tmp_path / "variable"
    assert paths.get_saves(tmp_path / "option") == tmp_path / "option"
    monkeypatch.setenv("CHAINROOM_SAVES", "")
    assert paths.get_saves() == tmp_path / "home" / "saves"


def test_tilde_is_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CHAINROOM_HOME", "~/class")
    assert paths.get_home() == tmp_path / "class"


def test_shipped_directories_exist() -> None:
    for directory in (paths.get_shipped_saves(), paths.get_shipped_themes(), paths.get_shipped_scenarios()):
        assert directory.is_dir(), directory
