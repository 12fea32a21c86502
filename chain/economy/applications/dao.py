"""An association without a board: its members propose, vote with their shares, and what is decided carries itself out.

Contracts: dao.vy. Twelve members with a hundred shares each; three minutes to vote, half of all shares as the quorum,
one minute's delay. Opinions are drawn for each member by what a proposal is worth. Somebody buys shares to sway a
running vote and finds that they do not count for it; the members also give a share to a newcomer and change the quorum.
"""

from typing import Final, NamedTuple

from chain.draws import draw_below
from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN, Address

MEMBERS: Final = 12
SELLER: Final = 11
"""The member who sells half of the shares."""
BUYER: Final = 12
NEWCOMER: Final = 13
GARDENER: Final = 14
SHARES: Final = 100
VOTING_S: Final = 180
DELAY_S: Final = 60
QUORUM_PERCENT: Final = 50
BUYING_S: Final = 300
"""From when on somebody buys shares."""
LOOK_BACK: Final = 6
MOST_VOTING: Final = 2


class Idea(NamedTuple):
    """Something a member may propose."""

    text: str
    coins: int
    agree_percent: int
    """How many of the members would vote for it."""
    call: tuple[str, ...] = ()
    """What the DAO is to call of itself, where it is no payment."""


IDEAS: Final = (
    Idea("Plant a row of lime trees", 60, 85),
    Idea("Mend the roof of the shed", 110, 75),
    Idea("Double the chairman's fee", 200, 15),
    Idea("Give the newcomer votes", 0, 80, ("issue",)),
    Idea("A feast for the whole street", 90, 50),
    Idea("Ask for fewer votes: 40 %", 0, 70, ("change_quorum",)),
    Idea("Paint the fence gold", 150, 25),
    Idea("A bench under the old oak", 30, 90),
)


class Proposal(NamedTuple):
    """A proposal as the contract has it, with its number."""

    number: int
    proposer: Address
    target: Address
    amount: int
    data: bytes
    snapshot: int
    end_s: int
    quorum: int
    yes: int
    no: int
    is_closed: bool


class Dao(Application):
    """Members, a buyer of votes, a newcomer, and a gardener whom the association pays."""

    name = "dao"
    title = "DAO"
    least_people = 15
    is_patient = True

    def plan(self) -> None:
        """Found the association, with what the members put in."""
        founders = [signer.address for signer in self.signers[:MEMBERS]]
        self.deploy("dao", founders, SHARES, VOTING_S, DELAY_S, QUORUM_PERCENT, value=600 * COIN)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number for members."""
        named = {BUYER: "buyer of votes", NEWCOMER: "newcomer", GARDENER: "gardener"}
        return f"member {person + 1}" if person < MEMBERS else named.get(person, f"friend {person - GARDENER}")

    def act(self, look: Look) -> Ask | None:
        """Execute what is ready, vote, propose, pay dues."""
        count = look.read("dao", "proposal_count")
        numbers = range(max(0, count - LOOK_BACK), count)
        proposals = [Proposal(n, *look.read("dao", "proposals", n)) for n in numbers]
        voting = [it for it in proposals if not it.is_closed and look.time_s < it.end_s]
        for it in proposals:
            if not it.is_closed and look.time_s >= it.end_s and (ask := self._execute(look, it)):
                return ask
        if voting and look.time_s >= BUYING_S and (ask := self._buy_votes(look, voting[-1])):
            return ask
        if look.person == GARDENER or not look.read("dao", "get_votes", look.me):
            return None
        if look.draw(12, "dues") == 0:
            return look.ask("dao", "", value=20 * COIN)
        if len(voting) < MOST_VOTING and look.draw(4, "propose") == 0 and not any(
            it.function == "propose" for it in look.iter_pending()
        ):  # fmt: skip
            return self._propose(look, count)
        return self._vote(look, voting)

    def _execute(self, look: Look, it: Proposal) -> Ask | None:
        is_ready = look.read("dao", "get_state", it.number) == "ready" and it.amount <= look.get_balance("dao")
        return look.ask("dao", "execute", it.number) if is_ready and not self._is_waiting(look, it) else None

    def _is_waiting(self, look: Look, it: Proposal) -> bool:
        return look.is_waiting("dao", "execute", it.number)

    def _vote(self, look: Look, voting: list[Proposal]) -> Ask | None:
        """Vote on the first proposal on which the person may and has not."""
        for it in voting:
            may_vote = look.read("dao", "get_votes_at", look.me, it.snapshot)
            if may_vote and not look.read("dao", "has_voted", it.number, look.me):
                opinion = draw_below(self.seed, 100, "dao-opinion", it.number, look.person)
                return look.ask("dao", "vote", it.number, opinion < self.get_idea(it.number).agree_percent)
        return None

    def get_idea(self, number: int) -> Idea:
        """Return what people think a proposal is about."""
        return IDEAS[number % len(IDEAS)]

    def _propose(self, look: Look, number: int) -> Ask:
        idea, dao = self.get_idea(number), self.get_abi("dao")
        if not idea.call:
            return look.ask("dao", "propose", look.get_address(GARDENER), idea.coins * COIN, b"", idea.text)
        arguments = (look.get_address(NEWCOMER), SHARES) if idea.call[0] == "issue" else (40,)
        data = dao.get_function(idea.call[0]).encode_call(arguments)
        return look.ask("dao", "propose", look.get_address("dao"), 0, data, idea.text)

    def _buy_votes(self, look: Look, running: Proposal) -> Ask | None:
        """Buy half of a member's shares while a vote runs; then try to vote with them, in vain."""
        buyer = look.seen_by(BUYER)
        if "bought" not in self.memory and running.end_s - look.time_s > VOTING_S // 2:
            self.memory |= {"bought": running.number}
            return look.seen_by(SELLER).ask("dao", "transfer", buyer.me, SHARES // 2)
        is_same = running.number == self.memory.get("bought") and "tried" not in self.memory
        if is_same and look.read("dao", "get_votes", buyer.me):
            self.memory["tried"] = True
            return buyer.ask("dao", "vote", running.number, True)._replace(is_forced=True)
        return None
