"""The files of the person at the screen: settings, keys, saved runs; each opened when first asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.storage.keystore import Keystore
    from app.storage.saves import Saves
    from app.storage.settings import Settings


class OwnFiles:
    """Opens files lazily: the storage is imported after the first paint. ``tell`` shows what it has to say."""

    def __init__(self, tell: Callable[[str], None], open_saves: "Callable[[], Saves] | None" = None) -> None:
        self._tell, self._open_saves = tell, open_saves
        self._settings: Settings | None = None
        self._keystore: Keystore | None = None
        self._saves: Saves | None = None

    @property
    def settings(self) -> "Settings":
        """What the person prefers."""
        if self._settings is None:
            from app.storage.paths import get_settings_file
            from app.storage.settings import Settings

            self._settings = Settings(get_settings_file(), self._tell)
        return self._settings

    @property
    def keystore(self) -> "Keystore":
        """The person's keys, encrypted: the wallet that is chosen."""
        if self._keystore is None:
            from app.storage.keystore import Keystore
            from app.storage.paths import get_home
            from app.storage.shelf import choose_path

            self._keystore = Keystore(choose_path(get_home(), self.settings), on_notice=self._tell)
        return self._keystore

    @property
    def saves(self) -> "Saves":
        """The saved runs."""
        if self._saves is None:
            if self._open_saves is not None:
                self._saves = self._open_saves()
            else:
                from app.storage.paths import get_saves, get_shipped_saves
                from app.storage.saves import Saves

                self._saves = Saves(get_saves(), get_shipped_saves(), self._tell)
        return self._saves
