"""An epoch of Gasper at a moment: a row a slot, with its block and the votes of its committee, as heard so far."""

from app.present.consensus_model import Look, find_block
from app.present.words import format_span, name_node
from app.screens.view import Thing
from app.widgets.models import Grid, GridCell, GridRow
from chain.consensus.beacon_chain import NOBODY, BeaconState, Duties, get_proposer
from chain.consensus.block_tree import BlockRecord
from chain.consensus.casper_ffg import Attestation, Checkpoint
from chain.consensus.gasper import GasperRules, get_vote_topic
from chain.node.messages import MessageRecord


class Clock:
    """Slot and epoch of the moment, and the head's state in that epoch."""

    def __init__(self, look: Look) -> None:
        rules = look.world.consensus.rules
        assert isinstance(rules, GasperRules)
        self.rules, self.look = rules, look
        self.slot = rules.get_slot(look.at_us)
        self.epoch = rules.get_epoch(self.slot)
        self.slots = rules.constants.slots_per_epoch
        self.first = self.epoch * self.slots
        self.state: BeaconState = rules.get_state(look.head.state, self.epoch)
        self.duties: Duties = self.state.get_duties(self.epoch)

    def node_of(self, validator: int) -> int:
        """Return the node of a validator; NOBODY for none."""
        validators = self.rules.keyring.validators
        return validators[validator].node if 0 <= validator < len(validators) else NOBODY


def get_votes(clock: Clock) -> dict[int, list[MessageRecord]]:
    """Return what each validator has voted in this epoch, by validator, heard or still on its way."""
    votes: dict[int, list[MessageRecord]] = {}
    for record in clock.look.get_records(get_vote_topic(clock.epoch)):
        votes.setdefault(record.message.validator, []).append(record)
    return votes


def get_blocks(clock: Clock) -> dict[int, list[BlockRecord]]:
    """Return the blocks of this epoch's slots that the viewer knows, by slot."""
    look, blocks = clock.look, dict[int, list[BlockRecord]]()
    for record in look.view.iter_known_back():
        if record.state.slot < clock.first or record.parent is None:
            break
        blocks.setdefault(record.state.slot, []).append(record)
    return blocks


def build_grid(
    clock: Clock, votes: dict[int, list[MessageRecord]], blocks: dict[int, list[BlockRecord]]
) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    """Return the grid of the epoch, and what enter opens on its cells."""
    rows, things = [], dict[tuple[int, int], Thing]()
    for place, committee in enumerate(clock.duties.committees):
        slot = clock.first + place
        proposer, made = clock.node_of(get_proposer(clock.duties, slot)), blocks.get(slot, [])
        cells = [_build_proposer_cell(clock, slot, proposer, made)]
        things[place, 0] = Thing("block", made[0].hash) if made else Thing("node", max(0, proposer))
        for column, index in enumerate(committee, start=1):
            cells.append(_build_vote_cell(clock, slot, index, votes.get(index, [])))
            things[place, column] = Thing("node", clock.node_of(index))
        mark = "▸" if slot == clock.slot else " "
        rows.append(GridRow(f"{mark}slot {slot}", tuple(cells), slot == clock.slot))
    legend = "■ block  ✕ missed  ● voted head and target  ◆ other head  ◔ on its way  ◌ due  ! contradicts itself"
    columns = ("block", *("vote" for _ in range(max(map(len, clock.duties.committees), default=0))))
    return Grid(
        f"Epoch {clock.epoch}: blocks and votes, as heard by {clock.look.name}", columns, tuple(rows), legend
    ), things


def _build_proposer_cell(clock: Clock, slot: int, proposer: int, made: list[BlockRecord]) -> GridCell:
    name = name_node(proposer) if proposer >= 0 else "–"
    if len(made) > 1:
        return GridCell(f"{name}!", "attack", f"{name} made {len(made)} blocks for slot {slot}: it can be slashed.")
    if made:
        return GridCell(f"{name}■", "good", f"{name} proposed #{made[0].height} in slot {slot}.")
    if slot < clock.slot:
        return GridCell(f"{name}✕", "bad", f"Slot {slot} stayed empty: no block of {name} was heard.")
    return GridCell(f"{name}◌", "pending" if slot == clock.slot else "muted", f"{name} proposes in slot {slot}.")


def _build_vote_cell(clock: Clock, slot: int, index: int, sent: list[MessageRecord]) -> GridCell:
    name = name_node(clock.node_of(index))
    heard = [record for record in sent if clock.look.has_heard(record)]
    if len({record.value for record in heard}) > 1:
        return GridCell(f"{name}!", "attack", f"{name} voted twice for epoch {clock.epoch}: it can be slashed.")
    if heard:
        return _build_heard_cell(clock, name, heard[0])
    if sent:
        return GridCell(f"{name}◔", "pending", f"The vote of {name} is on its way to {clock.look.name}.")
    if slot < clock.slot:
        return GridCell(f"{name}✕", "bad", f"No vote of {name} for slot {slot} was heard.")
    return GridCell(f"{name}◌", "pending" if slot == clock.slot else "muted", f"{name} votes in slot {slot}.")


def _build_heard_cell(clock: Clock, name: str, record: MessageRecord) -> GridCell:
    attestation: Attestation = record.message
    vote = attestation.vote
    is_target = vote.target == _get_target(clock)
    is_head = vote.head == clock.state.get_root(vote.slot)
    block = find_block(clock.look, vote.head)
    said = f"#{block.height}" if block is not None else "an unknown block"
    delay = format_span(clock.look.get_heard_us(record) - clock.rules.get_start_us(vote.slot))
    link = f"epoch {vote.source.epoch} → {vote.target.epoch}"
    words = f"{name} voted for head {said}, link {link}; heard {delay} into the slot."
    if is_target and is_head:
        return GridCell(f"{name}●", "good", words)
    return GridCell(
        f"{name}◆", "warning", words + (" This branch has another head." if is_target else " Another target.")
    )


def _get_target(clock: Clock) -> Checkpoint:
    return Checkpoint(clock.epoch, clock.state.get_root(clock.first))
