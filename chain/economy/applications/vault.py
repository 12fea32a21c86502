"""A cooperative's money: five owners, three of whom must agree, two minutes in which everybody can still object.

Contracts: vault.vy. Customers pay in; owners propose payments to suppliers, approve those of others and execute what
is ready. One key has been stolen: its thief keeps proposing to take everything, and nobody approves. After a while the
owners replace the stolen key, by a proposal like any other, and the thief is nobody from then on.
"""

from typing import Final, NamedTuple

from chain.economy.application import Application
from chain.economy.look import Ask, Look
from chain.units import COIN, Address

OWNERS: Final = (0, 1, 2, 3, 4)
THIEF: Final = 4
NEW_KEY: Final = 5
SUPPLIERS: Final = (6, 7)
FIRST_CUSTOMER: Final = 8
THRESHOLD: Final = 3
DELAY_S: Final = 120
CAREFUL: Final = 1
"""The owner who looks again, and takes the approval of a payment of more than half the balance back."""
THEFT_INTERVAL_S: Final = 240
REPLACED_S: Final = 900
"""When owners begin to replace the stolen key."""
MOST_OPEN: Final = 3
LOOK_BACK: Final = 16


class Proposal(NamedTuple):
    """A proposal as the contract has it, with its number."""

    number: int
    proposer: Address
    target: Address
    amount: int
    data: bytes
    ready_s: int
    is_closed: bool


class Vault(Application):
    """Owners, a thief, suppliers and customers."""

    name = "vault"
    title = "Vault"
    least_people = 9
    is_patient = True

    def plan(self) -> None:
        """Deploy the vault with some money in it."""
        owners = [self.signers[owner].address for owner in OWNERS]
        self.deploy("vault", owners, THRESHOLD, DELAY_S, value=200 * COIN)

    def get_person_name(self, person: int) -> str:
        """Return the role, and a number where several have it."""
        named = {THIEF: "thief", NEW_KEY: "new key"} | {it: f"supplier {it - NEW_KEY}" for it in SUPPLIERS}
        if person in named:
            return named[person]
        return f"owner {person + 1}" if person in OWNERS else f"customer {person - FIRST_CUSTOMER + 1}"

    def act(self, look: Look) -> Ask | None:
        """The thief tries now and then; customers pay; owners do what is to be done."""
        owners = look.read("vault", "get_owners")
        is_stolen = look.get_address(THIEF) in owners
        if look.time_s >= self.memory.get("theft_s", 0) + THEFT_INTERVAL_S and (ask := self._steal(look, is_stolen)):
            self.memory["theft_s"] = look.time_s
            return ask
        if look.person >= FIRST_CUSTOMER:
            return look.ask("vault", "", value=(5 + look.draw(40, "payment")) * COIN)
        trusted = [it for it in (*OWNERS, NEW_KEY) if it != THIEF and look.get_address(it) in owners]
        return self._do_as_owner(look.seen_by(trusted[look.draw(len(trusted), "owner")]), is_stolen)

    def _steal(self, look: Look, is_stolen: bool) -> Ask | None:
        """Propose to take everything; once more when the key is worth nothing, and never again."""
        thief = look.seen_by(THIEF)
        if is_stolen:
            return thief.ask("vault", "propose", thief.me, look.get_balance("vault"), b"")
        if self.memory.get("is_beaten"):
            return None
        self.memory["is_beaten"] = True
        return thief.ask("vault", "propose", thief.me, look.get_balance("vault"), b"")._replace(is_forced=True)

    def _do_as_owner(self, look: Look, is_stolen: bool) -> Ask | None:
        """Execute what is ready, look at what is proposed, or propose something."""
        count = look.read("vault", "proposal_count")
        numbers = range(max(0, count - LOOK_BACK), count)
        proposals = [Proposal(n, *look.read("vault", "proposals", n)) for n in numbers]
        thief = look.get_address(THIEF)
        mine = [it for it in proposals if not it.is_closed and it.proposer != thief]
        for it in mine:
            if (ask := self._answer(look, it)) is not None:
                return ask
        return self._propose(look, mine, is_stolen) if len(mine) < MOST_OPEN else None

    def _answer(self, look: Look, it: Proposal) -> Ask | None:
        """Approve, execute, or take an approval back; None when there is nothing to do."""
        has_approved = look.read("vault", "has_approved", it.number, look.me)
        objected = self.memory.get("objected", ())
        is_large = look.person == CAREFUL and it.amount > look.get_balance("vault") // 2
        if it.ready_s and look.time_s >= it.ready_s:
            is_possible = it.amount <= look.get_balance("vault") and not look.is_waiting("vault", "execute", it.number)
            return look.ask("vault", "execute", it.number) if is_possible else None
        if has_approved and it.ready_s and is_large:
            self.memory["objected"] = (*objected, it.number)
            return look.ask("vault", "take_back", it.number)
        if has_approved or it.ready_s or (look.person == CAREFUL and it.number in objected):
            return None
        return look.ask("vault", "approve", it.number)

    def _propose(self, look: Look, mine: list[Proposal], is_stolen: bool) -> Ask | None:
        """Propose a payment, or the new key when it is time."""
        vault = look.get_address("vault")
        if is_stolen and look.time_s >= REPLACED_S:
            if any(it.target == vault for it in mine):
                return None
            replace = self.get_abi("vault").get_function("replace_owner")
            data = replace.encode_call((look.get_address(THIEF), look.get_address(NEW_KEY)))
            return look.ask("vault", "propose", vault, 0, data)
        free = look.get_balance("vault") - sum(it.amount for it in mine)
        amount = free * (20 + look.draw(60, "amount")) // 100 // COIN * COIN
        if look.draw(2, "propose") or amount <= 0:
            return None
        supplier = SUPPLIERS[look.draw(len(SUPPLIERS), "supplier")]
        return look.ask("vault", "propose", look.get_address(supplier), amount, b"")
