"""What every numbered screen is: a widget that shows the run at the session's cursor, and changes nothing in it.

The main screen calls ``show`` about twelve times a second on the view that is visible, and on no other. A view reads
``session.simulation.world`` at ``session.cursor_us``; what a person wants done goes through ``ChainroomApp.submit``,
what a person wants to see through ``ChainroomApp.open_thing``.
"""

from typing import Literal, NamedTuple

from textual.containers import Container

from app.session import Session

Kind = Literal["block", "transaction", "address", "node", "event", "list"]


class Thing(NamedTuple):
    """Something that has a page: ``enter`` opens it, ``y`` copies it."""

    kind: Kind
    key: bytes | int
    """Hash of a block or transaction, 20 bytes of an address, index of a node or of a record of history, name of a
    list (app/present/lists.py)."""


class View(Container):
    """One of the numbered screens."""

    def show(self, session: Session) -> None:
        """Bring the widgets up to date with the run at the session's cursor."""

    def get_focused_thing(self) -> Thing | None:
        """Return the thing under the focus, for enter, y and ?; None when there is none."""
        return None
