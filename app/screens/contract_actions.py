"""What the keys of the contracts screen do with the chosen contract: walk through a call, edit a copy, open a file.

The screen itself (app/screens/contracts.py) knows what is chosen and shows it.
"""

from typing import TYPE_CHECKING, Any

from textual import work

from app.present.contracts import Deployed, Doing, get_shelf
from app.screens.view import View
from app.widgets.virtual_table import VirtualTable
from chain.contracts.artifact import Artifact
from chain.ledger.actions import Call, Create
from chain.units import Address

if TYPE_CHECKING:
    from app.app import ChainroomApp


class ContractActions(View):
    """A view in which a contract is chosen."""

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.shelf = get_shelf()
        self._panel = "source"
        self._doings: tuple[Doing, ...] = ()
        """The calls in the table, the latest first."""
        self._drafts: dict[str, str] = {}
        """Sources that were left in the editor, by the name of the copy."""

    def get_chosen(self) -> Deployed | None:
        """Return the chosen contract of the run, None while one of the shelf is chosen."""
        raise NotImplementedError

    def get_artifact(self) -> Artifact | None:
        """Return what is known of the chosen contract's code."""
        raise NotImplementedError

    def choose(self, name: str = "", address: Address | None = None) -> None:
        """Choose a contract of the shelf by name, or one of the run."""
        raise NotImplementedError

    def show_shelf(self) -> None:
        """List what lies on the shelf."""
        raise NotImplementedError

    def action_debug(self) -> None:
        """Open the debugger on the chosen call, or the latest."""
        from app.screens.debugger import DebuggerScreen

        chosen, table = self.get_chosen(), self.query_one("#panel-calls", VirtualTable)
        if chosen is None or not chosen.doings:
            self.app.tell("choose a contract of this run that has been called, then press d")
            return
        doings = self._doings if self._panel == "calls" and self._doings else chosen.doings[::-1]
        doing = doings[min(table.cursor, len(doings) - 1)] if self._panel == "calls" else doings[0]
        if not isinstance(doing.signed.transaction.action, Create | Call):
            self.app.tell("no code ran in that transaction")
            return
        self.app.push_screen(DebuggerScreen(doing.block, doing.place, self.shelf))

    @work(exclusive=True, group="contracts-edit")
    async def action_edit(self) -> None:
        """Edit a copy of the source; what compiles lies on the shelf, what was left half done waits."""
        from app.screens.contract_editor import ContractEditor

        artifact, name = self.get_artifact(), self._get_copy_name()
        if artifact is not None and artifact.source and artifact.compiler.startswith("solc"):
            self.app.tell("the compiler here is Vyper's: compile Solidity elsewhere, then open its artifact (L)")
            return
        source = self._drafts.get(name) or (artifact.source if artifact is not None else "")
        edited = await self.app.push_screen_wait(ContractEditor(source, name))
        if isinstance(edited, Artifact):
            self._drafts.pop(name, None)
            self._take(edited)
        elif edited is not None:
            self._drafts[name] = edited

    def _get_copy_name(self) -> str:
        artifact = self.get_artifact()
        name = f"my_{artifact.name.removeprefix('my_')}" if artifact else "my_contract"
        return name if name.isidentifier() else "my_contract"

    @work(exclusive=True, group="contracts-edit")
    async def action_load(self) -> None:
        """Open what another compiler made."""
        from app.screens.contract_load import ArtifactDialog

        artifact = await self.app.push_screen_wait(ArtifactDialog())
        if artifact is not None:
            self._take(artifact)

    def _take(self, artifact: Artifact) -> None:
        self.shelf.add(artifact)
        self.show_shelf()
        self.choose(artifact.name)
        self.app.tell(f"{artifact.name} lies on the shelf: choose Use to deploy it")
