"""The home of the interface: the numbered views under a row of tabs.

Views are imported and mounted after the first paint, because they bring the engine with them.
"""

import importlib
from typing import TYPE_CHECKING, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.widgets import ContentSwitcher, Static

from app.screens.run_screen import RunScreen
from app.widgets.header import TabBar

if TYPE_CHECKING:
    from app.screens.view import Thing, View
    from app.session import Session
    from app.widgets.models import Why


class Tab(NamedTuple):
    """One numbered view."""

    name: str
    title: str
    module: str
    view: str
    """The name of its class."""


TABS: Final = (
    Tab("network", "Network", "app.screens.network", "NetworkView"),
    Tab("chain", "Chain", "app.screens.chain", "ChainView"),
    Tab("wallet", "Wallet", "app.screens.wallet", "WalletView"),
    Tab("mempool", "Mempool", "app.screens.mempool", "MempoolView"),
    Tab("contracts", "Contracts", "app.screens.contracts", "ContractsView"),
    Tab("lab", "Lab", "app.screens.lab", "LabView"),
)


class MainScreen(RunScreen):
    """Tabs, and the chosen view."""

    DEFAULT_CSS = """
    MainScreen > ContentSwitcher { height: 1fr; }
    MainScreen > ContentSwitcher > * { width: 1fr; height: 1fr; }
    MainScreen #starting { content-align: center middle; color: $muted; }
    """

    def compose_body(self) -> ComposeResult:
        """Tabs and an empty place for the views."""
        yield TabBar([tab.title for tab in TABS])
        with ContentSwitcher(initial="starting"):
            yield Static("◌ starting the network …", id="starting")

    def tell_progress(self, percent: int) -> None:
        """Say how far the last run has been taken up again."""
        self.query_one("#starting", Static).update(f"◌ taking up your last run again … {percent} %")

    async def mount_views(self) -> None:
        """Import and mount every view, and show the first."""
        switcher = self.query_one(ContentSwitcher)
        for tab in TABS:
            await switcher.add_content(_build_view(tab), id=tab.name)
        self.begin()

    def begin(self) -> None:
        """Show a run that has just been opened: what people of it do with contracts, if they do; else the network."""
        from app.screens.contracts import ContractsView

        contracts, session = self.get_view("contracts"), self.app.session
        has_story = session is not None and isinstance(contracts, ContractsView) and contracts.begin(session)
        self.go("contracts" if has_story else "network")

    def go(self, name: str) -> None:
        """Show a view and put the focus into it."""
        switcher = self.query_one(ContentSwitcher)
        view = self.get_view(name)
        if view is None or (switcher.current == name and view.has_focus_within):
            return
        switcher.current = name
        self.query_one(TabBar).show([tab.name for tab in TABS].index(name))
        first = next((widget for widget in view.query("*") if widget.focusable), None)
        if first is not None:
            first.focus()
        self.app.show()

    def get_view(self, name: str = "") -> "View | None":
        """Return the view of this name, or the one that is visible."""
        from app.screens.view import View

        switcher = self.query_one(ContentSwitcher)
        widget = switcher.get_child_by_id(name) if name and switcher.query(f"#{name}") else switcher.visible_content
        return widget if isinstance(widget, View) else None

    @on(TabBar.TabChosen)
    def on_tab_chosen(self, message: TabBar.TabChosen) -> None:
        """Show a view."""
        self.go(TABS[message.index].name)

    def show_body(self, session: "Session") -> None:
        """Bring the visible view up to date."""
        view = self.get_view()
        if view is not None:
            view.show(session)

    def get_focused_thing(self) -> "Thing | None":
        """Return what is under the focus of the visible view."""
        view = self.get_view()
        return view.get_focused_thing() if view is not None else None

    def get_why(self) -> "Why | None":
        """Return what the visible view has to explain."""
        get_why = getattr(self.get_view(), "get_why", None)
        return get_why() if get_why is not None else None


def _build_view(tab: Tab) -> "View":
    view: View = getattr(importlib.import_module(tab.module), tab.view)(id=tab.name)
    return view
