"""Proof of authority after Clique: known signers take turns, and vote in headers on who is one.

Rules. A block is signed by one of the signers authorized at its parent, who signs at most one out of SIGNER_LIMIT =
floor(N/2) + 1 consecutive blocks, at least ``interval`` after the parent. Whoever is in turn writes difficulty 2,
anybody else 1, and the chain with the most total difficulty is the chain. A header may vote to add or drop one account;
a proposal that reaches SIGNER_LIMIT votes takes effect with that block. Every epoch begins with a checkpoint block that
lists the signers, and with no votes.

Agents. A signer in turn signs as soon as the interval is over; any other waits up to N × ``wiggle`` longer, and gives
up when a better head arrives. Proposals come from people (command ProposeSigner); a block votes on one of them.

Where the EIP's fields are. ``difficulty`` and ``beneficiary`` stand in the seal, the vote is the header's nonce, the
list of a checkpoint and the signature ("extraData") stand in the seal too. The signer is the header's ``proposer``. How
the block's hash commits to the signature is told in chain/consensus/signed_seal.py.

Finality is by depth: nothing forbids a signer to sign on two branches, so what has been built upon can be undone.

Sources: EIP-225 (Clique), its reference implementation go-ethereum consensus/clique (``Snapshot.apply``,
``verifySeal``, ``Seal``), and EIP-3436 for heads of equal difficulty, where EIP-225 is silent and networks came to a
halt. Simplifications: Ed25519 for secp256k1, so a signer is named rather than recovered; no vanity bytes; a block of a
future time is not held back, since all clocks agree. The variant ``aura`` is chain/consensus/aura.py.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chain.consensus import aura
from chain.consensus.base import Agent, CancelTimer, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.signed_seal import is_signed, sign_block
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, Keyring, build_keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import EMPTY_NONCE, Block, set_nonce
from chain.ledger.context import StakeChange
from chain.units import DAY, MILLISECOND, SECOND, Address, Hash, NodeId, Span, TimeUs

DIFF_NOTURN: Final = 1
DIFF_INTURN: Final = 2
NONCE_AUTH: Final = b"\xff" * 8
NONCE_DROP: Final = EMPTY_NONCE
NOBODY: Final = Address(bytes(20))
"""The beneficiary of a block that votes on nobody."""
SEAL_DOMAIN: Final = "clique-seal"
_SEAL: Final = "seal"


class ProofOfAuthorityParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for proof of authority."""

    protocol: str = "proof-of-authority"
    variant: Literal["clique", "aura"] = "clique"
    interval: Span = Span(15 * SECOND)
    """Least time between a block and its parent (EIP-225, BLOCK_PERIOD); under aura the length of a step."""
    signers: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """So many nodes, the first ones, are signers at the start; 0: every node with stake."""
    epoch_blocks: Annotated[int, Meta(ge=1, le=10**9)] = 30_000
    """Blocks from one checkpoint to the next (EIP-225, EPOCH_LENGTH). Clique only."""
    wiggle: Span = Span(500 * MILLISECOND)
    """Out of turn a signer waits at most so long for each signer there is (EIP-225: 500 ms). Clique only."""
    fork_choice: Literal["eip-3436", "first-seen"] = "eip-3436"
    """Which of two heads of equal total difficulty counts; ``first-seen`` can halt the chain. Clique only."""
    confirmations: Annotated[int, Meta(ge=1, le=10_000)] = 6
    """Blocks, the block itself included, after which a screen calls a block final by depth. Clique only."""
    majority: Literal["half", "two-thirds"] = "half"
    """More than which part of the signers must have built on a block to make it final. Aura only."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power a node takes while it runs."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        if not MILLISECOND <= self.interval <= 366 * DAY:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')
        if not 0 <= self.wiggle <= DAY:
            raise InvalidScenario("consensus.wiggle", str(self.wiggle), '"0s" to "1d"')


class CliqueSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Clique puts into a header's ``consensus`` bytes."""

    difficulty: int
    """2 in turn, 1 out of turn."""
    beneficiary: Annotated[Address, Meta(min_length=20, max_length=20)] = NOBODY
    """The account voted on: the header's nonce says whether to add or to drop it."""
    signers: tuple[Annotated[Address, Meta(min_length=20, max_length=20)], ...] = ()
    """In a checkpoint all signers in ascending order, elsewhere none."""
    signature: bytes = b""
    """The signer's, over the header without these bytes."""


