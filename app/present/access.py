"""Who may do what at a moment: the matrix, what was refused, what only members read, and the anchors.

Everything is read at ``at_us``. A content is shown only as a node has it: who may not read it is told the rule instead.
"""

from typing import Final

from app.present.words import format_clock, name_node, plural, shorten_hash
from app.widgets.models import Cell, Column, Field, Grid, GridCell, GridRow, Tone, Why
from chain.access import Access, Right
from chain.anchors import Verdict, verify_anchor
from chain.errors import AccessRefused
from chain.ledger.actions import Commit
from chain.ledger.transaction import SignedTransaction
from chain.node.payloads import compute_commitment
from chain.simulation import commands as c
from chain.simulation.anchoring import AnchorRecord, get_anchoring
from chain.simulation.history import Record
from chain.simulation.world import World
from chain.units import Hash, TimeUs

RIGHTS: Final = (Right.JOIN, Right.READ, Right.SEND, Right.PROPOSE)
MOST_NAMED: Final = 8
KINDS: Final = {
    "public": "Everybody may join, read and send; who proposes is decided by the protocol alone.",
    "private": "Who is on the list may; everybody else is refused, by a rule with a name.",
    "hybrid": "A private network whose blocks are anchored in a public chain, where anybody can check them.",
}
REFUSAL_COLUMNS: Final = (
    Column("time", 12), Column("node", 4), Column("rule", 14), Column("why", 20, is_flexible=True),
)  # fmt: skip
PAYLOAD_COLUMNS: Final = (
    Column("commitment", 10), Column("from", 4), Column("may read", 15), Column("content", 16, is_flexible=True),
)  # fmt: skip
ANCHOR_COLUMNS: Final = (
    Column("private", 8, "right"), Column("block", 9), Column("public", 8, "right"), Column("conf.", 5, "right"),
    Column("state", 12, is_flexible=True),
)  # fmt: skip


# The matrix ------------------------------------------------------------------------------------------------------


def build_matrix(world: World, at_us: TimeUs) -> Grid:
    """Return nodes by rights; of SEND, how many of those who live at a node may."""
    rows = tuple(
        GridRow(name_node(node), tuple(_build_cell(world.access, right, node, at_us) for right in RIGHTS))
        for node in range(world.node_count)
    )
    kind = world.access.kind
    legend = "✓ may   ✗ may not   2/3 of those who live there may send" if kind != "public" else "✓ may: it is public"
    return Grid(f"Who may do what · {kind}", tuple(right.value for right in RIGHTS), rows, legend)


def _build_cell(access: Access, right: Right, node: int, at_us: TimeUs) -> GridCell:
    name = name_node(node)
    if access.is_public:
        return GridCell("✓", "good", f"{name} may {right.value}: the network is public.")
    if right is Right.SEND:
        return _build_send_cell(access, node, at_us)
    is_allowed = access.is_allowed(right, node, at_us)
    words = f"{name} may {'' if is_allowed else 'not '}{right.value}."
    return GridCell("✓" if is_allowed else "✗", "good" if is_allowed else "bad", words)


def _build_send_cell(access: Access, node: int, at_us: TimeUs) -> GridCell:
    residents = access.residents[node] if node < len(access.residents) else ()
    count = sum(access.is_allowed(Right.SEND, account, at_us) for account in residents)
    tone: Tone = "good" if count == len(residents) else "bad" if not count else "warning"
    glyph = {"good": "✓", "bad": "✗", "warning": "~"}[tone]
    words = f"{count} of the {plural(len(residents), 'account')} that send through {name_node(node)} may send."
    return GridCell(f"{glyph} {count}/{len(residents)}", tone, words)


def explain_cell(world: World, node: int, right: Right, at_us: TimeUs) -> Why:
    """Return why a node may do something or not, and who else may."""
    access, cell = world.access, _build_cell(world.access, right, node, at_us)
    if access.is_public:
        return Why(f"{name_node(node)}: {right.value}", "access/kind", (), cell.words)
    allowed = access.get_allowed(right, at_us)
    named = ", ".join(name_node(who) for who in allowed[:MOST_NAMED] if isinstance(who, int))
    more = f" and {len(allowed) - MOST_NAMED} more" if len(allowed) > MOST_NAMED else ""
    numbers = (("who may", named + more if named else plural(len(allowed), "account")),)
    return Why(f"{name_node(node)}: {right.value}", f"access/{right.value}", numbers, cell.words)


