"""What every picture of blocks shares: one block is chosen, arrows and clicks choose another, enter opens it."""

from typing import TYPE_CHECKING

from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.keys import bind

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object


def bind_picker(prefix: str) -> list[BindingType]:
    """Return the bindings of a picture of blocks; ``prefix`` begins their ids."""
    return [
        bind("left", "move(-1)", f"{prefix}.left", "Choose the block before"),
        bind("right", "move(1)", f"{prefix}.right", "Choose the block after"),
        bind("up", "lane(-1)", f"{prefix}.up", "Choose the branch above"),
        bind("down", "lane(1)", f"{prefix}.down", "Choose the branch below"),
        bind("end", "follow", f"{prefix}.follow", "Go to the tip and stay there"),
        bind("enter", "open", f"{prefix}.open", "Open the chosen block", show=True),
    ]


class BlockPicker(_Base):
    """Put it before the widget class, and implement ``get_block_at`` and ``choose``."""

    chosen: str | None = None

    class BlockMessage(Message):
        """Something about one block."""

        def __init__(self, block: str) -> None:
            self.block = block
            super().__init__()

    class BlockChosen(BlockMessage):
        """Another block was chosen."""

    class BlockOpened(BlockMessage):
        """A block should be opened."""

    def get_block_at(self, event: events.MouseEvent) -> str | None:
        """Return the block under the mouse."""
        raise NotImplementedError

    def choose(self, block: str) -> None:
        """Choose a block and say so."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Open the chosen block."""
        if self.chosen is not None:
            self.post_message(self.BlockOpened(self.chosen))

    def on_click(self, event: events.Click) -> None:
        """Choose a block; open the one that is chosen already."""
        block = self.get_block_at(event)
        if block is not None and block == self.chosen:
            self.action_open()
        elif block is not None:
            self.choose(block)
