"""Which lists there are, and what all of their pages share."""

from typing import Final, NamedTuple

from app.present.chain import Facts
from app.present.pages import Page, TableModel
from app.widgets.models import Field, Why

FIELD_WIDTH: Final = 40
"""Letters of a field that are seen beside its label and note on a small terminal; enter shows all of a longer one."""


class ListSpec(NamedTuple):
    """One list: how it is called, and which words find it."""

    title: str
    words: str
    note: str


LISTS: Final = {
    b"rich": ListSpec("Rich list", "rich list richest accounts balances supply", "every account by what it owns"),
    b"stale": ListSpec("Stale blocks", "stale orphaned uncle blocks forks reorg", "blocks that lost"),
    b"doubles": ListSpec("Double spends", "double spend conflict replaced nonce", "one nonce, two transactions"),
    b"events": ListSpec("Events", "protocol events history commands refusals faults", "what happened, newest first"),
    b"contracts": ListSpec("Contracts", "contracts tokens token", "code on the chain"),
    b"public": ListSpec("Public chain", "public chain anchors hybrid outside", "what a hybrid network is anchored in"),
    b"light": ListSpec("Light client", "light client headers spv", "the chain as headers only, checked"),
}


def build_listing(
    name: bytes, state: str, meaning: str, fields: tuple[Field, ...], table: TableModel, why: str
) -> Page:
    title = LISTS[name].title
    return Page(
        title=title,
        state=state,
        tone="accent",
        meaning=meaning,
        facts=Facts(fields, {}),
        tables=(table,),
        copy=(title, "the name of the list"),
        why=Why(title, "", (), why),
        whys={it.key: Why(it.label, "", (), f"{it.value}.") for it in fields if len(it.value) > FIELD_WIDTH},
    )