def build_change(node: int, right: Right, is_allowed: bool) -> c.Command:
    """Return the command that grants or revokes."""
    return (c.GrantAccess if is_allowed else c.RevokeAccess)(node, right.value)


def describe_change(node: int, right: Right, is_allowed: bool) -> str:
    """Return in a sentence what a grant or revocation did."""
    what = {Right.JOIN: "join", Right.READ: "read", Right.PROPOSE: "propose"}.get(right, "")
    if right is Right.SEND:
        return f"those who live at {name_node(node)} may {'now' if is_allowed else 'no longer'} send"
    needs = {Right.READ: " (and join)", Right.PROPOSE: " (and join, and read)"}.get(right, "") if is_allowed else ""
    falls = {Right.JOIN: ", read or propose", Right.READ: " or propose"}.get(right, "") if not is_allowed else ""
    return f"{name_node(node)} may {'now' if is_allowed else 'no longer'} {what}{needs}{falls}"


def build_reading_field(world: World, node: int, at_us: TimeUs) -> Field | None:
    """Return what the page of a node says when it may not read or has not joined; None when it may."""
    for right, word in ((Right.JOIN, "outside: not let in"), (Right.READ, "not allowed to read")):
        if not world.access.is_allowed(right, node, at_us):
            return Field("state", "state", f"✗ {word}", "bad", note=f"access/{right.value} · A says who may")
    return None


# Refusals --------------------------------------------------------------------------------------------------------


