"""Where files live.

==================  =====================================================================================
a person's files    the user data directory of the platform, or ``CHAINROOM_HOME``
a person's saves    ``--saves DIR``, else ``CHAINROOM_SAVES``, else ``saves`` in the directory above
shipped files       ``themes/`` and ``saves/`` beside the packages ``app`` and ``chain``, ``chain/scenarios``
==================  =====================================================================================

Shipped directories lie beside ``app`` in a checkout and in an installed wheel alike, so one rule finds both.
"""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def get_home() -> Path:
    """The directory of everything that belongs to a person. It need not exist."""
    if chosen := os.environ.get("CHAINROOM_HOME"):
        return Path(chosen).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("chainroom", appauthor=False)


def get_saves(option: Path | None = None) -> Path:
    """The directory of a person's saved runs; ``option`` is what ``--saves`` said."""
    if chosen := option or os.environ.get("CHAINROOM_SAVES"):
        return Path(chosen).expanduser().absolute()
    return get_home() / "saves"


def get_wallet_file() -> Path:
    """The file of the wallet."""
    return get_home() / "wallet.json"


def get_settings_file() -> Path:
    """The file of the settings."""
    return get_home() / "settings.json"


def get_themes() -> Path:
    """The directory of a person's own themes."""
    return get_home() / "themes"


def get_shipped_saves() -> Path:
    """The directory of the saved runs that ship."""
    return _ROOT / "saves"


def get_shipped_themes() -> Path:
    """The directory of the themes that ship."""
    return _ROOT / "themes"


def get_shipped_scenarios() -> Path:
    """The directory of the scenarios that ship."""
    return _ROOT / "chain" / "scenarios"
