"""What is the person's, whatever run is open: files, colours and glyphs; and how the program speaks to them.

Invariant: what is said is plain text, never markup, and while presenting only problems lie over the picture.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len
from rich.segment import Segment
from textual.app import App
from textual.color import Color
from textual.filter import LineFilter

from app.own_files import OwnFiles
from app.themes import DEFAULT_THEME, get_variable_defaults, install_themes
from app.widgets.glyphs import to_ascii
from app.widgets.text import fit

if TYPE_CHECKING:
    from app.storage.keystore import Keystore
    from app.storage.saves import Saves
    from app.storage.settings import Settings

Severity = Literal["information", "warning", "error"]


class _AsciiFilter(LineFilter):
    """Turns every glyph of a painted line into plain ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with other texts, a cell for a cell."""
        return [
            Segment(text if text.isascii() else fit(to_ascii(text), cell_len(text)), style, control)
            for text, style, control in segments
        ]


_ASCII: Final = _AsciiFilter()


class PersonApp(App[None]):
    """Files, colours and glyphs, and words. ``saves`` opens the saved runs when they are first asked for."""

    def __init__(self, saves: "Callable[[], Saves] | None" = None, ascii_glyphs: bool = False) -> None:
        super().__init__()
        self._files = OwnFiles(self.tell, saves)
        self.ascii_glyphs = ascii_glyphs
        self.is_presenting = False
        """Whether secrets are masked and captions shown."""

    @property
    def settings(self) -> "Settings":
        """What the person prefers."""
        return self._files.settings

    @property
    def keystore(self) -> "Keystore":
        """The person's keys, encrypted."""
        return self._files.keystore

    @property
    def saves(self) -> "Saves":
        """The saved runs."""
        return self._files.saves

    # Looks ------------------------------------------------------------------------------------------------------------

    def restore_looks(self) -> None:
        """Show the colours and glyphs that were chosen; what is wrong with a theme is told."""
        from app.storage.paths import get_settings_file, get_shipped_themes, get_themes

        for problem in install_themes(self, (get_shipped_themes(), get_themes())):
            self.tell(problem, "warning")
        if get_settings_file().exists():  # otherwise nothing is preferred yet, and the first paint need not wait
            self.apply_theme(str(self.settings["theme"]), is_kept=False)
            self.ascii_glyphs = self.ascii_glyphs or bool(self.settings["ascii"])
        else:
            self.theme = DEFAULT_THEME

    def apply_theme(self, name: str, is_kept: bool = True) -> None:
        """Change the colours, and remember it; an unknown theme becomes the default."""
        from chain.errors import ChainroomError

        name = name if name in self.available_themes else f"chainroom-{name}"
        self.theme = name if name in self.available_themes else DEFAULT_THEME
        if is_kept:
            try:
                self.settings.change("theme", self.theme)
            except ChainroomError as error:
                self.tell(f"the theme will not be remembered: {error}", "warning")

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Plain ASCII, where it is asked for, of frames, buttons and scroll bars too."""
        filters = super().get_line_filters()
        return [*filters, _ASCII] if self.ascii_glyphs else filters

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return get_variable_defaults(dark=self.current_theme.dark)

    # Words ------------------------------------------------------------------------------------------------------------

    def tell(self, message: str, severity: Severity = "information") -> None:
        """Say something in passing; while presenting, only problems lie over the picture."""
        from app.widgets.text import clean

        if not self.is_presenting or severity == "error":
            self.notify(clean(message, 300), severity=severity, markup=False)

    def copy_text(self, text: str, what: str) -> None:
        """Copy a text and say what was copied."""
        self.copy_to_clipboard(text)
        self.tell(f"copied {what}: {text if len(text) <= 24 else text[:12] + '…' + text[-8:]}")