class Refusals:
    """What was refused by a list, gathered from history as it grows."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._records: list[Record] = []
        self._scanned = 0

    def get(self, at_us: TimeUs) -> list[Record]:
        """Return the refusals up to a moment, the latest first."""
        records = self.world.history.records
        new = records[self._scanned :]
        self._scanned = len(records)
        self._records += [it for it in new if it.kind.startswith("refused") and it.detail.startswith("access/")]
        return [record for record in reversed(self._records) if record.time_us <= at_us]


def build_refusal_row(record: Record) -> tuple[Cell | str, ...]:
    """Return when, where, which rule, and why."""
    rule, _, message = record.detail.partition(": ")
    node = name_node(record.node) if record.node >= 0 else "–"
    return (format_clock(record.time_us), Cell(node, "strong"), Cell(rule, "bad"), message)


def explain_refusal(record: Record) -> Why:
    """Return the rule and the words of a refusal."""
    rule, _, message = record.detail.partition(": ")
    what = record.kind.removeprefix("refused-")
    return Why(f"A {what} was refused", rule, (("when", format_clock(record.time_us)),), message)


# Members only ----------------------------------------------------------------------------------------------------


def list_commitments(world: World, at_us: TimeUs) -> list[Hash]:
    """Return what was shared up to a moment, the latest first."""
    records = world.tables.payloads.records.values()
    return [record.commitment for record in reversed(list(records)) if record.shared_us <= at_us]


def describe_commitment(world: World, commitment: Hash, at_us: TimeUs) -> str:
    """Return what everybody sees: ``members only: commitment abcd…; n03, n05 may read``."""
    record = world.tables.payloads.records.get(commitment)
    known = record is not None and record.shared_us <= at_us
    who = ", ".join(name_node(member) for member in record.members) if known and record is not None else "nobody here"
    return f"members only: commitment {shorten_hash(commitment)}; {who} may read"


def build_commitment_fields(world: World, signed: SignedTransaction, at_us: TimeUs) -> list[Field]:
    """Return what the page of a transaction says of a commitment; nothing for other actions."""
    action = signed.transaction.action
    if not isinstance(action, Commit):
        return []
    return [Field("members", "members", describe_commitment(world, action.commitment, at_us), note="A shows what")]


def build_payload_row(world: World, commitment: Hash, node: int, at_us: TimeUs) -> tuple[Cell | str, ...]:
    """Return a shared payload as a node sees it: the content, or that it is not for it."""
    record = world.tables.payloads.records[commitment]
    members = " ".join(name_node(member) for member in record.members)
    first = (Cell(shorten_hash(commitment), "strong"), name_node(record.origin), members)
    try:
        payload = world.view(node, at_us).get_payload(commitment)
    except AccessRefused:
        return (*first, Cell("✗ members only", "muted"))
    return (*first, Cell(f"✓ {payload.content.decode()}", "good"))


def explain_payload(world: World, commitment: Hash, node: int, at_us: TimeUs) -> Why:
    """Return what a node can say of a commitment: that content and salt give it, or why it may not know."""
    title = f"Commitment {shorten_hash(commitment)}, seen by {name_node(node)}"
    try:
        payload = world.view(node, at_us).get_payload(commitment)
    except AccessRefused as error:
        return Why(title, error.rule, (("on the chain", commitment.hex()),), error.message)
    computed = compute_commitment(payload)
    verdict = "the same as on the chain" if computed == commitment else "NOT what is on the chain"
    numbers = (("on the chain", commitment.hex()), ("salt", payload.salt.hex()), ("hash of both", computed.hex()))
    return Why(title, "access/read", numbers, f"“{payload.content.decode()}” – its hash with the salt is {verdict}.")


# Anchors ---------------------------------------------------------------------------------------------------------


def list_anchors(world: World, at_us: TimeUs) -> list[AnchorRecord]:
    """Return the anchors up to a moment, the latest first."""
    anchoring = get_anchoring(world)
    return anchoring.get_sent(at_us)[::-1] if anchoring is not None else []


def build_anchor_row(world: World, anchor: AnchorRecord, at_us: TimeUs) -> tuple[Cell | str, ...]:
    """Return an anchor and what it is worth on the public chain."""
    anchoring = get_anchoring(world)
    assert anchoring is not None, "only a hybrid network has anchors"
    inclusion = anchoring.get_inclusion(anchor, at_us)
    if anchoring.is_rewritten(world, anchor, at_us):
        state = Cell("✗ rewritten since", "bad")
    elif inclusion is None:
        state = Cell("◔ on its way", "pending")
    else:
        state = Cell("▣ final there", "final") if inclusion.is_final else Cell("✓ in a block", "good")
    public = f"#{inclusion.block.height}" if inclusion else "–"
    count = str(inclusion.confirmations) if inclusion else "0"
    return (Cell(f"#{anchor.height}", "strong"), shorten_hash(anchor.block), public, count, state)


def verify(world: World, anchor: AnchorRecord, at_us: TimeUs) -> tuple[Verdict, dict[str, object]] | None:
    """Return the verdict on an anchor and its proof; None while no public block holds it.

    What is checked against the proof is the block that the private chain shows today at that height.
    """
    anchoring = get_anchoring(world)
    document = anchoring.build_proof(world, anchor, at_us) if anchoring is not None else None
    if anchoring is None or document is None:
        return None
    head = world.get_canonical(at_us)
    shown = world.tree.get_ancestor(head, anchor.height).block.header
    return verify_anchor(document, shown, anchoring.signer.address), document


def explain_anchor(world: World, anchor: AnchorRecord, at_us: TimeUs) -> Why:
    """Return the steps of the proof, and what must be known from elsewhere."""
    checked = verify(world, anchor, at_us)
    title = f"Anchor of private block #{anchor.height}"
    if checked is None:
        return Why(title, "access/anchor", (), "It is on its way: no block of the public main branch holds it yet.")
    verdict = checked[0]
    last = {step.name: step for step in verdict.steps}  # of a path of many steps, where it ends
    numbers = tuple((f"{'✓' if step.is_good else '✗'} {step.name}", step.text) for step in last.values())
    word = "Every step holds." if verdict.is_good else f"Step “{verdict.steps[-1].name}” fails."
    return Why(title, "access/anchor", numbers, f"{word} On trust: {'; '.join(verdict.trusted)}.")


# Around the page -------------------------------------------------------------------------------------------------


def explain_kind(world: World, at_us: TimeUs) -> Why:
    """Return what kind of network it is."""
    return Why(f"A {world.access.kind} network", "access/kind", (), describe_kind(world, at_us))


def describe_kind(world: World, at_us: TimeUs) -> str:
    """Return the kind of network in a sentence, and what somebody outside sees."""
    kind, text = world.access.kind, KINDS[world.access.kind]
    if kind == "public":
        return f"{text} Somebody outside sees everything."
    anchoring = get_anchoring(world)
    if anchoring is None:
        return f"{text} Somebody outside sees nothing (access/read)."
    public = anchoring.public.world
    sent = len(anchoring.get_sent(at_us))
    return (
        f"{text} Somebody outside sees {plural(sent, 'anchor')} in the public chain "
        f"(#{public.get_canonical(at_us).height}, {public.node_count} nodes)."
    )