# Voting on signers (EIP-225; go-ethereum snapshot.go) ---------------------------------------------------------------


class Vote(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A signer's pending vote on an account."""

    signer: Address
    beneficiary: Address
    authorize: bool


class Snapshot(msgspec.Struct, frozen=True, array_like=True):
    """Who may sign after a block, and which votes are pending."""

    number: int
    signers: tuple[Address, ...]
    """In ascending order."""
    recents: tuple[tuple[int, Address], ...] = ()
    """Height and signer of the blocks whose signers may not sign again yet."""
    votes: tuple[Vote, ...] = ()
    """In the order they were cast. All votes on one account are of one mind: to add it, or to drop it."""

    @property
    def signer_limit(self) -> int:
        """Of so many consecutive blocks a signer may sign one; so many votes carry a proposal."""
        return len(self.signers) // 2 + 1

    def get_difficulty(self, signer: Address) -> int:
        """Return the difficulty of the next block if this authorized signer signs it: 2 in turn, 1 out of turn."""
        is_in_turn = (self.number + 1) % len(self.signers) == self.signers.index(signer)
        return DIFF_INTURN if is_in_turn else DIFF_NOTURN

    def get_seen(self, signer: Address) -> int | None:
        """Return the height of the signer's block that forbids it to sign the next one, or None."""
        oldest = self.number + 1 - self.signer_limit
        return next((height for height, recent in self.recents if recent == signer and height > oldest), None)

    def may_sign(self, signer: Address) -> bool:
        """Return whether an account may sign the next block."""
        return signer in self.signers and self.get_seen(signer) is None

    def is_valid_vote(self, beneficiary: Address, authorize: bool) -> bool:
        """Return whether a vote would change anything: add somebody who is no signer, or drop one."""
        return (beneficiary in self.signers) != authorize


def check_signer(snapshot: Snapshot, signer: Address) -> None:
    """Raise InvalidBlock unless the signer may sign the next block. Rules: clique/signer, clique/recently-signed."""
    if signer not in snapshot.signers:
        message = f"{signer.hex()[:16]}… is none of the {len(snapshot.signers)} signers"
        raise InvalidBlock("clique/signer", message)
    seen = snapshot.get_seen(signer)
    if seen is not None:
        message = f"the signer of block {seen} may sign again from block {seen + snapshot.signer_limit} on"
        raise InvalidBlock("clique/recently-signed", message + f", not {snapshot.number + 1}")


def apply_vote(
    snapshot: Snapshot, signer: Address, beneficiary: Address, authorize: bool, epoch_blocks: int
) -> Snapshot:
    """Return the snapshot after the next block, with its signer and its vote. Raises InvalidBlock: ``check_signer``."""
    check_signer(snapshot, signer)
    number, signers = snapshot.number + 1, snapshot.signers
    votes = () if number % epoch_blocks == 0 else snapshot.votes
    recents = (*_shift(snapshot.recents, number - snapshot.signer_limit), (number, signer))
    if votes:  # only a signer's latest vote on an account is kept
        votes = tuple(vote for vote in votes if (vote.signer, vote.beneficiary) != (signer, beneficiary))
    if snapshot.is_valid_vote(beneficiary, authorize):
        votes = (*votes, Vote(signer, beneficiary, authorize))
    if sum(vote.beneficiary == beneficiary for vote in votes) < snapshot.signer_limit:
        return Snapshot(number, signers, recents, votes)
    if beneficiary not in signers:
        signers = tuple(sorted((*signers, beneficiary)))
    else:  # who is dropped has no pending votes any more, and the window of recent signers may shrink
        signers = tuple(one for one in signers if one != beneficiary)
        votes = tuple(vote for vote in votes if vote.signer != beneficiary)
        recents = _shift(recents, number - (len(signers) // 2 + 1))
    votes = tuple(vote for vote in votes if vote.beneficiary != beneficiary)
    return Snapshot(number, signers, recents, votes)


def _shift(recents: tuple[tuple[int, Address], ...], oldest: int) -> tuple[tuple[int, Address], ...]:
    return tuple(recent for recent in recents if recent[0] > oldest)


# Blocks --------------------------------------------------------------------------------------------------------------


class CliqueState(msgspec.Struct, frozen=True, array_like=True):
    """The consensus state after a block."""

    snapshot: Snapshot
    time_us: TimeUs
    total_difficulty: int
    turn: int = 0
    """How many blocks ago it was its signer's turn: (height - index) mod N (EIP-3436, rule 3)."""
    hash: bytes = bytes(32)


class CliqueRules(Rules[CliqueState]):
    """Checks signers, turns and votes. One object serves every node."""

    finality = Finality.DEPTH

    def __init__(self, parameters: ProofOfAuthorityParameters, keyring: Keyring, signers: list[Address]) -> None:
        self.parameters, self.keyring = parameters, keyring
        self.signers = tuple(sorted(signers))
        self.indexes = {validator.account: validator.index for validator in keyring.validators}

    def genesis(self, block: Block) -> CliqueState:
        return CliqueState(Snapshot(0, self.signers), TimeUs(block.header.time_us), 0, 0, block.hash)

    def check(self, parent: CliqueState, block: Block) -> None:
        header, seal, snapshot = block.header, decode(CliqueSeal, block.header.consensus), parent.snapshot
        self._check_vote(snapshot, header.nonce, seal)
        if header.time_us < parent.time_us + self.parameters.interval:
            message = f"{header.time_us - parent.time_us} µs after its parent; the period is {self.parameters.interval}"
            raise InvalidBlock("clique/period", message)
        check_signer(snapshot, header.proposer)
        difficulty = snapshot.get_difficulty(header.proposer)
        if seal.difficulty != difficulty:
            raise InvalidBlock(
                "clique/difficulty", f"difficulty {seal.difficulty}; the signer's turn asks {difficulty}"
            )
        if not is_signed(header, seal, self.keyring, self.indexes.get(header.proposer, -1), SEAL_DOMAIN):
            message = f"{seal.signature.hex()[:16]}… is no signature of this header by {header.proposer.hex()[:16]}…"
            raise InvalidBlock("clique/signature", message)

    def _check_vote(self, snapshot: Snapshot, nonce: bytes, seal: CliqueSeal) -> None:
        number = snapshot.number + 1
        if nonce not in (NONCE_AUTH, NONCE_DROP):
            raise InvalidBlock(
                "clique/vote", f"nonce {nonce.hex()} is neither {NONCE_AUTH.hex()} nor {NONCE_DROP.hex()}"
            )
        if number % self.parameters.epoch_blocks:
            if seal.signers:
                message = f"{len(seal.signers)} signers listed in block {number}, which is no checkpoint"
                raise InvalidBlock("clique/extra-signers", message)
            return
        if seal.beneficiary != NOBODY or nonce != NONCE_DROP:
            message = f"checkpoint {number} votes on {seal.beneficiary.hex()[:16]}… with nonce {nonce.hex()}"
            raise InvalidBlock("clique/checkpoint-vote", message)
        if seal.signers != snapshot.signers:
            message = (
                f"checkpoint {number} lists {len(seal.signers)} signers, not the {len(snapshot.signers)} there are"
            )
            raise InvalidBlock("clique/checkpoint-signers", message)

    def apply(self, parent: CliqueState, block: Block, changes: tuple[StakeChange, ...] = ()) -> CliqueState:
        header, seal, before = block.header, decode(CliqueSeal, block.header.consensus), parent.snapshot
        authorize = header.nonce == NONCE_AUTH
        after = apply_vote(before, header.proposer, seal.beneficiary, authorize, self.parameters.epoch_blocks)
        turn = (after.number - before.signers.index(header.proposer)) % len(before.signers)
        total_difficulty = parent.total_difficulty + seal.difficulty
        return CliqueState(after, TimeUs(header.time_us), total_difficulty, turn, block.hash)

    def weight(self, state: CliqueState) -> int:
        """Return the total difficulty, followed under EIP-3436 by what settles ties: no two blocks weigh alike.

        In this order: most difficulty, lowest height, smallest ``turn``, lowest hash.
        """
        if self.parameters.fork_choice == "first-seen":
            return state.total_difficulty
        weight = state.total_difficulty << 64 | ~state.snapshot.number & (1 << 64) - 1
        return weight << 272 | ((1 << 16) - 1 - state.turn) << 256 | ((1 << 256) - 1 - int.from_bytes(state.hash))

    def finalized(self, view: View) -> BlockRecord:
        record = view.heaviest()
        for _ in range(self.parameters.confirmations - 1):
            record = record.parent or record
        return record

    def wakes_agents(self, parent: CliqueState, state: CliqueState) -> bool:
        return True


class Signer(Agent):
    """An honest node with a key: it signs when it is authorized and may (EIP-225, "Authorization strategies")."""

    __slots__ = ("_armed", "_uptime", "index", "proposals", "rules")

    def __init__(self, rules: CliqueRules, index: int) -> None:
        self.rules, self.index = rules, index
        self.proposals: dict[Address, bool] = {}
        """Whom this node wants to add (True) or drop (False)."""
        self._armed = Hash(b"")  # the head it waits to build on
        self._uptime = Uptime()

    @property
    def address(self) -> Address:
        """The account it signs as."""
        return self.rules.keyring.validators[self.index].account

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return self._arm(view, view.heaviest())

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        head = view.heaviest()
        return () if head.hash == self._armed else self._arm(view, head)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        head = view.heaviest()
        snapshot: Snapshot = head.state.snapshot
        is_checkpoint = (snapshot.number + 1) % self.rules.parameters.epoch_blocks == 0
        beneficiary = NOBODY if is_checkpoint else self._choose_proposal(view, snapshot)
        seal = CliqueSeal(snapshot.get_difficulty(self.address), beneficiary, snapshot.signers if is_checkpoint else ())
        nonce = NONCE_AUTH if self.proposals.get(beneficiary) else NONCE_DROP
        block = set_nonce(view.build_block(head.hash, encode(seal)), nonce)
        return [Publish(sign_block(block, seal, self.rules.keyring, self.index, SEAL_DOMAIN))]

    def set_proposal(self, account: Address, authorize: bool | None) -> None:
        """Vote from now on, in own blocks, to add an account (True) or to drop it (False); None ends that."""
        others = {one: vote for one, vote in self.proposals.items() if one != account}
        self.proposals = others if authorize is None else others | {account: authorize}

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.rules.parameters.watts_per_node, now_us)

    def _arm(self, view: View, head: BlockRecord) -> Effects:
        self._armed, parameters = head.hash, self.rules.parameters
        snapshot: Snapshot = head.state.snapshot
        if not snapshot.may_sign(self.address):
            return [CancelTimer(_SEAL)]
        at_us = max(view.now_us, head.state.time_us + parameters.interval)
        if snapshot.get_difficulty(self.address) == DIFF_NOTURN:
            at_us += view.draw_below(max(1, len(snapshot.signers) * parameters.wiggle), "wiggle")
        return [SetTimer(_SEAL, TimeUs(at_us))]

    def _choose_proposal(self, view: View, snapshot: Snapshot) -> Address:
        valid = [one for one in sorted(self.proposals) if snapshot.is_valid_vote(one, self.proposals[one])]
        return valid[view.draw_below(len(valid), "proposal")] if valid else NOBODY


def build(parameters: ProofOfAuthorityParameters, context: Context) -> Setup[CliqueState] | Setup[aura.AuraState]:
    """Return the rules and an agent for every node; under Clique any node may be voted in."""
    count = min(parameters.signers, context.nodes)
    chosen = list(range(count)) if count else [node for node, stake in enumerate(context.stakes) if stake]
    if parameters.variant == "aura":
        nodes = [NodeId(node) for node in chosen]
        keyring = build_keyring(context, nodes, [1] * len(nodes))
        is_two_thirds = parameters.majority == "two-thirds"
        return aura.build(parameters.protocol, keyring, parameters.interval, is_two_thirds, parameters.watts_per_node)
    nodes = [NodeId(node) for node in range(context.nodes)]
    keyring = build_keyring(context, nodes, [1] * len(nodes))
    rules = CliqueRules(parameters, keyring, [context.accounts[node] for node in chosen])
    agents: dict[NodeId, Agent] = {node: Signer(rules, index) for index, node in enumerate(nodes)}
    return Setup(parameters.protocol, rules, agents, parameters.confirmations)
